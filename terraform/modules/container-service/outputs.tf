output "alarm_names" {
  description = "Alarms that stop a deployment."
  value       = [for alarm in aws_cloudwatch_metric_alarm.live : alarm.alarm_name]
}

output "contract_parameter" {
  description = "SSM parameter that a release reads."
  value       = aws_ssm_parameter.contract.name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "task_role_arn" {
  description = "Role of the container's code."
  value       = aws_iam_role.task.arn
}

output "url" {
  description = "Where callers reach it."
  value       = local.url
}
