data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
}

module "encryption_key" {
  source = "../../modules/encryption-key"

  account_id           = local.account_id
  deletion_window_days = local.embedded ? 7 : 30
  dns_suffix           = data.aws_partition.current.dns_suffix
  name                 = local.name_prefix
  partition            = local.partition
  region               = local.region
}

module "notifications" {
  source = "../../modules/notifications"

  account_id  = local.account_id
  kms_key_arn = module.encryption_key.key_arn
  name        = "${local.name_prefix}-releases"
  partition   = local.partition
  region      = local.region
}

module "release_ledger" {
  source = "../../modules/release-ledger"

  deletion_protection = !local.embedded
  kms_key_arn         = module.encryption_key.key_arn
  name                = "${local.name_prefix}-ledger"
}

module "artifact_store" {
  source = "../../modules/artifact-store"

  bucket        = "${local.name_prefix}-artifacts-${local.account_id}-${local.region}"
  expire        = !local.embedded
  force_destroy = local.embedded
  kms_key_arn   = module.encryption_key.key_arn
  partition     = local.partition
}

module "deployment_configs" {
  source = "../../modules/deployment-configs"

  name_prefix = local.name_prefix
  releases    = { for name, service in local.services : name => service.release }
}

module "lambda_service" {
  source   = "../../modules/lambda-service"
  for_each = local.services

  account_id            = local.account_id
  alarms                = each.value.alarms
  architecture          = each.value.architecture
  artifact_bucket       = module.artifact_store.bucket
  bootstrap             = module.artifact_store.bootstrap
  canary_configs        = module.deployment_configs.services[each.key].canary_configs
  codedeploy_hook       = each.value.codedeploy_hook
  deployment_configs    = module.deployment_configs.services[each.key].deployment_configs
  description           = each.value.description
  environment           = var.environment
  environment_variables = each.value.environment
  handler               = each.value.handler
  hook_function_name    = local.hook_function_names[each.key]
  kms_key_arn           = module.encryption_key.key_arn
  log_retention_days    = each.value.log_retention_days
  memory_mb             = each.value.memory_mb
  name_prefix           = local.name_prefix
  partition             = local.partition
  permissions           = each.value.permissions
  region                = local.region
  release               = merge(each.value.release, { interval_minutes = module.deployment_configs.services[each.key].interval_minutes })
  routes                = each.value.routes
  runtime               = each.value.runtime
  service               = each.key
  smoke                 = each.value.smoke
  timeout_seconds       = each.value.timeout_seconds
  topic_arn             = module.notifications.topic_arn
}

# What all services of the environment share: the other half of the contract.
resource "aws_ssm_parameter" "platform" {
  #checkov:skip=CKV2_AWS_34:Names of resources, no secrets: whoever may read parameters can list those resources too.
  name        = "/lockgate/${var.environment}/platform"
  description = "What a release needs to know about ${var.environment}."
  type        = "String"
  tier        = "Intelligent-Tiering"

  value = jsonencode({
    schema            = 1
    environment       = var.environment
    account_id        = local.account_id
    region            = local.region
    partition         = local.partition
    ledger_table      = module.release_ledger.table_name
    artifact_bucket   = module.artifact_store.bucket
    release_topic_arn = module.notifications.topic_arn
  })

  lifecycle {
    precondition {
      condition     = length(local.wrong_hooks) == 0
      error_message = "Not a hook: ${join(", ", local.wrong_hooks)}. `hook` must name a service with `codedeploy_hook: true`."
    }
  }
}
