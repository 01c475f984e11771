output "names" {
  description = "Names of the dashboards, the environment's first."
  value       = concat([aws_cloudwatch_dashboard.environment.dashboard_name], values(aws_cloudwatch_dashboard.service)[*].dashboard_name)
}
