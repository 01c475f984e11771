# A function gets the names of its secrets and may read them; nobody sees a value.
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

run "secrets" {
  command = apply

  variables {
    secret_statements = [{
      Sid      = "ReadOwnSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"]
    }]
    secrets = [{
      arn      = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"
      id       = "lockgate-local/x/key"
      key      = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
      name     = "key"
      store    = "secrets_manager"
      variable = "KEY"
    }]
  }

  assert {
    condition     = one(aws_lambda_function.this.environment).variables["KEY"] == "lockgate-local/x/key"
    error_message = "The variable must have the name, which says nothing to who may not read the secret."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if try(statement.Sid, "") == "ReadOwnSecrets"
    ]) == ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"]
    error_message = "The function must be allowed to read it."
  }

  assert {
    condition = [for secret in jsondecode(aws_ssm_parameter.contract.value).secrets : secret] == [{
      id       = "lockgate-local/x/key"
      key      = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
      name     = "key"
      store    = "secrets_manager"
      variable = "KEY"
    }]
    error_message = "A release must know which secrets need a value."
  }
}

run "no_secrets" {
  command = apply

  assert {
    condition     = jsondecode(aws_ssm_parameter.contract.value).secrets == []
    error_message = "Without secrets the contract has none."
  }
}
