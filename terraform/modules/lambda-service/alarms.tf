locals {
  alarms = {
    error-rate = {
      description = "${var.alarms.error_rate_percent} % or more of ${var.service}'s requests failed in ${var.alarms.datapoints} of ${var.alarms.periods} minutes with ${var.alarms.minimum_requests} requests or more."
      expression  = "IF(invocations >= ${var.alarms.minimum_requests}, 100 * errors / invocations, 0)"
      threshold   = var.alarms.error_rate_percent
      datapoints  = var.alarms.datapoints
      periods     = var.alarms.periods
      # CodeDeploy goes back by itself, and few are hurt: for somebody to look at today.
      severity = "warning"
    }
    # Without a minimum: a service with little traffic that fails altogether must not pass.
    backstop = {
      description = "${var.alarms.backstop_error_rate_percent} % or more of ${var.service}'s requests failed in two minutes running."
      expression  = "100 * errors / invocations"
      threshold   = var.alarms.backstop_error_rate_percent
      datapoints  = 2
      periods     = 2
      # Nothing may be left to go back to, and everybody is hurt: for somebody to look at now.
      severity = "critical"
    }
  }

  alarm_names = [for key in sort(keys(local.alarms)) : "${local.name}-${local.alias}-${key}"]

  # What every caller of the alias meets, both versions together. Other dimensions than these find no data, and an alarm
  # without data never stops anything (Lambda developer guide, "Using CloudWatch metrics"). A hook is called without its
  # alias: CodeDeploy's AppSpec names a function.
  traffic_dimensions = merge(
    { FunctionName = local.function_name },
    var.codedeploy_hook ? {} : { Resource = "${local.function_name}:${local.alias}" },
  )
}

resource "aws_cloudwatch_metric_alarm" "live" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${local.alias}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  datapoints_to_alarm = each.value.datapoints
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arns[each.value.severity]]
  ok_actions          = [var.topic_arns[each.value.severity]]

  metric_query {
    id          = "rate"
    expression  = each.value.expression
    label       = "Errors per request, in percent"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = local.traffic_dimensions
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "invocations"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = local.traffic_dimensions
      period      = 60
      stat        = "Sum"
    }
  }

  tags = local.tags
}
