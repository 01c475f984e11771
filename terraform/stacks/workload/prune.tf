# How the tooling account learns what this environment needs of what it shares, before it deletes the rest: a role that
# reads what was released, and nothing else. Its name is Platform.role_of in scripts/lockgate/config/platform.py.
locals {
  contract_arn = "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/lockgate/${var.environment}"
}

resource "aws_iam_role" "prune" {
  #checkov:skip=CKV_AWS_61:A role of the tooling account cannot be named before it exists. What this one may do is read.
  count = local.shares_tooling ? 1 : 0

  name        = "${local.name_prefix}-prune"
  description = "Lets the tooling account see what ${var.environment} may still release."

  permissions_boundary = local.permissions_boundary_arn

  # The tooling account's own IAM says who of it may assume this.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${try(local.tooling.account_id, local.account_id)}:root" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "prune" {
  count = local.shares_tooling ? 1 : 0

  name = "read-what-is-released"
  role = aws_iam_role.prune[0].id

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
      {
        # Neither of the two actions on task definitions takes a resource (service authorization reference, Amazon ECS).
        Sid      = "ReadVersions"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]
        Resource = ["*"]
      },
      {
        Sid      = "ReadCode"
        Effect   = "Allow"
        Action   = ["lambda:ListVersionsByFunction"]
        Resource = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:*"]
      },
    ]
  })
}
