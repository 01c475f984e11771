locals {
  substitutions = {
    "account_id"  = var.account_id
    "environment" = var.environment
    "name_prefix" = var.name_prefix
    "partition"   = var.partition
    "region"      = var.region
  }

  # Terraform has no fold, and a nested replace() is the plain way to apply each substitution once.
  declared_statements = [
    for statement in var.permissions : {
      Effect = "Allow"
      Action = statement.actions
      Resource = [
        for resource in statement.resources :
        replace(replace(replace(replace(replace(
          resource,
          "$${account_id}", local.substitutions.account_id),
          "$${environment}", local.substitutions.environment),
          "$${name_prefix}", local.substitutions.name_prefix),
          "$${partition}", local.substitutions.partition),
          "$${region}", local.substitutions.region,
        )
      ]
    }
  ]

  log_statements = [{
    Sid      = "WriteOwnLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${local.function_name}:*"]
  }]

  # X-Ray's write actions know no resources (service authorization reference, AWS X-Ray).
  tracing_statements = [
    for enabled in [var.tracing] : {
      Sid      = "Trace"
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = ["*"]
    } if enabled
  ]

  execution_policy = {
    Version   = "2012-10-17"
    Statement = concat(local.log_statements, local.tracing_statements, var.secret_statements, local.declared_statements)
  }

  hook_arns = [
    for name in compact([var.hook_function_name]) : "${local.arn_prefix}:${name}"
  ]
  hook_resources = flatten([for arn in local.hook_arns : [arn, "${arn}:*"]])

  # The managed policy may invoke every CodeDeployHook_* function of the account; these leave the one declared, or none.
  hook_statements = concat(
    [for arn in local.hook_arns : {
      Sid      = "InvokeHook"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = local.hook_resources
    }],
    [for arn in local.hook_arns : {
      Sid         = "InvokeNoOtherHook"
      Effect      = "Deny"
      Action      = ["lambda:InvokeFunction"]
      NotResource = local.hook_resources
    }],
    [for name in [var.hook_function_name] : {
      Sid      = "InvokeNoHook"
      Effect   = "Deny"
      Action   = ["lambda:InvokeFunction"]
      Resource = ["*"]
    } if name == null],
  )

  # CodeDeploy publishes its triggers with the service role (CodeDeploy user guide, "Grant Amazon SNS permissions to
  # a CodeDeploy service role"), and the limited managed policy does not hold these.
  trigger_statements = [
    {
      Sid      = "PublishTriggers"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = [var.topic_arns["info"], var.topic_arns["warning"]]
    },
    {
      Sid       = "EncryptTriggers"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = [var.kms_key_arn]
      Condition = { StringLike = { "kms:ViaService" = "sns.${var.region}.*" } }
    },
  ]

  deployment_policy = {
    Version   = "2012-10-17"
    Statement = concat(local.hook_statements, local.trigger_statements)
  }
}

resource "aws_iam_role" "execution" {
  name        = "${local.name}-exec"
  description = "What ${local.function_name} may do."

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "execution" {
  #checkov:skip=CKV_AWS_290:X-Ray's write actions know no resources; every other statement names them.
  #checkov:skip=CKV_AWS_355:X-Ray's write actions know no resources; every other statement names them.
  name   = "execution"
  role   = aws_iam_role.execution.name
  policy = jsonencode(local.execution_policy)

  lifecycle {
    precondition {
      # Not strcontains(..., "$${"): scanners that parse HCL with python-hcl2 hang on an escape without its brace.
      condition     = !can(regex("[$][{]", jsonencode(local.declared_statements)))
      error_message = "permissions of ${var.service}: only account_id, environment, name_prefix, partition and region can stand in $${...}."
    }
  }
}

resource "aws_iam_role" "deployment" {
  name        = "${local.name}-deploy"
  description = "How CodeDeploy moves the traffic of ${local.function_name}."

  permissions_boundary = var.permissions_boundary_arn

  # Only for deployments of this application (CodeDeploy user guide, "Cross-service confused deputy prevention").
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike = {
          "aws:SourceArn" = "arn:${var.partition}:codedeploy:${var.region}:${var.account_id}:deploymentgroup:${local.name}/*"
        }
      }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "deployment" {
  name   = "deployment"
  role   = aws_iam_role.deployment.name
  policy = jsonencode(local.deployment_policy)
}

resource "aws_iam_role_policy_attachment" "deployment" {
  role       = aws_iam_role.deployment.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
}
