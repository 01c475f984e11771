"""An ECS service of the unmodified Terraform provider: a second plan is empty, also after a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.codedeploy_world import until
from tests.local.ecs_world import EcsWorld, ecs_settings, served
from tests.local.root_module import RootModule

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(580)]

NETWORK = """
data "aws_lb" "lb" {
  name = "web"
}

resource "aws_lb_target_group" "group" {
  for_each    = toset(["blue", "green"])
  name        = each.key
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-1"

  health_check {
    path     = "/health"
    interval = 5
    timeout  = 2
  }
}

resource "aws_lb_listener" "listener" {
  for_each          = toset(["80", "8080"])
  load_balancer_arn = data.aws_lb.lb.arn
  port              = each.key
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.group["blue"].arn
  }

  lifecycle {
    ignore_changes = [default_action]
  }
}
"""

SERVICE = """
resource "aws_ecs_cluster" "cluster" {
  name = "cluster"
}

resource "aws_ecs_task_definition" "template" {
  family                   = "web"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions = jsonencode([{
    name         = "app"
    image        = "app"
    essential    = true
    portMappings = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }]
    environment  = [{ name = "BODY", value = "1" }]
  }])
}

resource "aws_ecs_service" "service" {
  name             = "web"
  cluster          = aws_ecs_cluster.cluster.arn
  task_definition  = aws_ecs_task_definition.template.arn
  desired_count    = 2
  launch_type      = "FARGATE"
  platform_version = "LATEST"
  propagate_tags   = "SERVICE"
  tags             = { team = "a" }

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  network_configuration {
    subnets = ["subnet-1", "subnet-2"]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.group["blue"].arn
    container_name   = "app"
    container_port   = 8080
  }

  lifecycle {
    ignore_changes = [
      capacity_provider_strategy,
      desired_count,
      load_balancer,
      network_configuration,
      platform_version,
      task_definition,
    ]
  }

  depends_on = [aws_lb_listener.listener]
}

resource "aws_codedeploy_app" "app" {
  name             = "app"
  compute_platform = "ECS"
}

resource "aws_iam_role" "codedeploy" {
  name = "codedeploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
    }]
  })
}

resource "aws_codedeploy_deployment_group" "group" {
  app_name               = aws_codedeploy_app.app.name
  deployment_group_name  = "live"
  deployment_config_name = "CodeDeployDefault.ECSAllAtOnce"
  service_role_arn       = aws_iam_role.codedeploy.arn

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }
    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 5
    }
  }

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = aws_ecs_cluster.cluster.name
    service_name = aws_ecs_service.service.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [aws_lb_listener.listener["80"].arn]
      }
      test_traffic_route {
        listener_arns = [aws_lb_listener.listener["8080"].arn]
      }
      target_group {
        name = aws_lb_target_group.group["blue"].name
      }
      target_group {
        name = aws_lb_target_group.group["green"].name
      }
    }
  }
}
"""


def test_a_plan_is_empty_after_a_deployment(tmp_path: Path) -> None:
    """The load balancer is made without Terraform, whose provider waits a minute for one in any case."""
    folder = tmp_path / "module"
    folder.mkdir()
    with served(ecs_settings(tmp_path / "localaws")) as endpoint:
        world = EcsWorld(endpoint)
        world.load_balancer()
        module = RootModule(folder, world.account, endpoint, "codedeploy", "ec2", "ecs", "elbv2")
        module.apply(NETWORK + SERVICE)
        until(lambda: world.answers() == {"1"}, "version 1 answers")
        assert world.ended(world.release(world.definition("2")))["status"] == "Succeeded"
        assert (world.sets()["PRIMARY"], world.answers()) == ("2", {"2"})
        module.run("plan", "-detailed-exitcode")
