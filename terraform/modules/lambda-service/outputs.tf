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

output "execution_role_arn" {
  description = "Role of the function."
  value       = aws_iam_role.execution.arn
}

output "execution_role_name" {
  description = "Name of that role, for what else it may do."
  value       = aws_iam_role.execution.name
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}
