# Requests reach the alias, and only the alias.
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

run "integration_is_the_alias" {
  command = apply

  variables {
    routes = ["GET /hello", "POST /hello"]
  }

  assert {
    condition     = aws_apigatewayv2_integration.live["http"].integration_uri == aws_lambda_alias.live.invoke_arn
    error_message = "An integration with the function would pass a canary by."
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route.this)) == toset(["GET /hello", "POST /hello"])
    error_message = "Each declared route, and no other."
  }

  assert {
    condition     = output.api_url == "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
    error_message = "The address must be the API's."
  }
}

run "permission_is_for_the_alias" {
  command = apply

  variables {
    routes = ["GET /hello"]
  }

  assert {
    condition = (
      aws_lambda_permission.api["http"].qualifier == "live"
      && aws_lambda_permission.api["http"].principal == "apigateway.amazonaws.com"
      && aws_lambda_permission.api["http"].source_arn == "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/*/*"
    )
    error_message = "API Gateway may invoke the alias `live`, for this API only."
  }
}

run "access_is_logged" {
  command = apply

  variables {
    routes = ["GET /hello"]
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.default["http"].access_log_settings).destination_arn == aws_cloudwatch_log_group.api["http"].arn
    error_message = "Access must be logged."
  }
}

run "no_routes_no_api" {
  command = plan

  assert {
    condition     = length(aws_apigatewayv2_api.this) + length(aws_lambda_permission.api) + length(aws_apigatewayv2_stage.default) == 0
    error_message = "A service without routes has no API."
  }
}
