output "alarm_names" {
  description = "Alarms that stop a deployment."
  value       = [for alarm in aws_cloudwatch_metric_alarm.live : alarm.alarm_name]
}

output "contract_parameter" {
  description = "SSM parameter that a release reads."
  value       = aws_ssm_parameter.contract.name
}

output "dashboard" {
  description = "What CloudWatch calls its parts, for module dashboards."
  value = {
    alarm_names   = local.alarm_names
    cluster       = var.cluster_name
    ecs_service   = aws_ecs_service.this.name
    load_balancer = aws_lb.this.arn_suffix
    log_group     = aws_cloudwatch_log_group.this.name
    target_groups = { for colour, group in aws_lb_target_group.this : colour => group.arn_suffix }
  }
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
