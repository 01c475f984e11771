output "repository_arns" {
  description = "ARN of each service's repository, known before it exists."
  value       = local.repository_arns
}

output "repository_urls" {
  description = "Address of each service's repository, as docker pull takes it."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.repository_url }
}
