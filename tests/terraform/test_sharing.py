"""What environments share: Terraform and Python have the same rule and names, in both stacks."""

from __future__ import annotations

import json

import pytest

from lockgate.config import Project
from tests.terraform.toolchain import Copy, run_tests

pytestmark = pytest.mark.terraform

PLATFORM = """\
organisation: acme
name: shop
region: eu-west-1
environments:
  local:
    account_id: "111111111111"
    endpoint_url: http://127.0.0.1:4566
  dev:
    account_id: "222222222222"
  far:
    account_id: "333333333333"
    region: us-east-1
"""

TOOLING = {
    "without": "",
    "real": 'tooling: {account_id: "555555555555"}\n',
    "embedded": 'tooling: {account_id: "555555555555", endpoint_url: "http://127.0.0.1:4566/"}\n',
    "another embedded one": 'tooling: {account_id: "555555555555", endpoint_url: "http://127.0.0.1:4567"}\n',
    "another region": 'tooling: {account_id: "555555555555", region: us-east-1}\n',
}

SAME = """
run "{environment}" {{
  command = plan

  variables {{
    environment = "{environment}"
  }}

  assert {{
    condition = [
      local.shares_tooling, local.artifact_bucket, local.build_project,
    ] == [
      {shares}, "{bucket}", "{project}",
    ]
    error_message = jsonencode([local.shares_tooling, local.artifact_bucket, local.build_project])
  }}

  assert {{
    condition = [
      length(module.artifact_store), length(module.build_project),
    ] == [
      {own}, {own},
    ]
    error_message = "An environment has a store and builds of its own, or shares both."
  }}
}}
"""


@pytest.mark.parametrize("tooling", TOOLING.values(), ids=list(TOOLING))
def test_workload_shares_what_python_says(mocked_workload: Copy, tooling: str) -> None:
    (mocked_workload.root / "platform.yaml").write_text(PLATFORM + tooling)
    platform = Project(mocked_workload.root).platform
    runs = [
        SAME.format(
            environment=name,
            bucket=platform.artifact_bucket_of(name),
            project=platform.build_project_of(name),
            shares=str(platform.shares_tooling(name)).lower(),
            own=int(not platform.shares_tooling(name)),
        )
        for name in platform.environments
    ]
    ran = run_tests(mocked_workload, "stacks/workload", "".join(runs))
    assert ran.code == 0, ran.output


@pytest.mark.parametrize("tooling", [text for text in TOOLING.values() if text], ids=list(TOOLING)[1:])
def test_tooling_lets_in_whom_python_says(mocked_tooling: Copy, tooling: str) -> None:
    (mocked_tooling.root / "platform.yaml").write_text(PLATFORM + tooling)
    platform = Project(mocked_tooling.root).platform
    sharing = [name for name in sorted(platform.environments) if platform.shares_tooling(name)]
    accounts = [platform.environments[name].account_id for name in sharing]
    ran = run_tests(
        mocked_tooling,
        "stacks/tooling",
        f"""
run "same" {{
  command = plan

  assert {{
    condition = jsonencode([
      values(local.sharing), local.artifact_bucket, local.build_project, output.environments,
    ]) == jsonencode([
      {json.dumps(accounts)},
      "{platform.artifact_bucket_of("tooling")}",
      "{platform.build_project_of("tooling")}",
      {json.dumps(sharing)},
    ])
    error_message = jsonencode([local.sharing, local.artifact_bucket, local.build_project])
  }}
}}
""",
    )
    assert ran.code == 0, ran.output


def test_a_function_is_created_with_the_shared_bootstrap(mocked_workload: Copy) -> None:
    (mocked_workload.root / "platform.yaml").write_text(PLATFORM + TOOLING["real"])
    mocked_workload.add_service("hello", "kind: lambda\n")
    bucket = Project(mocked_workload.root).platform.artifact_bucket_of("dev")
    ran = run_tests(
        mocked_workload,
        "stacks/workload",
        f"""
run "applied" {{
  command = apply

  variables {{
    environment = "dev"
  }}

  assert {{
    condition     = local.bootstrap == {{ bucket = "{bucket}", key = "bootstrap/lambda-python.zip" }}
    error_message = "The bootstrap is known by name, not read from another stack's state."
  }}
}}

run "own" {{
  command = apply

  variables {{
    environment = "local"
  }}

  assert {{
    condition     = local.bootstrap == module.artifact_store[0].bootstrap
    error_message = "An environment's own store says where the bootstrap is."
  }}

  assert {{
    condition     = local.bootstrap.key == "bootstrap/lambda-python.zip"
    error_message = "The module makes the bootstrap where the other stack expects it."
  }}
}}
""",
    )
    assert ran.code == 0, ran.output
