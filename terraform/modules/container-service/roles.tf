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

  # ECS tasks assume both roles, and no others' (ECS developer guide, "IAM task role trust policy").
  task_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:*" }
      }
    }]
  }

  execution_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        # It knows no repository (service authorization reference, ECR).
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid      = "PullOwnImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [var.repository_arn]
      },
      {
        Sid      = "WriteOwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
    ], var.secret_statements)
  }

  deployment_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        # The managed policy lets it hand on roles of other names only.
        Sid       = "HandOnOwnRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        # The managed policy may invoke every CodeDeployHook_* function of the account.
        Sid      = "InvokeNoHook"
        Effect   = "Deny"
        Action   = ["lambda:InvokeFunction"]
        Resource = ["*"]
      },
      {
        # As for functions: CodeDeploy publishes its triggers with the service role.
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
  }
}

resource "aws_iam_role" "execution" {
  name        = "${local.name}-exec"
  description = "How ECS starts the tasks of ${local.name}."

  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.task_trust)

  tags = local.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.name
  policy = jsonencode(local.execution_policy)
}

resource "aws_iam_role" "task" {
  name        = "${local.name}-task"
  description = "What the code of ${local.name} may do."

  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.task_trust)

  tags = local.tags
}

resource "aws_iam_role_policy" "task" {
  count = length(local.declared_statements) > 0 ? 1 : 0

  name = "declared"
  role = aws_iam_role.task.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.declared_statements
  })

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
  description = "How CodeDeploy moves the traffic of ${local.name}."

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
  policy_arn = "arn:${var.partition}:iam::aws:policy/AWSCodeDeployRoleForECSLimited"
}
