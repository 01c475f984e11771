locals {
  # What the build's variables name, so that nobody has to say it twice. A secret's ARN ends in six characters that its
  # name does not have (Secrets Manager user guide, "Identity-based policies").
  variable_parameter_arns = [
    for variable in var.environment_variables :
    startswith(variable.value, "arn:") ? variable.value : "${local.parameter_arn_prefix}/${trimprefix(variable.value, "/")}"
    if variable.type == "PARAMETER_STORE"
  ]
  variable_secret_arns = [
    for variable in var.environment_variables :
    startswith(variable.value, "arn:") ? join(":", slice(split(":", variable.value), 0, 7)) : "${local.secret_arn_prefix}:${split(":", variable.value)[0]}-??????"
    if variable.type == "SECRETS_MANAGER"
  ]
  parameter_arn_prefix = "arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter"
  secret_arn_prefix    = "arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret"

  parameter_arns = distinct(concat(var.parameter_arns, local.variable_parameter_arns))
  secret_arns    = distinct(concat(var.secret_arns, local.variable_secret_arns))

  # Services through which the build may use the key: never by itself.
  key_services = concat(
    ["s3"],
    [for arns in [local.parameter_arns] : "ssm" if length(arns) > 0],
    [for arns in [local.secret_arns] : "secretsmanager" if length(arns) > 0],
  )

  base_statements = [
    {
      Sid      = "WriteOwnLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arn}:*"]
    },
    {
      # What was built is read too: the build uploads only what is missing.
      Sid      = "ReadSourcesAndArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = [for prefix in ["bundles", "services", "sources"] : "${local.bucket_arn}/${prefix}/*"]
    },
    {
      Sid      = "WriteArtifacts"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
      Resource = [for prefix in ["bundles", "services"] : "${local.bucket_arn}/${prefix}/*"]
    },
    {
      # CodeBuild asks for the first two of the bucket of a source (CodeBuild user guide, "Allow CodeBuild to interact
      # with other AWS services"); without the third, what is missing would look forbidden.
      Sid      = "FindArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"]
      Resource = [local.bucket_arn]
    },
    {
      Sid       = "UseKeyThroughServices"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = [var.kms_key_arn]
      Condition = { StringLike = { "kms:ViaService" = [for service in local.key_services : "${service}.${var.region}.*"] } }
    },
    {
      Sid    = "WriteOwnReports"
      Effect = "Allow"
      Action = concat(
        ["codebuild:BatchPutCodeCoverages", "codebuild:BatchPutTestCases", "codebuild:CreateReport", "codebuild:UpdateReport"],
        [for groups in [var.report_groups] : "codebuild:CreateReportGroup" if length(groups) == 0],
      )
      Resource = ["arn:${var.partition}:codebuild:${var.region}:${var.account_id}:report-group/${var.name}-*"]
    },
  ]

  cache_statements = [
    for cache in [var.cache] : {
      Sid      = "KeepCache"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${local.bucket_arn}/cache/${var.name}", "${local.bucket_arn}/cache/${var.name}/*"]
    } if cache.type == "S3"
  ]

  parameter_statements = [
    for arns in [local.parameter_arns] : {
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = arns
    } if length(arns) > 0
  ]

  secret_statements = [
    for arns in [local.secret_arns] : {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = arns
    } if length(arns) > 0
  ]

  repository_statements = concat(
    [for arns in [var.repository_arns] : {
      Sid    = "PushImages"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ]
      Resource = arns
    } if length(arns) > 0],
    # It knows no resources (service authorization reference, Amazon ECR).
    [for arns in [var.repository_arns] : {
      Sid      = "SignInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    } if length(arns) > 0],
  )

  connection_statements = [
    for arn in compact([var.source_code.connection_arn]) : {
      Sid      = "CloneThroughConnection"
      Effect   = "Allow"
      Action   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken", "codeconnections:UseConnection"]
      Resource = [arn]
    }
  ]

  # CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a VPC network interface": all but
  # the permission know no resources that could be named beforehand.
  vpc_statements = concat(
    [for vpc in [var.vpc] : {
      Sid    = "MakeNetworkInterfaces"
      Effect = "Allow"
      Action = [
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ]
      Resource = ["*"]
    } if vpc != null],
    [for vpc in [var.vpc] : {
      Sid      = "UseNetworkInterfaces"
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterfacePermission"]
      Resource = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:network-interface/*"]
      Condition = {
        StringEquals = {
          "ec2:AuthorizedService" = "codebuild.amazonaws.com"
          "ec2:Subnet"            = [for id in vpc.subnet_ids : "arn:${var.partition}:ec2:${var.region}:${var.account_id}:subnet/${id}"]
        }
      }
    } if vpc != null],
  )

  build_policy = {
    Version = "2012-10-17"
    Statement = concat(
      local.base_statements,
      local.cache_statements,
      local.parameter_statements,
      local.secret_statements,
      local.repository_statements,
      local.connection_statements,
      local.vpc_statements,
    )
  }

  # Only for this project (CodeBuild user guide, "Cross-service confused deputy prevention").
  trust_policy = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = var.account_id
          "aws:SourceArn"     = local.arn
        }
      }
    }]
  }
}

resource "aws_iam_role" "build" {
  name        = var.name
  description = "What the builds of ${var.name} may do."

  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.trust_policy)
}

resource "aws_iam_role_policy" "build" {
  #checkov:skip=CKV_AWS_290:Network interfaces and the registry's sign-in know no resources; every other statement names them.
  #checkov:skip=CKV_AWS_355:Network interfaces and the registry's sign-in know no resources; every other statement names them.
  name   = "build"
  role   = aws_iam_role.build.name
  policy = jsonencode(local.build_policy)
}

# A batch starts its builds with a role of its own (CodeBuild user guide, "Batch build role").
resource "aws_iam_role" "batch" {
  for_each = var.batch == null ? toset([]) : toset(["batch"])

  name        = "${var.name}-batch"
  description = "How a batch of ${var.name} starts its builds."

  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.trust_policy)
}

resource "aws_iam_role_policy" "batch" {
  for_each = aws_iam_role.batch

  name = "batch"
  role = each.value.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "StartOwnBuilds"
      Effect   = "Allow"
      Action   = ["codebuild:RetryBuild", "codebuild:StartBuild", "codebuild:StopBuild"]
      Resource = [local.arn]
    }]
  })
}
