# How an environment that promotes from this one learns what has succeeded here: a role that reads contract and ledger,
# and nothing else, made only where somebody promotes from it. Its name is Platform.role_of in
# scripts/lockgate/config/platform.py.
locals {
  environments = {
    for name, environment in local.platform.environments :
    name => merge(local.platform_defaults.environment, environment)
  }
  promoted_to = { for name, environment in local.environments : name => environment if environment.promotes_from == var.environment }
}

resource "aws_iam_role" "promote" {
  #checkov:skip=CKV_AWS_61:A role of another account cannot be named before it exists. What this one may do is read.
  count = length(local.promoted_to) > 0 ? 1 : 0

  name        = "${local.name_prefix}-promote"
  description = "Lets ${join(", ", keys(local.promoted_to))} see what has succeeded in ${var.environment}."

  permissions_boundary = local.permissions_boundary_arn

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
