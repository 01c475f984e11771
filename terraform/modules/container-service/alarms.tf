locals {
  alarms = {
    error-rate = {
      description = "${var.alarms.error_rate_percent} % or more of ${var.service}'s requests failed in ${var.alarms.datapoints} of ${var.alarms.periods} minutes with ${var.alarms.minimum_requests} requests or more."
      expression  = "IF(requests >= ${var.alarms.minimum_requests}, 100 * FILL(errors, 0) / requests, 0)"
      threshold   = var.alarms.error_rate_percent
      datapoints  = var.alarms.datapoints
      periods     = var.alarms.periods
      # CodeDeploy goes back by itself, and few are hurt: for somebody to look at today.
      severity = "warning"
    }
    # Without a minimum: a service with little traffic that fails altogether must not pass.
    backstop = {
      description = "${var.alarms.backstop_error_rate_percent} % or more of ${var.service}'s requests failed in two minutes running."
      expression  = "100 * FILL(errors, 0) / requests"
      threshold   = var.alarms.backstop_error_rate_percent
      datapoints  = 2
      periods     = 2
      # Nothing may be left to go back to, and everybody is hurt: for somebody to look at now.
      severity = "critical"
    }
  }

  alarm_names = [for key in sort(keys(local.alarms)) : "${local.name}-${local.group}-${key}"]

  # What every caller meets, both versions together.
  load_balancer_dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
}

resource "aws_cloudwatch_metric_alarm" "live" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${local.group}-${each.key}"
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

  # Reported where there are any, and no zeros: hence FILL (ELB user guide, the metrics' reporting criteria).
  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = local.load_balancer_dimensions
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = local.load_balancer_dimensions
      period      = 60
      stat        = "Sum"
    }
  }

  tags = local.tags
}
