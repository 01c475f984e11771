locals {
  group = "live"

  # The old tasks stay for the whole bake, so that going back is a matter of the listener alone, and a little longer for a
  # verdict at its end.
  termination_wait_minutes = min(var.release.bake_minutes + 5, 2880)
}

resource "aws_codedeploy_app" "this" {
  name             = local.name
  compute_platform = "ECS"

  tags = local.tags
}

resource "aws_codedeploy_deployment_group" "live" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = local.group
  deployment_config_name = var.deployment_configs[var.release.strategy]
  service_role_arn       = aws_iam_role.deployment.arn

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = local.termination_wait_minutes
    }
  }

  ecs_service {
    cluster_name = var.cluster_name
    service_name = aws_ecs_service.this.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [aws_lb_listener.production.arn]
      }

      test_traffic_route {
        listener_arns = [aws_lb_listener.test.arn]
      }

      target_group {
        name = aws_lb_target_group.this["blue"].name
      }

      target_group {
        name = aws_lb_target_group.this["green"].name
      }
    }
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
