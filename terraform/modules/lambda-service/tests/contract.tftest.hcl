# The parameter that a release reads.
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

run "complete" {
  command = apply

  variables {
    canary_configs = {
      5  = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
      60 = "lockgate-local-canary-10pct-60min"
    }

    hook_function_name = "CodeDeployHook_lockgate-local-release-hook"
    routes             = ["GET /hello"]
    smoke = [
      { name = "hello", event = { rawPath = "/hello" }, expect_status = 200 },
      { name = "queue", event = { Records = [1, "two"] } },
    ]
  }

  assert {
    condition     = aws_ssm_parameter.contract.name == "/lockgate/local/services/hello-api" && aws_ssm_parameter.contract.type == "String"
    error_message = "The parameter's name is fixed."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.contract.value) == {
      schema                 = 1
      kind                   = "lambda"
      service                = "hello-api"
      environment            = "local"
      function_name          = "lockgate-local-hello-api"
      alias                  = "live"
      codedeploy_application = "lockgate-local-hello-api"
      deployment_group       = "live"
      deployment_configs = {
        all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
        canary      = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
      }
      canary_configs = {
        "5"  = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        "60" = "lockgate-local-canary-10pct-60min"
      }
      alarms          = ["lockgate-local-hello-api-live-backstop", "lockgate-local-hello-api-live-error-rate"]
      hook_function   = "CodeDeployHook_lockgate-local-release-hook"
      artifact_bucket = "lockgate-local-artifacts-111111111111-eu-west-1"
      api_url         = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
      secrets         = []
      smoke = [
        { name = "hello", event = { rawPath = "/hello" }, expect_status = 200 },
        { name = "queue", event = { Records = [1, "two"] } },
      ]
      traffic = { strategy = "canary", percentage = 10, interval_minutes = 5 }
    }
    error_message = "The contract must be exactly what lockgate.contract reads."
  }
}

run "without_hook_and_routes" {
  command = plan

  variables {
    codedeploy_hook = true
    service         = "release-hook"
  }

  assert {
    condition = (
      jsondecode(aws_ssm_parameter.contract.value).hook_function == null
      && jsondecode(aws_ssm_parameter.contract.value).api_url == null
      && jsondecode(aws_ssm_parameter.contract.value).smoke == []
    )
    error_message = "What is not there must be null, and the list of smoke events empty."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.contract.value).function_name == "CodeDeployHook_lockgate-local-release-hook"
    error_message = "The contract must name the function as it is."
  }
}
