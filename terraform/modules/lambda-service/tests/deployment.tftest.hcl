# How CodeDeploy moves traffic, and when it moves it back.
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

run "rolls_back_on_every_event" {
  command = plan

  assert {
    condition = one(aws_codedeploy_deployment_group.live.auto_rollback_configuration).events == toset([
      "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST",
    ])
    error_message = "A failure, an alarm and a stop must each roll back."
  }

  assert {
    condition     = one(aws_codedeploy_deployment_group.live.auto_rollback_configuration).enabled
    error_message = "Rolling back must be on."
  }
}

run "watches_every_alarm" {
  command = plan

  assert {
    condition = (
      one(aws_codedeploy_deployment_group.live.alarm_configuration).enabled
      && one(aws_codedeploy_deployment_group.live.alarm_configuration).alarms
      == toset([for alarm in aws_cloudwatch_metric_alarm.live : alarm.alarm_name])
    )
    error_message = "The group must list each alarm of the alias by its name."
  }

  assert {
    condition     = one(aws_codedeploy_deployment_group.live.alarm_configuration).ignore_poll_alarm_failure == false
    error_message = "A deployment must not go on blindly."
  }
}

run "shifts_traffic" {
  command = plan

  assert {
    condition = (
      one(aws_codedeploy_deployment_group.live.deployment_style).deployment_option == "WITH_TRAFFIC_CONTROL"
      && one(aws_codedeploy_deployment_group.live.deployment_style).deployment_type == "BLUE_GREEN"
    )
    error_message = "Lambda deployments are blue/green with traffic control."
  }

  assert {
    condition     = aws_codedeploy_app.this.compute_platform == "Lambda"
    error_message = "The application must be for Lambda."
  }
}

run "announces_itself" {
  command = plan

  assert {
    condition = {
      for trigger in aws_codedeploy_deployment_group.live.trigger_configuration : trigger.trigger_target_arn => trigger.trigger_events
      } == {
      "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"    = toset(["DeploymentStart", "DeploymentSuccess"])
      "arn:aws:sns:eu-west-1:111111111111:lockgate-local-warning" = toset(["DeploymentFailure", "DeploymentRollback", "DeploymentStop"])
    }
    error_message = "Each stage of a deployment must be announced to those whom it concerns."
  }
}

run "default_is_the_declared_strategy" {
  command = plan

  assert {
    condition     = aws_codedeploy_deployment_group.live.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    error_message = "The group must use the canary that it is given."
  }
}

run "linear" {
  command = plan

  variables {
    canary_configs = {}

    deployment_configs = {
      all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
      linear      = "lockgate-local-linear-20pct-3min"
    }

    release = {
      interval_minutes = 3
      percentage       = 20
      strategy         = "linear"
    }
  }

  assert {
    condition     = aws_codedeploy_deployment_group.live.deployment_config_name == "lockgate-local-linear-20pct-3min"
    error_message = "The group must use the linear configuration that it is given."
  }
}

run "all_at_once" {
  command = plan

  variables {
    canary_configs     = {}
    deployment_configs = { all_at_once = "CodeDeployDefault.LambdaAllAtOnce" }

    release = {
      interval_minutes = 5
      percentage       = 10
      strategy         = "all_at_once"
    }
  }

  assert {
    condition     = aws_codedeploy_deployment_group.live.deployment_config_name == "CodeDeployDefault.LambdaAllAtOnce"
    error_message = "all_at_once is CodeDeploy's own configuration."
  }
}
