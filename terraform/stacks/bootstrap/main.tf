data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  trail_name = "${local.name_prefix}-trail"

  github_host         = "token.actions.githubusercontent.com"
  github_provider_arn = "arn:${local.partition}:iam::${local.account_id}:oidc-provider/${local.github_host}"

  key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministersThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # CloudTrail user guide, "Configure AWS KMS key policies for CloudTrail".
        Sid       = "EncryptTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:DescribeKey", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${local.trail_name}" }
        }
      },
      {
        Sid       = "EncryptLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.${local.dns_suffix}" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/lockgate/${local.trail_name}" }
        }
      },
    ]
  }
}

# Not the environment's: whoever applies must read the state before that one exists.
resource "aws_kms_key" "bootstrap" {
  description             = "States, plans and the audit trail of ${local.name_prefix}."
  deletion_window_in_days = local.embedded ? 7 : 30
  enable_key_rotation     = true
  policy                  = jsonencode(local.key_policy)
}

resource "aws_kms_alias" "bootstrap" {
  name          = "alias/${local.name_prefix}-bootstrap"
  target_key_id = aws_kms_key.bootstrap.key_id
}

module "state_bucket" {
  source = "../../modules/state-bucket"

  bucket        = local.state_bucket
  expire        = !local.embedded
  force_destroy = local.embedded
  kms_key_arn   = aws_kms_key.bootstrap.arn
  partition     = local.partition
}

module "audit_trail" {
  source = "../../modules/audit-trail"

  account_id               = local.account_id
  bucket                   = "${local.name_prefix}-trail-${local.account_id}-${local.region}"
  expire                   = !local.embedded
  force_destroy            = local.embedded
  kms_key_arn              = aws_kms_key.bootstrap.arn
  name                     = local.trail_name
  partition                = local.partition
  permissions_boundary_arn = aws_iam_policy.boundary.arn
  region                   = local.region
  watched_buckets          = distinct(concat([module.state_bucket.bucket], local.builds_here ? [local.artifact_bucket] : []))
}

module "account_guards" {
  source = "../../modules/account-guards"

  name = local.name_prefix

  # An embedded AWS has neither an analyzer nor default encryption, and S3's account API wants the account in its host name.
  guards = {
    analyze_access       = !local.embedded
    block_public_buckets = !local.embedded
    encrypt_volumes      = !local.embedded
  }
}

# An account has one provider for GitHub, which may be there already.
resource "aws_iam_openid_connect_provider" "github" {
  count = try(local.github.provider, "make") == "make" ? 1 : 0

  url            = "https://${local.github_host}"
  client_id_list = ["sts.amazonaws.com"]

  lifecycle {
    precondition {
      condition     = local.github != null
      error_message = "platform.yaml names no repository: add `github: { repository: OWNER/REPOSITORY }`, so that only its jobs may assume the roles."
    }
  }
}
