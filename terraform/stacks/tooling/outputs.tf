output "artifact_bucket" {
  description = "Bucket that builds write, and that environments release from."
  value       = module.artifact_store.bucket
}

output "build_project" {
  description = "CodeBuild project that builds for all environments that share this account."
  value       = module.build_project.project_name
}

output "environments" {
  description = "Environments that share this account."
  value       = sort(keys(local.sharing))
}

output "repository_urls" {
  description = "Address of each container service's repository."
  value       = module.container_registry.repository_urls
}

output "topic_arns" {
  description = "Topics of this account by severity."
  value       = module.notifications.topic_arns
}
