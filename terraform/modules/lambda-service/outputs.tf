output "alarm_names" {
  description = "Alarms that stop a deployment."
  value       = [for alarm in aws_cloudwatch_metric_alarm.live : alarm.alarm_name]
}

output "alias_arn" {
  description = "ARN of the alias `live`, the one that callers use."
  value       = aws_lambda_alias.live.arn
}

output "api_url" {
  description = "Address of the HTTP API; null without routes."
  value       = local.contract.api_url
}

output "contract_parameter" {
  description = "SSM parameter that a release reads."
  value       = aws_ssm_parameter.contract.name
}

output "dashboard" {
  description = "What CloudWatch calls its parts, for module dashboards."
  value = {
    alarm_names = local.alarm_names
    # CodeDeploy calls a hook by its function's name alone.
    alias         = var.codedeploy_hook ? null : local.alias
    function_name = local.function_name
    log_group     = aws_cloudwatch_log_group.function.name
  }
}

output "execution_role_arn" {
  description = "Role of the function."
  value       = aws_iam_role.execution.arn
}

output "execution_role_name" {
  description = "Name of the same role."
  value       = aws_iam_role.execution.name
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}
