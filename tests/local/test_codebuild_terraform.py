"""CodeBuild's resources of the unmodified Terraform provider: a second plan is empty, whatever they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.codebuild_world import World
from tests.local.root_module import RootModule

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(580)]

ROLE = """
locals {{
  role = "arn:aws:iam::{account}:role/codebuild"
}}
"""

FULL = """
resource "aws_codebuild_project" "full" {
  name                   = "full"
  description            = "Builds everything"
  service_role           = local.role
  build_timeout          = 30
  queued_timeout         = 60
  concurrent_build_limit = 3
  encryption_key         = "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"
  tags                   = { team = "a" }

  source {
    type      = "S3"
    location  = "bucket/sources/one.zip"
    buildspec = "buildspec.yml"
  }

  secondary_sources {
    type              = "S3"
    location          = "bucket/sources/two.zip"
    source_identifier = "two"
  }

  artifacts {
    type                   = "S3"
    location               = "bucket"
    path                   = "artifacts"
    name                   = "bundle"
    namespace_type         = "BUILD_ID"
    packaging              = "ZIP"
    override_artifact_name = true
  }

  secondary_artifacts {
    type                = "S3"
    location            = "bucket"
    name                = "second"
    artifact_identifier = "second"
  }

  cache {
    type  = "LOCAL"
    modes = ["LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"]
  }

  environment {
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    type            = "ARM_CONTAINER"
    privileged_mode = true

    environment_variable {
      name  = "PLAIN"
      value = "1"
    }

    environment_variable {
      name  = "SECRET"
      type  = "SECRETS_MANAGER"
      value = "secret:key"
    }

    environment_variable {
      name  = "PARAMETER"
      type  = "PARAMETER_STORE"
      value = "/name"
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name  = "/lockgate/build"
      stream_name = "build"
    }
    s3_logs {
      status   = "ENABLED"
      location = "bucket/logs"
    }
  }

  vpc_config {
    vpc_id             = "vpc-12345678"
    subnets            = ["subnet-12345678"]
    security_group_ids = ["sg-12345678"]
  }

  build_batch_config {
    service_role      = local.role
    timeout_in_mins   = 60
    combine_artifacts = true
    restrictions {
      maximum_builds_allowed = 10
      compute_types_allowed  = ["BUILD_GENERAL1_SMALL"]
    }
  }
}
"""

GROUPS = """
resource "aws_codebuild_report_group" "tests" {
  name = "tests"
  type = "TEST"
  tags = { team = "a" }
  export_config {
    type = "NO_EXPORT"
  }
}

resource "aws_codebuild_report_group" "exported" {
  name           = "exported"
  type           = "TEST"
  delete_reports = true
  export_config {
    type = "S3"
    s3_destination {
      bucket         = "bucket"
      packaging      = "ZIP"
      path           = "reports"
      encryption_key = "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"
    }
  }
}
"""


def _other_tags(text: str) -> str:
    return text.replace('{ team = "a" }', '{ team = "b", more = "1" }')


CHANGED = (
    _other_tags(FULL)
    .replace("queued_timeout         = 60", "queued_timeout = 90")
    .replace('value = "1"', 'value = "2"')
    .replace('"/lockgate/build"', '"/lockgate/other"')
    .replace("maximum_builds_allowed = 10", "maximum_builds_allowed = 5")
)

BARE = """
resource "aws_codebuild_project" "full" {
  name         = "full"
  service_role = local.role

  source {
    type      = "NO_SOURCE"
    buildspec = "version: 0.2\\nphases: { build: { commands: [true] } }"
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }
}
"""


def named(name: str, project: str) -> str:
    """A project under another name."""
    return project.replace('"full"', f'"{name}"')


def test_second_plans_are_empty(endpoint: str, tmp_path: Path) -> None:
    """Whatever a project says first, and whatever it says then: more, less, or something else."""
    world = World(endpoint)
    stack = RootModule(tmp_path, world.account, world.endpoint, "codebuild")
    (tmp_path / "role.tf").write_text(ROLE.format(account=world.account))
    stack.apply(named("less", FULL) + named("more", BARE) + named("other", FULL) + GROUPS)
    stack.apply(named("less", BARE) + named("more", FULL) + named("other", CHANGED) + _other_tags(GROUPS))
    found = world.codebuild.batch_get_projects(names=["less", "more", "other"])["projects"]
    less, more, other = found
    assert "vpcConfig" not in less
    assert "buildBatchConfig" not in less
    assert (more["queuedTimeoutInMinutes"], other["queuedTimeoutInMinutes"]) == (60, 90)
    groups = [each["logsConfig"]["cloudWatchLogs"].get("groupName") for each in found]
    assert groups == [None, "/lockgate/build", "/lockgate/other"]
    stack.run("destroy", "-auto-approve")
    assert world.codebuild.list_projects()["projects"] == []
    assert world.codebuild.list_report_groups()["reportGroups"] == []
