locals {
  # At most 2,880 minutes may pass from the first shift to the last. service.yaml is checked for that when its strategy
  # is linear; here the configuration that it does not use is kept valid too.
  linear_steps   = ceil(100 / var.release.percentage) - 1
  linear_minutes = min(var.release.interval_minutes, floor(2880 / local.linear_steps))

  deployment_configs = {
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
    canary      = aws_codedeploy_deployment_config.canary.deployment_config_name
    linear      = aws_codedeploy_deployment_config.linear.deployment_config_name
  }
}

resource "aws_codedeploy_app" "this" {
  name             = local.name
  compute_platform = "Lambda"
}

# Configurations cannot be changed: other numbers are another name, made before the old one goes.
resource "aws_codedeploy_deployment_config" "canary" {
  deployment_config_name = "${local.name}-canary-${var.release.percentage}pct-${var.release.interval_minutes}min"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      interval   = var.release.interval_minutes
      percentage = var.release.percentage
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_codedeploy_deployment_config" "linear" {
  deployment_config_name = "${local.name}-linear-${var.release.percentage}pct-${local.linear_minutes}min"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedLinear"

    time_based_linear {
      interval   = local.linear_minutes
      percentage = var.release.percentage
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_codedeploy_deployment_group" "live" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = local.alias
  deployment_config_name = local.deployment_configs[var.release.strategy]
  service_role_arn       = aws_iam_role.deployment.arn

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  # Each event stands for itself: DEPLOYMENT_FAILURE alone does nothing when an alarm or a person stops a deployment.
  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  alarm_configuration {
    enabled                   = true
    alarms                    = local.alarm_names
    ignore_poll_alarm_failure = false
  }

  trigger_configuration {
    trigger_name       = "releases"
    trigger_target_arn = var.topic_arn
    trigger_events = [
      "DeploymentFailure",
      "DeploymentRollback",
      "DeploymentStart",
      "DeploymentStop",
      "DeploymentSuccess",
    ]
  }

  # A group with an alarm that does not exist yet would stop its first deployment.
  depends_on = [
    aws_cloudwatch_metric_alarm.live,
    aws_iam_role_policy.deployment,
    aws_iam_role_policy_attachment.deployment,
  ]
}
