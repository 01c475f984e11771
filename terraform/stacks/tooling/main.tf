data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Made by the bootstrap stack, and known by its name.
  permissions_boundary_arn = local.bootstrapped ? "arn:${local.partition}:iam::${local.account_id}:policy/${local.name_prefix}-boundary" : null

  # By name, so that the bucket and the registry need not wait for the role: builds in CodeBuild, and in a workflow's job.
  build_role_arns = [for role in [local.build_project, "${local.name_prefix}-build"] : "arn:${local.partition}:iam::${local.account_id}:role/${role}"]
  readers         = [for name in sort(keys(local.sharing)) : { account_id = local.sharing[name] }]
}

module "encryption_key" {
  source = "../../modules/encryption-key"

  account_id           = local.account_id
  deletion_window_days = local.embedded ? 7 : 30
  dns_suffix           = data.aws_partition.current.dns_suffix
  name                 = local.name_prefix
  partition            = local.partition
  region               = local.region
  s3_readers           = [for reader in local.readers : merge(reader, { bucket_arn = "arn:${local.partition}:s3:::${local.artifact_bucket}" })]
}

# Who is told of builds that fail here, and of whoever takes the role for emergencies.
module "notifications" {
  source = "../../modules/notifications"

  account_id        = local.account_id
  break_glass_roles = "${local.platform.name}-*-break-glass"
  builds            = local.build_project
  email             = try(local.platform.notifications.email, {})
  kms_key_arn       = module.encryption_key.key_arn
  name              = local.name_prefix
  partition         = local.partition
  region            = local.region
  release_events    = false
}

module "artifact_store" {
  source = "../../modules/artifact-store"

  bucket        = local.artifact_bucket
  expire        = !local.embedded
  force_destroy = local.embedded
  kms_key_arn   = module.encryption_key.key_arn
  only_over_tls = !local.embedded
  partition     = local.partition
  readers       = local.readers
  writers       = local.build_role_arns
}

module "container_registry" {
  source = "../../modules/container-registry"

  account_id       = local.account_id
  force_delete     = local.embedded
  kms_key_arn      = module.encryption_key.key_arn
  name_prefix      = local.platform.name
  partition        = local.partition
  pull_account_ids = local.readers[*].account_id
  push_role_arns   = local.build_role_arns
  region           = local.region
  services         = local.containers
}

module "build_project" {
  source = "../../modules/build-project"

  account_id               = local.account_id
  artifact_bucket          = module.artifact_store.bucket
  batch                    = {}
  description              = "Builds every service once, for all environments that share this account."
  kms_key_arn              = module.encryption_key.key_arn
  name                     = local.build_project
  partition                = local.partition
  permissions_boundary_arn = local.permissions_boundary_arn
  region                   = local.region
  repository_arns          = values(module.container_registry.repository_arns)
}
