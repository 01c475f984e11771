# The alarms see what callers of the alias meet.
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

run "dimensions_are_the_alias" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for alarm in aws_cloudwatch_metric_alarm.live : [
        for query in alarm.metric_query : [
          for metric in query.metric : metric.dimensions == tomap({
            FunctionName = "lockgate-local-hello-api"
            Resource     = "lockgate-local-hello-api:live"
          })
        ]
      ]
    ]))
    error_message = "With other dimensions an alarm has no data, and everything is promoted."
  }
}

run "error_rate_by_metric_math" {
  command = plan

  assert {
    condition = one([
      for query in aws_cloudwatch_metric_alarm.live["error-rate"].metric_query : query.expression if query.return_data == true
    ]) == "IF(invocations >= 10, 100 * errors / invocations, 0)"
    error_message = "The alarm must look at a rate, and only from the least number of requests on."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.live :
      { for query in alarm.metric_query : query.id => "${one(query.metric).namespace}/${one(query.metric).metric_name}/${one(query.metric).stat}/${one(query.metric).period}" if length(query.metric) > 0 } == {
        errors      = "AWS/Lambda/Errors/Sum/60"
        invocations = "AWS/Lambda/Invocations/Sum/60"
      }
    ])
    error_message = "The rate is made of the sums of a minute."
  }
}

run "m_of_n" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.live["error-rate"].datapoints_to_alarm == 2
      && aws_cloudwatch_metric_alarm.live["error-rate"].evaluation_periods == 3
      && aws_cloudwatch_metric_alarm.live["error-rate"].threshold == 2.5
    )
    error_message = "The error rate must be bad in 2 of 3 minutes."
  }
}

run "absolute_backstop" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.live["backstop"].datapoints_to_alarm == 2
      && aws_cloudwatch_metric_alarm.live["backstop"].evaluation_periods == 2
      && aws_cloudwatch_metric_alarm.live["backstop"].threshold == 25
    )
    error_message = "The backstop must be bad in two minutes running."
  }

  assert {
    condition = one([
      for query in aws_cloudwatch_metric_alarm.live["backstop"].metric_query : query.expression if query.return_data == true
    ]) == "100 * errors / invocations"
    error_message = "The backstop must see a service with little traffic too."
  }
}

run "silence_is_not_an_error" {
  command = plan

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.live : alarm.treat_missing_data == "notBreaching"])
    error_message = "Minutes without requests must not stop a deployment."
  }
}

run "announced" {
  command = plan

  assert {
    condition = alltrue([
      for key, severity in { backstop = "critical", error-rate = "warning" } :
      aws_cloudwatch_metric_alarm.live[key].alarm_actions == toset([var.topic_arns[severity]])
      && aws_cloudwatch_metric_alarm.live[key].ok_actions == toset([var.topic_arns[severity]])
    ])
    error_message = "Each alarm must say when it goes red, and when it is over, to those whom it concerns."
  }
}

run "of_a_hook" {
  command = plan

  variables {
    codedeploy_hook = true
    service         = "release-hook"
  }

  assert {
    condition = alltrue(flatten([
      for alarm in aws_cloudwatch_metric_alarm.live : [
        for query in alarm.metric_query : [
          for metric in query.metric : metric.dimensions == tomap({ FunctionName = "CodeDeployHook_lockgate-local-release-hook" })
        ]
      ]
    ]))
    error_message = "CodeDeploy calls a hook by its function's name, without the alias: only what has no other dimension counts it."
  }

  assert {
    condition     = contains(keys(aws_cloudwatch_metric_alarm.live), "error-rate") && aws_cloudwatch_metric_alarm.live["error-rate"].alarm_name == "lockgate-local-release-hook-live-error-rate"
    error_message = "Alarms are named after the service."
  }
}
