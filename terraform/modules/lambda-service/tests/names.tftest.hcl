# Names that people and other tools know a service by.
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

run "service" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.function_name == "lockgate-local-hello-api"
      && aws_codedeploy_app.this.name == "lockgate-local-hello-api"
      && aws_codedeploy_deployment_group.live.deployment_group_name == "live"
      && aws_lambda_alias.live.name == "live"
      && aws_cloudwatch_log_group.function.name == "/aws/lambda/lockgate-local-hello-api"
    )
    error_message = "Everything is named <platform>-<environment>-<service>."
  }
}

run "hook" {
  command = plan

  variables {
    codedeploy_hook = true
    service         = "release-hook"
  }

  assert {
    condition = (
      aws_lambda_function.this.function_name == "CodeDeployHook_lockgate-local-release-hook"
      && aws_cloudwatch_log_group.function.name == "/aws/lambda/CodeDeployHook_lockgate-local-release-hook"
    )
    error_message = "CodeDeploy's managed role invokes only functions named CodeDeployHook_*."
  }

  assert {
    condition     = aws_codedeploy_app.this.name == "lockgate-local-release-hook"
    error_message = "The prefix is the function's alone."
  }
}

run "longest_names_fit" {
  command = plan

  variables {
    name_prefix = "abcdefghijkl-abcdefghijkl"
    service     = "abcdefghijklmnopqrstuvwxyz12345"
  }

  assert {
    condition     = length(aws_iam_role.deployment.name) <= 64 && length(aws_iam_role.execution.name) <= 64
    error_message = "IAM allows 64 characters."
  }
}

run "hook_with_too_long_a_name" {
  command = plan

  variables {
    codedeploy_hook = true
    name_prefix     = "abcdefghijkl-abcdefghijkl"
    service         = "abcdefghijklmnopqrstuvwxyz12345"
  }

  expect_failures = [aws_lambda_function.this]
}
