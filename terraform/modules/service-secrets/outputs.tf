output "arns" {
  description = "ARN of each secret, by name."
  value       = { for secret in local.secrets : secret.name => secret.arn }
}

output "read_statements" {
  description = "IAM statements for whoever reads them: these secrets, and the key through their stores."
  value       = local.read_statements
}

output "secrets" {
  description = "Each secret: `name`, `store`, `id` (what the store calls it), `variable` (of the service), `key` (ARN of the customer key) and `arn`."
  value       = local.secrets
}
