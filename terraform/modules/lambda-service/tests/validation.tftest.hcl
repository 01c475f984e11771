# What must be refused.
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

run "account_id_of_other_length" {
  command = plan

  variables {
    account_id = "12"
  }

  expect_failures = [var.account_id]
}

run "unknown_architecture" {
  command = plan

  variables {
    architecture = "riscv"
  }

  expect_failures = [var.architecture]
}

run "long_description" {
  command = plan

  variables {
    description = join("", [for i in range(257) : "x"])
  }

  expect_failures = [var.description]
}

run "handler_without_function" {
  command = plan

  variables {
    handler = "app"
  }

  expect_failures = [var.handler]
}

run "hook_that_codedeploy_cannot_invoke" {
  command = plan

  variables {
    hook_function_name = "release-hook"
  }

  expect_failures = [var.hook_function_name]
}

run "service_key" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/lambda"
  }

  expect_failures = [var.kms_key_arn]
}

run "odd_retention" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}

run "too_little_memory" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "long_name_prefix" {
  command = plan

  variables {
    name_prefix = "abcdefghijklm-abcdefghijklm"
  }

  expect_failures = [var.name_prefix]
}

run "administrator" {
  command = plan

  variables {
    permissions = [{ actions = ["*"], resources = ["*"] }]
  }

  expect_failures = [var.permissions]
}

run "unknown_strategy" {
  command = plan

  variables {
    deployment_configs = { all_at_once = "CodeDeployDefault.LambdaAllAtOnce", blue = "blue" }
    release            = { strategy = "blue", percentage = 10, interval_minutes = 5 }
  }

  expect_failures = [var.release]
}

run "no_configuration_of_its_strategy" {
  command = plan

  variables {
    release = { strategy = "linear", percentage = 10, interval_minutes = 5 }
  }

  expect_failures = [var.deployment_configs]
}

run "no_configuration_to_go_back_with" {
  command = plan

  variables {
    deployment_configs = { canary = "CodeDeployDefault.LambdaCanary10Percent5Minutes" }
  }

  expect_failures = [var.deployment_configs]
}

run "no_canary_of_its_interval" {
  command = plan

  variables {
    release = { strategy = "canary", percentage = 10, interval_minutes = 15 }
  }

  expect_failures = [var.canary_configs]
}

run "route_without_method" {
  command = plan

  variables {
    routes = ["/hello"]
  }

  expect_failures = [var.routes]
}

run "other_runtime" {
  command = plan

  variables {
    runtime = "nodejs22.x"
  }

  expect_failures = [var.runtime]
}

run "service_with_capitals" {
  command = plan

  variables {
    service = "Hello"
  }

  expect_failures = [var.service]
}

run "timeout_beyond_lambda" {
  command = plan

  variables {
    timeout_seconds = 901
  }

  expect_failures = [var.timeout_seconds]
}

run "more_datapoints_than_periods" {
  command = plan

  variables {
    alarms = {
      backstop_error_rate_percent = 25
      datapoints                  = 4
      error_rate_percent          = 2
      minimum_requests            = 10
      periods                     = 3
    }
  }

  expect_failures = [var.alarms]
}

run "rate_above_all" {
  command = plan

  variables {
    alarms = {
      backstop_error_rate_percent = 125
      datapoints                  = 2
      error_rate_percent          = 2
      minimum_requests            = 10
      periods                     = 3
    }
  }

  expect_failures = [var.alarms]
}
