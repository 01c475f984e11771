# What only containers need: nothing of it is made in an environment that has none.
locals {
  has_containers = length(local.containers) > 0
  makes_network  = local.has_containers && local.environment.network == null

  network = local.makes_network ? {
    private_subnet_ids = module.network[0].private_subnet_ids
    public_subnet_ids  = module.network[0].public_subnet_ids
    vpc_id             = module.network[0].vpc_id
  } : local.environment.network

  registry_host = "${local.registry_account_id}.dkr.ecr.${local.region}.${data.aws_partition.current.dns_suffix}"
  without_public_subnets = [
    for name, service in local.containers : name if service.public && length(try(local.network.public_subnet_ids, [])) < 2
  ]
}

module "network" {
  source = "../../modules/network"
  count  = local.makes_network ? 1 : 0

  account_id               = local.account_id
  kms_key_arn              = module.encryption_key.key_arn
  name                     = local.name_prefix
  permissions_boundary_arn = local.permissions_boundary_arn
}

data "aws_vpc" "containers" {
  count = local.has_containers ? 1 : 0

  id = local.network.vpc_id

  lifecycle {
    postcondition {
      condition     = length(local.without_public_subnets) == 0
      error_message = "Public without public subnets: ${join(", ", local.without_public_subnets)}. Name two under `network` in platform.yaml."
    }
  }
}

resource "aws_ecs_cluster" "this" {
  count = local.has_containers ? 1 : 0

  name = local.name_prefix

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

module "container_deployment_configs" {
  source = "../../modules/deployment-configs"

  compute_platform = "ECS"
  name_prefix      = local.name_prefix
  releases         = { for name, service in local.containers : name => service.release }
}

module "container_service" {
  source   = "../../modules/container-service"
  for_each = local.containers

  account_id               = local.account_id
  alarms                   = each.value.alarms
  architecture             = each.value.architecture
  canary_configs           = module.container_deployment_configs.services[each.key].canary_configs
  certificate_arn          = try(tostring(each.value.certificate_arn), null)
  cluster_arn              = aws_ecs_cluster.this[0].arn
  cluster_name             = aws_ecs_cluster.this[0].name
  cpu                      = each.value.cpu
  deletion_protection      = !local.embedded
  deployment_configs       = module.container_deployment_configs.services[each.key].deployment_configs
  desired_count            = each.value.desired_count
  embedded_endpoint        = local.embedded ? trimsuffix(local.environment.endpoint_url, "/") : null
  environment              = var.environment
  environment_variables    = each.value.environment
  health_path              = each.value.health_path
  kms_key_arn              = module.encryption_key.key_arn
  load_balancer_subnet_ids = each.value.public ? local.network.public_subnet_ids : local.network.private_subnet_ids
  log_retention_days       = each.value.log_retention_days
  memory_mb                = each.value.memory_mb
  name_prefix              = local.name_prefix
  partition                = local.partition
  permissions              = each.value.permissions
  permissions_boundary_arn = local.permissions_boundary_arn
  port                     = each.value.port
  public                   = each.value.public
  read_only                = each.value.read_only
  region                   = local.region
  release                  = merge(each.value.release, { interval_minutes = module.container_deployment_configs.services[each.key].interval_minutes })
  repository_arn           = "arn:${local.partition}:ecr:${local.region}:${local.registry_account_id}:repository/${local.repository_names[each.key]}"
  repository_url           = "${local.registry_host}/${local.repository_names[each.key]}"
  secret_statements        = try(module.service_secrets[each.key].read_statements, [])
  secrets                  = try(module.service_secrets[each.key].secrets, [])
  service                  = each.key
  task_subnet_ids          = local.network.private_subnet_ids
  topic_arns               = module.notifications.topic_arns
  vpc_cidr                 = data.aws_vpc.containers[0].cidr_block
  vpc_id                   = local.network.vpc_id

  depends_on = [module.container_registry]
}
