# The function as declared.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id      = "111111111111"
  artifact_bucket = "lockgate-local-artifacts-111111111111-eu-west-1"
  environment     = "local"
  kms_key_arn     = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name_prefix     = "lockgate-local"
  region          = "eu-west-1"
  service         = "hello-api"
  topic_arns = {
    critical = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-critical"
    info     = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
    warning  = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-warning"
  }

  alarms = {
    backstop_error_rate_percent = 25
    datapoints                  = 2
    error_rate_percent          = 2.5
    minimum_requests            = 10
    periods                     = 3
  }

  bootstrap = {
    bucket = "lockgate-local-artifacts-111111111111-eu-west-1"
    key    = "bootstrap/lambda-python.zip"
  }

  canary_configs = {
    5 = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
  }

  deployment_configs = {
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
    canary      = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
  }

  release = {
    interval_minutes = 5
    percentage       = 10
    strategy         = "canary"
  }
}

run "first_version_is_the_bootstrap" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.publish
      && aws_lambda_function.this.s3_bucket == "lockgate-local-artifacts-111111111111-eu-west-1"
      && aws_lambda_function.this.s3_key == "bootstrap/lambda-python.zip"
    )
    error_message = "A function is created with the bootstrap, published as version 1."
  }
}

run "configuration" {
  command = plan

  variables {
    architecture          = "x86_64"
    description           = "Says hello."
    environment_variables = { LOG_LEVEL = "INFO" }
    handler               = "main.run"
    log_retention_days    = 30
    memory_mb             = 512
    runtime               = "python3.13"
    timeout_seconds       = 20
  }

  assert {
    condition = (
      aws_lambda_function.this.architectures == tolist(["x86_64"])
      && aws_lambda_function.this.description == "Says hello."
      && aws_lambda_function.this.handler == "main.run"
      && aws_lambda_function.this.memory_size == 512
      && aws_lambda_function.this.runtime == "python3.13"
      && aws_lambda_function.this.timeout == 20
      && one(aws_lambda_function.this.environment).variables["LOG_LEVEL"] == "INFO"
      && aws_cloudwatch_log_group.function.retention_in_days == 30
    )
    error_message = "Configuration belongs to Terraform, all of it."
  }
}

run "knows_where_it_is" {
  command = plan

  assert {
    condition = one(aws_lambda_function.this.environment).variables == tomap({
      LOCKGATE_ENVIRONMENT    = "local"
      POWERTOOLS_SERVICE_NAME = "hello-api"
    })
    error_message = "Each function knows its environment and its service."
  }
}

run "declared_variables_win" {
  command = plan

  variables {
    environment_variables = { POWERTOOLS_SERVICE_NAME = "greeter" }
  }

  assert {
    condition     = one(aws_lambda_function.this.environment).variables["POWERTOOLS_SERVICE_NAME"] == "greeter"
    error_message = "A declared variable must win."
  }
}

run "variables_are_encrypted" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arn && aws_cloudwatch_log_group.function.kms_key_id == var.kms_key_arn
    error_message = "Variables and logs must be encrypted with the customer key."
  }
}
