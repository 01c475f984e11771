output "log_group_name" {
  description = "Log group of the builds."
  value       = aws_cloudwatch_log_group.build.name
}

output "project_arn" {
  description = "ARN of the project."
  value       = local.arn
}

output "project_name" {
  description = "Name of the project."
  value       = aws_codebuild_project.this.name
}

output "role_arn" {
  description = "Role of the builds, known before it exists."
  value       = "arn:${var.partition}:iam::${var.account_id}:role/${var.name}"
}
