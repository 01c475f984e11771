# What no role that the pipeline makes can ever do, whatever its policies say: change who may do what, touch what the
# platform itself rests on, or use services that nobody declared.
locals {
  boundary_arn = "arn:${local.partition}:iam::${local.account_id}:policy/${local.name_prefix}-boundary"
  delivery_arn = "arn:${local.partition}:iam::${local.account_id}:policy/${local.name_prefix}-delivery"

  iam_arn          = "arn:${local.partition}:iam::${local.account_id}"
  state_bucket_arn = "arn:${local.partition}:s3:::${local.state_bucket}"
  trail_bucket_arn = "arn:${local.partition}:s3:::${local.name_prefix}-trail-${local.account_id}-${local.region}"
  trail_arn        = "arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${local.trail_name}"
  ledger_arn       = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${local.name_prefix}-ledger"
  provider_arn     = "${local.iam_arn}:oidc-provider/${local.github_host}"

  # Of the roles that the pipeline itself runs under.
  delivery_role_arns = [
    for purpose in ["break-glass", "build", "deploy", "plan", "trail-logs"] : "${local.iam_arn}:role/${local.name_prefix}-${purpose}"
  ]

  boundary_statements = [
    {
      Sid      = "UseDeclaredServices"
      Effect   = "Allow"
      Action   = [for service in sort(local.platform.runtime_services) : "${service}:*"]
      Resource = ["*"]
    },
    {
      # CodeDeploy hands the task's roles to ECS with its own.
      Sid       = "HandTaskRolesOn"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["${local.iam_arn}:role/${local.name_prefix}-*"]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
    {
      Sid      = "LeaveStatesAndTrailAlone"
      Effect   = "Deny"
      Action   = ["s3:*"]
      Resource = [for arn in [local.state_bucket_arn, local.trail_bucket_arn] : "${arn}*"]
    },
    {
      Sid    = "LeaveLedgerAlone"
      Effect = "Deny"
      Action = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:DeleteTable",
        "dynamodb:PartiQL*",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:UpdateTable",
      ]
      Resource = [local.ledger_arn]
    },
    {
      Sid      = "LeaveContractAlone"
      Effect   = "Deny"
      Action   = ["ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:PutParameter"]
      Resource = ["arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/lockgate/*"]
    },
    {
      Sid    = "LeaveKeysAlone"
      Effect = "Deny"
      Action = [
        "kms:CancelKeyDeletion",
        "kms:DisableKey",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateAlias",
      ]
      Resource = ["*"]
    },
  ]

  # The pipeline's own roles: every service, since they make them, but nothing of what keeps them in.
  delivery_statements = [
    {
      Sid      = "UseServices"
      Effect   = "Allow"
      Action   = [for service in sort(distinct(concat(local.delivery_services, local.platform.runtime_services))) : "${service}:*"]
      Resource = ["*"]
    },
    {
      Sid       = "MakeRolesWithinBoundary"
      Effect    = "Deny"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = ["*"]
      Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
    },
    {
      Sid      = "KeepBoundaries"
      Effect   = "Deny"
      Action   = ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"]
      Resource = ["*"]
    },
    {
      Sid      = "KeepPolicies"
      Effect   = "Deny"
      Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"]
      Resource = ["${local.iam_arn}:policy/${local.name_prefix}-*"]
    },
    {
      Sid    = "KeepOwnRoles"
      Effect = "Deny"
      Action = [
        "iam:AttachRolePolicy",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ]
      Resource = local.delivery_role_arns
    },
    {
      Sid      = "KeepProvider"
      Effect   = "Deny"
      Action   = ["iam:*OpenIDConnectProvider*"]
      Resource = ["*"]
    },
    {
      Sid      = "KeepTrail"
      Effect   = "Deny"
      Action   = ["cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"]
      Resource = [local.trail_arn]
    },
    {
      Sid    = "KeepBuckets"
      Effect = "Deny"
      Action = [
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = [local.state_bucket_arn, local.trail_bucket_arn]
    },
  ]

  # What plan, deploy, build and break-glass use besides what services use when they run.
  delivery_services = [
    "apigateway",
    "cloudwatch",
    "codebuild",
    "codedeploy",
    "ec2",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "dynamodb",
  ]
}

resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_286:A boundary gives nothing: it is the most that a role's own policies can give, and it denies what would widen it.
  #checkov:skip=CKV_AWS_287:A boundary gives nothing: what a role may read of secrets its own policy names one by one.
  #checkov:skip=CKV_AWS_288:A boundary gives nothing: what a role may read of data its own policy names one by one.
  #checkov:skip=CKV_AWS_289:A boundary gives nothing: it leaves resource policies of declared services to the role's own policy.
  #checkov:skip=CKV_AWS_290:A boundary gives nothing: what a role may write its own policy names one by one.
  #checkov:skip=CKV_AWS_355:A boundary gives nothing: resources are named in the role's own policy.
  name        = "${local.name_prefix}-boundary"
  description = "The most that roles made by the pipeline can do."
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.boundary_statements })
}

resource "aws_iam_policy" "delivery" {
  #checkov:skip=CKV_AWS_286:A boundary gives nothing: it is the most that the pipeline's policies can give, and it denies what would widen it.
  #checkov:skip=CKV_AWS_287:A boundary gives nothing: what the pipeline may read of secrets its policies name.
  #checkov:skip=CKV_AWS_288:A boundary gives nothing: what the pipeline may read of data its policies name.
  #checkov:skip=CKV_AWS_289:A boundary gives nothing: permissions management is denied beyond the roles within the other boundary.
  #checkov:skip=CKV_AWS_290:A boundary gives nothing: what the pipeline may write its policies name.
  #checkov:skip=CKV_AWS_355:A boundary gives nothing: resources are named in the pipeline's policies.
  name        = "${local.name_prefix}-delivery"
  description = "The most that the pipeline's own roles can do."
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.delivery_statements })
}
