output "artifact_bucket" {
  description = "Bucket that releases take their code from."
  value       = local.artifact_bucket
}

output "build_project" {
  description = "CodeBuild project that builds for this environment, in the account of the bucket."
  value       = local.build_project
}

output "ledger_table" {
  description = "DynamoDB table that records releases."
  value       = module.release_ledger.table_name
}

output "release_topic_arn" {
  description = "Topic that announces alarms and releases."
  value       = module.notifications.topic_arn
}

output "services" {
  description = "By service: its function, its address when it has routes, and its contract parameter."
  value = {
    for name, service in module.lambda_service : name => {
      api_url            = service.api_url
      contract_parameter = service.contract_parameter
      function_name      = service.function_name
    }
  }
}
