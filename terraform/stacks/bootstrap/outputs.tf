output "github_subjects" {
  description = "By role: the subjects of GitHub's tokens that may assume it."
  value       = { for purpose, subjects in local.subjects : purpose => subjects if purpose != "build" || local.builds_here }
}

output "roles" {
  description = "ARNs of the roles by purpose."
  value = merge(
    { for purpose, role in module.role : purpose => role.role_arn },
  )
}

output "state_bucket" {
  description = "Bucket of the account's states."
  value       = module.state_bucket.bucket
}

output "trail_arn" {
  description = "ARN of the audit trail."
  value       = module.audit_trail.trail_arn
}
