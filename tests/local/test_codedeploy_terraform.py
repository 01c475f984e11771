"""CodeDeploy's resources of the unmodified Terraform provider: a second plan is empty, whatever they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.codedeploy_world import World
from tests.local.root_module import RootModule

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(580)]

BASE = """
resource "aws_codedeploy_app" "app" {
  name             = "app"
  compute_platform = "Lambda"
  tags             = { team = "a" }
}

resource "aws_codedeploy_deployment_config" "canary" {
  deployment_config_name = "canary"
  compute_platform       = "Lambda"
  traffic_routing_config {
    type = "TimeBasedCanary"
    time_based_canary {
      interval   = 5
      percentage = 10
    }
  }
}

resource "aws_codedeploy_deployment_config" "linear" {
  deployment_config_name = "linear"
  compute_platform       = "Lambda"
  traffic_routing_config {
    type = "TimeBasedLinear"
    time_based_linear {
      interval   = 1
      percentage = 20
    }
  }
}

resource "aws_codedeploy_deployment_config" "all" {
  deployment_config_name = "all"
  compute_platform       = "Lambda"
  traffic_routing_config { type = "AllAtOnce" }
}

resource "aws_codedeploy_deployment_config" "ecs" {
  deployment_config_name = "ecs"
  compute_platform       = "ECS"
  traffic_routing_config {
    type = "TimeBasedCanary"
    time_based_canary {
      interval   = 5
      percentage = 10
    }
  }
}

data "aws_caller_identity" "me" {}

locals {
  role = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/codedeploy"
}
"""

FULL = """
resource "aws_codedeploy_deployment_group" "group" {
  app_name               = aws_codedeploy_app.app.name
  deployment_group_name  = "live"
  deployment_config_name = aws_codedeploy_deployment_config.canary.id
  service_role_arn       = local.role
  tags                   = { team = "a" }

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  alarm_configuration {
    enabled = true
    alarms  = ["errors", "latency"]
  }

  trigger_configuration {
    trigger_name       = "all"
    trigger_target_arn = "arn:aws:sns:eu-west-1:111111111111:topic"
    trigger_events     = ["DeploymentStart", "DeploymentFailure"]
  }
}
"""

CHANGED = (
    FULL.replace("canary.id", "linear.id")
    .replace('["errors", "latency"]', '["errors"]')
    .replace('"DeploymentStart", ', "")
    .replace('"a" }', '"b" }')
)

BARE = """
resource "aws_codedeploy_deployment_group" "group" {
  app_name               = aws_codedeploy_app.app.name
  deployment_group_name  = "renamed"
  deployment_config_name = aws_codedeploy_deployment_config.all.id
  service_role_arn       = local.role

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }
}
"""


def test_second_plans_are_empty(endpoint: str, tmp_path: Path) -> None:
    world = World(endpoint)
    stack = RootModule(tmp_path, world.account, world.endpoint, "codedeploy")
    for text in (FULL, CHANGED, BARE, FULL):
        stack.apply(BASE + text)
    group = world.codedeploy.get_deployment_group(applicationName="app", deploymentGroupName="live")
    assert len(group["deploymentGroupInfo"]["alarmConfiguration"]["alarms"]) == 2
    stack.run("destroy", "-auto-approve")
    assert world.codedeploy.list_applications()["applications"] == []
    configs = world.codedeploy.list_deployment_configs()["deploymentConfigsList"]
    assert all(name.startswith("CodeDeployDefault.") for name in configs)
