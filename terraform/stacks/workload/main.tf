data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Made by the bootstrap stack, and known by its name.
  permissions_boundary_arn = local.bootstrapped ? "arn:${local.partition}:iam::${local.account_id}:policy/${local.name_prefix}-boundary" : null

  # By name where it is the tooling account's: nothing is read from another stack's state.
  bootstrap = one(concat(module.artifact_store[*].bootstrap, [
    for bucket in [local.artifact_bucket] : { bucket = bucket, key = "bootstrap/lambda-python.zip" } if local.shares_tooling
  ]))
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

  account_id        = local.account_id
  break_glass_roles = "${local.platform.name}-*-break-glass"
  email             = try(local.notifications.email, {})
  kms_key_arn       = module.encryption_key.key_arn
  name              = local.name_prefix
  partition         = local.partition
  region            = local.region
}

module "release_ledger" {
  source = "../../modules/release-ledger"

  deletion_protection = !local.embedded
  kms_key_arn         = module.encryption_key.key_arn
  name                = "${local.name_prefix}-ledger"
}

# Its own, where it shares no tooling account's.
module "artifact_store" {
  source = "../../modules/artifact-store"
  count  = local.shares_tooling ? 0 : 1

  bucket        = local.artifact_bucket
  expire        = !local.embedded
  force_destroy = local.embedded
  kms_key_arn   = module.encryption_key.key_arn
  partition     = local.partition
}

moved {
  from = module.artifact_store
  to   = module.artifact_store[0]
}

module "container_registry" {
  source = "../../modules/container-registry"
  count  = local.shares_tooling ? 0 : 1

  account_id   = local.account_id
  force_delete = local.embedded
  kms_key_arn  = module.encryption_key.key_arn
  name_prefix  = local.name_prefix
  partition    = local.partition
  region       = local.region
  services     = toset(keys(local.containers))
}

module "build_project" {
  source = "../../modules/build-project"
  count  = local.shares_tooling ? 0 : 1

  account_id               = local.account_id
  artifact_bucket          = module.artifact_store[0].bucket
  batch                    = {}
  description              = "Builds the services of ${var.environment}."
  environment              = var.environment
  kms_key_arn              = module.encryption_key.key_arn
  name                     = local.build_project
  partition                = local.partition
  permissions_boundary_arn = local.permissions_boundary_arn
  region                   = local.region
  repository_arns          = values(module.container_registry[0].repository_arns)
}

module "deployment_configs" {
  source = "../../modules/deployment-configs"

  name_prefix = local.name_prefix
  releases    = { for name, service in local.functions : name => service.release }
}

module "lambda_service" {
  source   = "../../modules/lambda-service"
  for_each = local.functions

  account_id               = local.account_id
  alarms                   = each.value.alarms
  architecture             = each.value.architecture
  artifact_bucket          = local.artifact_bucket
  bootstrap                = local.bootstrap
  canary_configs           = module.deployment_configs.services[each.key].canary_configs
  codedeploy_hook          = each.value.codedeploy_hook
  deployment_configs       = module.deployment_configs.services[each.key].deployment_configs
  description              = each.value.description
  environment              = var.environment
  environment_variables    = each.value.environment
  handler                  = each.value.handler
  hook_function_name       = local.hook_function_names[each.key]
  kms_key_arn              = module.encryption_key.key_arn
  log_retention_days       = each.value.log_retention_days
  memory_mb                = each.value.memory_mb
  name_prefix              = local.name_prefix
  partition                = local.partition
  permissions              = each.value.permissions
  permissions_boundary_arn = local.permissions_boundary_arn
  region                   = local.region
  release                  = merge(each.value.release, { interval_minutes = module.deployment_configs.services[each.key].interval_minutes })
  routes                   = each.value.routes
  runtime                  = each.value.runtime
  secret_statements        = try(module.service_secrets[each.key].read_statements, [])
  secrets                  = try(module.service_secrets[each.key].secrets, [])
  service                  = each.key
  smoke                    = each.value.smoke
  timeout_seconds          = each.value.timeout_seconds
  topic_arns               = module.notifications.topic_arns
  tracing                  = each.value.tracing
}

# What all services of the environment share: the other half of the contract.
resource "aws_ssm_parameter" "platform" {
  #checkov:skip=CKV2_AWS_34:Names of resources, no secrets: whoever may read parameters can list those resources too.
  name        = "/lockgate/${var.environment}/platform"
  description = "What a release needs to know about ${var.environment}."
  type        = "String"
  tier        = "Intelligent-Tiering"

  value = jsonencode({
    schema          = 1
    environment     = var.environment
    account_id      = local.account_id
    region          = local.region
    partition       = local.partition
    ledger_table    = module.release_ledger.table_name
    artifact_bucket = local.artifact_bucket
    topics          = module.notifications.topic_arns
    event_bus       = module.notifications.event_bus
  })

  # A release may start as soon as it reads this.
  depends_on = [module.artifact_store]

  lifecycle {
    precondition {
      condition     = length(local.wrong_hooks) == 0
      error_message = "Not a hook: ${join(", ", local.wrong_hooks)}. `hook` must name a service with `codedeploy_hook: true`."
    }
  }
}
