# How an environment that promotes from this one learns what has succeeded here: a role that reads contract and ledger,
# and nothing else, made only where somebody promotes from it. Its name is Platform.role_of in
# scripts/lockgate/config/platform.py.
locals {
  environments = {
    for name, environment in local.platform.environments :
    name => merge(local.platform_defaults.environment, environment)
  }
  promoted_to   = { for name, environment in local.environments : name => environment if environment.promotes_from == var.environment }
  promotes_from = local.environment.promotes_from
}

resource "aws_iam_role" "promote" {
  #checkov:skip=CKV_AWS_61:A role of another account cannot be named before it exists. What this one may do is read.
  count = length(local.promoted_to) > 0 ? 1 : 0

  name        = "${local.name_prefix}-promote"
  description = "Lets ${join(", ", keys(local.promoted_to))} see what has succeeded in ${var.environment}."

  # Those accounts' own IAM says who of them may assume this.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = sort([for environment in local.promoted_to : "arn:${local.partition}:iam::${environment.account_id}:root"]) }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "promote" {
  count = length(local.promoted_to) > 0 ? 1 : 0

  name = "read-what-has-succeeded"
  role = aws_iam_role.promote[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadContract"
        Effect   = "Allow"
        Action   = ["ssm:GetParametersByPath"]
        Resource = [for path in ["", "/*"] : "${local.contract_arn}${path}"]
      },
      {
        Sid      = "ReadLedger"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = [module.release_ledger.table_arn]
      },
      {
        Sid       = "DecryptLedger"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [module.encryption_key.key_arn]
        Condition = { StringLike = { "kms:ViaService" = "dynamodb.${local.region}.*" } }
      },
    ]
  })
}

# The other half, in the environment that promotes: what whoever releases here needs, to attach to their role, since
# both accounts have to agree (IAM user guide, "Cross-account policy evaluation logic").
resource "aws_iam_policy" "promotes_from" {
  count = local.promotes_from == null ? 0 : 1

  name        = "${local.name_prefix}-see-${local.promotes_from}"
  description = "See in the ledger of ${local.promotes_from} what may be released to ${var.environment}."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SeeWhatHasSucceeded"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = ["arn:${local.partition}:iam::${local.environments[local.promotes_from].account_id}:role/${local.platform.name}-${local.promotes_from}-promote"]
    }]
  })
}
