output "log_group_name" {
  description = "CloudWatch Logs group that the events are in."
  value       = aws_cloudwatch_log_group.trail.name
}

output "trail_arn" {
  description = "ARN of the trail."
  value       = local.trail_arn
}
