locals {
  arn           = "arn:${var.partition}:codebuild:${var.region}:${var.account_id}:project/${var.name}"
  log_group_arn = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/codebuild/${var.name}"
  bucket_arn    = "arn:${var.partition}:s3:::${var.artifact_bucket}"

  # Images are built with a Docker daemon inside the build, which only a privileged container can start.
  privileged = length(var.repository_arns) > 0

  environment_variables = merge(
    {
      LOCKGATE_ENV = { type = "PLAINTEXT", value = var.environment }
    },
    var.environment_variables,
  )

  # A source in S3 is named by each build; without a name there is no such object, and the build says so.
  source_location = var.source_code.type == "S3" ? "${var.artifact_bucket}/sources/named-by-each-build.zip" : var.source_code.location
}

resource "aws_cloudwatch_log_group" "build" {
  #checkov:skip=CKV_AWS_338:The retention is given; the default is a year.
  name              = "/aws/codebuild/${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_codebuild_report_group" "this" {
  for_each = var.report_groups

  # CodeBuild looks for a group that a buildspec names under the project's name (CodeBuild user guide, "Report group
  # naming"), so that `reports: {unit: ...}` finds the group `unit`.
  name           = "${var.name}-${each.key}"
  type           = each.value
  delete_reports = var.delete_reports

  export_config {
    type = "NO_EXPORT"
  }
}

resource "aws_codebuild_project" "this" {
  #checkov:skip=CKV_AWS_316:Only where images are built, which needs a Docker daemon; the project is nobody's but the build's.
  name           = var.name
  description    = var.description
  service_role   = aws_iam_role.build.arn
  build_timeout  = var.build_timeout_minutes
  queued_timeout = var.queued_timeout_minutes
  encryption_key = var.kms_key_arn

  # The build uploads what it has made under the name of its content, which CodeBuild's own artifacts cannot have.
  artifacts {
    type = "NO_ARTIFACTS"
  }

  cache {
    type     = var.cache.type
    location = var.cache.type == "S3" ? "${var.artifact_bucket}/cache/${var.name}" : null
    modes    = var.cache.type == "LOCAL" ? var.cache.modes : null
  }

  environment {
    compute_type                = var.compute_type
    image                       = var.image
    image_pull_credentials_type = "CODEBUILD"
    privileged_mode             = local.privileged
    type                        = var.environment_type

    dynamic "environment_variable" {
      for_each = local.environment_variables

      content {
        name  = environment_variable.key
        type  = environment_variable.value.type
        value = environment_variable.value.value
      }
    }
  }

  source {
    type            = var.source_code.type
    location        = local.source_location
    buildspec       = var.buildspec
    git_clone_depth = var.source_code.type == "GITHUB" ? 1 : null

    dynamic "auth" {
      for_each = compact([var.source_code.connection_arn])

      content {
        type     = "CODECONNECTIONS"
        resource = auth.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.build.name
      status     = "ENABLED"
    }

    s3_logs {
      status = "DISABLED"
    }
  }

  dynamic "build_batch_config" {
    for_each = var.batch == null ? [] : [var.batch]

    content {
      combine_artifacts = false
      service_role      = aws_iam_role.batch["batch"].arn
      timeout_in_mins   = build_batch_config.value.timeout_minutes

      restrictions {
        compute_types_allowed  = [var.compute_type]
        maximum_builds_allowed = build_batch_config.value.maximum_builds
      }
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      security_group_ids = vpc_config.value.security_group_ids
      subnets            = vpc_config.value.subnet_ids
      vpc_id             = vpc_config.value.vpc_id
    }
  }

  # A project in a VPC is refused while its role cannot make network interfaces.
  depends_on = [aws_iam_role_policy.build]
}
