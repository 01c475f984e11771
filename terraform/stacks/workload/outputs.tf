output "artifact_bucket" {
  description = "Bucket that releases take their code from."
  value       = local.artifact_bucket
}

output "build_project" {
  description = "CodeBuild project that builds for this environment, in the account of the bucket."
  value       = local.build_project
}

output "dashboards" {
  description = "Names of the CloudWatch dashboards, the environment's first."
  value       = flatten(module.dashboards[*].names)
}

output "event_bus" {
  description = "Bus of release events."
  value       = module.notifications.event_bus
}

output "ledger_table" {
  description = "DynamoDB table that records releases."
  value       = module.release_ledger.table_name
}

output "services" {
  description = "By service: its address, if it has one, its contract parameter, and the name of its function or ECS service."
  value = merge(
    {
      for name, service in module.lambda_service : name => {
        contract_parameter = service.contract_parameter
        name               = service.function_name
        url                = service.api_url
      }
    },
    {
      for name, service in module.container_service : name => {
        contract_parameter = service.contract_parameter
        name               = service.service_name
        url                = service.url
      }
    },
  )
}

output "topics" {
  description = "Topics that announce alarms and releases, by severity."
  value       = module.notifications.topic_arns
}
