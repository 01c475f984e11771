locals {
  name          = "${var.name_prefix}-${var.service}"
  function_name = var.codedeploy_hook ? "CodeDeployHook_${local.name}" : local.name
  alias         = "live"
  arn_prefix    = "arn:${var.partition}:lambda:${var.region}:${var.account_id}:function"

  # Besides the provider's default tags, so that costs can be told apart by service.
  tags = { service = var.service }

  # What each function may want to know about itself; a declared variable of the same name wins. Of a secret it gets the
  # name alone: who may read a function's configuration may not read its secrets.
  environment_variables = merge(
    {
      LOCKGATE_ENVIRONMENT    = var.environment
      POWERTOOLS_SERVICE_NAME = var.service
    },
    var.environment_variables,
    { for secret in var.secrets : secret.variable => secret.id },
  )
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_338:The service declares its retention; the default is a year.
  name              = "/aws/lambda/${local.function_name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days

  tags = local.tags
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:The account's unreserved concurrency is shared on purpose; a reservation would throttle the canary beside it.
  #checkov:skip=CKV_AWS_116:Services are called synchronously; an asynchronous caller declares its own destination.
  #checkov:skip=CKV_AWS_117:The platform has no network of its own; a function outside a VPC reaches AWS's public endpoints over TLS.
  #checkov:skip=CKV_AWS_272:The release checks each zip against the SHA-256 of the reviewed bundle before it publishes it.
  function_name = local.function_name
  description   = var.description
  role          = aws_iam_role.execution.arn

  architectures = [var.architecture]
  handler       = var.handler
  memory_size   = var.memory_mb
  runtime       = var.runtime
  timeout       = var.timeout_seconds
  kms_key_arn   = var.kms_key_arn

  # Only for the first version; releases bring their own code.
  publish   = true
  s3_bucket = var.bootstrap.bucket
  s3_key    = var.bootstrap.key

  environment {
    variables = local.environment_variables
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  tags = local.tags

  lifecycle {
    # What runs belongs to the release: with any of these a plan in the middle of a canary would not be empty.
    ignore_changes = [
      filename,
      image_uri,
      s3_bucket,
      s3_key,
      s3_object_version,
      source_code_hash,
    ]

    precondition {
      condition     = length(local.function_name) <= 64
      error_message = "Function name ${local.function_name} has ${length(local.function_name)} characters; Lambda allows 64. Shorten the service's folder name."
    }
  }

  # Otherwise Lambda makes the group itself, without a key or a retention.
  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.execution]
}

resource "aws_lambda_alias" "live" {
  name             = local.alias
  description      = "What callers use; CodeDeploy moves it from version to version."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [
      function_version,
      routing_config,
    ]
  }
}
