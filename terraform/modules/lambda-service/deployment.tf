resource "aws_codedeploy_app" "this" {
  name             = local.name
  compute_platform = "Lambda"

  tags = local.tags
}

resource "aws_codedeploy_deployment_group" "live" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = local.alias
  deployment_config_name = var.deployment_configs[var.release.strategy]
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
    trigger_name       = "progress"
    trigger_target_arn = var.topic_arns["info"]
    trigger_events     = ["DeploymentStart", "DeploymentSuccess"]
  }

  # A warning at most: what failed has gone back by then. A release that could not go back says so itself.
  trigger_configuration {
    trigger_name       = "trouble"
    trigger_target_arn = var.topic_arns["warning"]
    trigger_events     = ["DeploymentFailure", "DeploymentRollback", "DeploymentStop"]
  }

  tags = local.tags

  # A group with an alarm that does not exist yet would stop its first deployment.
  depends_on = [
    aws_cloudwatch_metric_alarm.live,
    aws_iam_role_policy.deployment,
    aws_iam_role_policy_attachment.deployment,
  ]
}
