"""The stack with mocked providers: it reads declarations as Python does, and refuses what cannot work."""

from __future__ import annotations

import json

import pytest
import yaml

from localaws.codedeploy.configs import PREDEFINED
from lockgate.config.project import Project
from lockgate.config.service import AUTO_INTERVALS, Release
from lockgate.contract import ServiceContract, parse_service
from tests.terraform.hcl import ROOT
from tests.terraform.toolchain import Copy, Ran, run_tests

pytestmark = pytest.mark.terraform

STACK = "stacks/workload"

HELLO = """\
kind: lambda
description: Says hello.
routes: ["GET /hello"]
hook: checker
environment: {LOG_LEVEL: INFO, REGION: here}
alarms: {minimum_requests: 20}
secrets:
  database-password: {rotation: {days: 30, function: adaptive}}
  api-key: {store: parameter_store, variable: PARTNER}
smoke:
  - {name: hello, event: {rawPath: /hello}, expect_status: 200}
  - {name: queue, event: {Records: [1, two]}}
overrides:
  local:
    release: {interval_minutes: 1}
    environment: {LOG_LEVEL: DEBUG}
    memory_mb: 512
    secrets: {only-here: {description: Of this environment}, api-key: {}}
  prod:
    release: {strategy: linear, percentage: 20}
    alarms: {periods: 5}
    smoke: []
    hook: null
"""

CHECKER = """\
kind: lambda
codedeploy_hook: true
release: {strategy: all_at_once}
permissions:
  - actions: [codedeploy:PutLifecycleEventHookExecutionStatus]
    resources: ["arn:${partition}:codedeploy:${region}:${account_id}:deploymentgroup:${name_prefix}-*"]
"""


ADAPTIVE = """\
kind: lambda
release: {interval_minutes: auto, auto_longest_minutes: 240}
overrides:
  prod:
    release: {interval_minutes: 15}
"""

RELEASES = {
    "auto": "{interval_minutes: auto}",
    "auto-all": "{percentage: 25, interval_minutes: auto, auto_longest_minutes: 2880}",
    "auto-between": "{interval_minutes: auto, auto_shortest_minutes: 6, auto_longest_minutes: 100}",
    "auto-unwatched": "{strategy: all_at_once, interval_minutes: auto}",
    "default": "{}",
    "linear": "{strategy: linear, interval_minutes: 3}",
    "linear-own": "{strategy: linear, percentage: 20, interval_minutes: 7}",
    "own": "{percentage: 25, interval_minutes: 60}",
    "unwatched": "{strategy: all_at_once}",
}


@pytest.fixture
def empty(mocked_workload: Copy) -> Copy:
    """The stack with mocks, and without services."""
    return mocked_workload


@pytest.fixture
def stack(empty: Copy) -> Copy:
    """The stack with mocks and three services."""
    empty.add_service("hello", HELLO)
    empty.add_service("checker", CHECKER)
    empty.add_service("adaptive", ADAPTIVE)
    return empty


def _test(stack: Copy, run: str, *arguments: str) -> Ran:
    return run_tests(stack, STACK, run, *arguments)


def _expected(stack: Copy, environment: str) -> dict[str, object]:
    """Services as Python reads them, without what Terraform has no use for."""
    services = Project(stack.root).services(environment)
    return {
        name: service.model_dump(mode="json", exclude={"judge", "overrides"})
        for name, service in services.items()
    }


@pytest.mark.parametrize("environment", ["local", "prod"])
def test_services_are_what_python_makes_of_them(stack: Copy, environment: str) -> None:
    (stack.root / "expected.json").write_text(json.dumps(_expected(stack, environment)))
    ran = _test(
        stack,
        f"""
run "same" {{
  command = plan

  variables {{
    environment = "{environment}"
  }}

  assert {{
    condition = alltrue(flatten([
      for name, service in jsondecode(file("../../../expected.json")) : [
        for key, value in service :
        contains(["secrets", "smoke"], key) || jsonencode(local.services[name][key]) == jsonencode(value)
      ]
    ]))
    error_message = "Python: ${{file("../../../expected.json")}} Terraform: ${{jsonencode(local.services)}}"
  }}

  assert {{
    condition = alltrue([
      for name, service in jsondecode(file("../../../expected.json")) :
      jsonencode(service.secrets) == jsonencode(try(local.secrets[name], {{}}))
    ])
    error_message = "Python: ${{file("../../../expected.json")}} Terraform: ${{jsonencode(local.secrets)}}"
  }}

  assert {{
    condition     = toset(keys(local.services)) == toset(keys(jsondecode(file("../../../expected.json"))))
    error_message = "Terraform and Python must find the same services."
  }}

  assert {{
    condition = (
      local.account_id == "{Project(stack.root).platform.environments[environment].account_id}"
      && local.region == "{Project(stack.root).platform.region_of(environment)}"
    )
    error_message = "Terraform and Python must mean the same account and region."
  }}
}}
""",
    )
    assert ran.code == 0, ran.output


def test_platform_parameter_and_wiring(stack: Copy) -> None:
    ran = _test(
        stack,
        """
run "applied" {
  command = apply

  variables {
    environment = "local"
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.platform.value) == {
      schema            = 1
      environment       = "local"
      account_id        = "111111111111"
      region            = "eu-west-1"
      partition         = "aws"
      ledger_table      = "lockgate-local-ledger"
      artifact_bucket   = "lockgate-local-artifacts-111111111111-eu-west-1"
      event_bus         = "lockgate-local"
      # The mocks have one ARN for all topics.
      topics = {
        critical = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
        info     = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
        warning  = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
      }
    }
    error_message = "The platform's half of the contract must be complete."
  }

  assert {
    condition     = aws_ssm_parameter.platform.name == "/lockgate/local/platform"
    error_message = "The parameter's name is fixed."
  }

  assert {
    condition     = (
      local.hook_function_names["checker"] == null
      && local.hook_function_names["hello"] == "CodeDeployHook_lockgate-local-checker"
    )
    error_message = "The hook is wired by its function's name."
  }

  assert {
    condition = (
      keys(module.service_secrets) == ["hello"]
      && module.service_secrets["hello"].secrets[*].name == ["api-key", "database-password", "only-here"]
      && keys(module.secret_rotation) == ["hello/database-password"]
      && module.secret_rotation["hello/database-password"].days == 30
    )
    error_message = "A service's secrets are made, and those that declare it rotate."
  }

  assert {
    condition     = module.lambda_service["checker"].function_name == "CodeDeployHook_lockgate-local-checker"
    error_message = "The function must have the name that the other service uses."
  }
}
""",
    )
    assert ran.code == 0, ran.output


NOTIFIED = """
run "{environment}" {{
  command = plan

  variables {{
    environment = "{environment}"
  }}

  assert {{
    condition     = (length(module.notifier) == 1) == {notified}
    error_message = "Who reads the queue: ${{jsonencode(local.notifications)}}"
  }}

  assert {{
    condition     = local.webhook == {webhook}
    error_message = "Webhook: ${{jsonencode(local.webhook)}}"
  }}

  assert {{
    condition     = try(local.notifications.email.critical, []) == {critical}
    error_message = "E-mail: ${{jsonencode(local.notifications)}}"
  }}
}}
"""


def test_who_is_told_is_what_the_environment_says_else_the_platform(empty: Copy) -> None:
    empty.add_service("notifier", (ROOT / "lambdas/notifier/service.yaml").read_text())
    path = empty.root / "platform.yaml"
    platform = yaml.safe_load(path.read_text())
    platform["notifications"] = {"webhook": "slack", "email": {"critical": ["a@example.com"]}}
    platform["environments"]["local"]["notifications"] = {}
    platform["environments"]["staging"]["notifications"] = {"email": {"critical": ["b@example.com"]}}
    path.write_text(yaml.safe_dump(platform, sort_keys=False))
    runs = [
        ("dev", "true", '"slack"', '["a@example.com"]'),
        ("staging", "true", "null", '["b@example.com"]'),
        # An embedded AWS has no queue unless somebody wants to see one.
        ("local", "false", "null", "[]"),
    ]
    names = ("environment", "notified", "webhook", "critical")
    ran = _test(empty, "".join(NOTIFIED.format(**dict(zip(names, run, strict=True))) for run in runs))
    assert ran.code == 0, ran.output


def test_contract_has_the_configurations_that_the_declarations_ask_for(empty: Copy) -> None:
    for name, declaration in RELEASES.items():
        empty.add_service(name, f"kind: lambda\nrelease: {declaration}\n")
    made, contracts = _applied(empty)
    declared = {name: service.release for name, service in Project(empty.root).services("local").items()}
    assert set(contracts) == set(declared) == set(RELEASES)
    wanted = {"CodeDeployDefault.LambdaAllAtOnce"}
    for name, contract in contracts.items():
        release = declared[name]
        minutes = _minutes(release)
        canaries = {number: _config(release, number) for number in minutes}
        assert contract.canary_configs == (canaries if release.strategy == "canary" else {}), name
        expected = {"all_at_once": "CodeDeployDefault.LambdaAllAtOnce"}
        if release.strategy != "all_at_once":
            expected[release.strategy] = _config(release, minutes[0])
            wanted |= set(canaries.values())
        assert contract.deployment_configs == expected, name
        traffic = (contract.traffic.strategy, contract.traffic.percentage, contract.traffic.interval_minutes)
        assert traffic == (release.strategy, release.percentage, minutes[0]), name
    assert set(contracts["auto-all"].canary_configs) == set(AUTO_INTERVALS)
    assert sorted(made) == sorted(wanted - set(PREDEFINED))


def _minutes(release: Release) -> list[int]:
    return release.auto_intervals() if release.interval_minutes == "auto" else [release.interval_minutes]


def _config(release: Release, minutes: int) -> str:
    """The predefined configuration of these numbers, else the platform's own."""
    kind = release.strategy
    numbers = {f"{kind}Percentage": release.percentage, f"{kind}Interval": minutes}
    predefined = [
        name
        for name, config in PREDEFINED.items()
        if config["computePlatform"] == "Lambda"
        and config["trafficRoutingConfig"].get(f"timeBased{kind.title()}") == numbers
    ]
    return predefined[0] if predefined else f"lockgate-local-{kind}-{release.percentage}pct-{minutes}min"


def _applied(stack: Copy) -> tuple[list[str], dict[str, ServiceContract]]:
    """Names of the configurations that the stack makes, and what it writes for each service."""
    run = """
run "applied" {
  command = apply

  variables {
    environment = "local"
  }
}
"""
    ran = _test(stack, run, "-verbose", "-json")
    assert ran.code == 0, ran.output
    messages = [json.loads(line) for line in ran.output.splitlines()]
    (state,) = [message["test_state"] for message in messages if "test_state" in message]
    resources = [item for module in state["root_module"]["child_modules"] for item in module["resources"]]
    made = [
        item["values"]["deployment_config_name"]
        for item in resources
        if item["type"] == "aws_codedeploy_deployment_config"
    ]
    contracts = [
        parse_service(item["values"]["name"], item["values"]["value"])
        for item in resources
        if item["type"] == "aws_ssm_parameter"
    ]
    return made, {contract.service: contract for contract in contracts}


def test_dashboards_are_as_many_as_an_environment_wants(stack: Copy) -> None:
    platform = yaml.safe_load((stack.root / "platform.yaml").read_text())
    wanted = {"local": "services", "dev": "environment", "prod": "none"}
    for name, dashboards in wanted.items():
        platform["environments"][name]["dashboards"] = dashboards
    (stack.root / "platform.yaml").write_text(yaml.safe_dump(platform))
    expected = {
        "local": ["lockgate-local", *(f"lockgate-local-{name}" for name in ("adaptive", "checker", "hello"))],
        "dev": ["lockgate-dev"],
        "prod": [],
    }
    ran = _test(stack, "\n".join(_dashboards_of(name, names) for name, names in expected.items()))
    assert ran.code == 0, ran.output


def _dashboards_of(environment: str, names: list[str]) -> str:
    return f"""
run "{environment}" {{
  command = plan

  variables {{
    environment = "{environment}"
  }}

  assert {{
    condition     = jsonencode(output.dashboards) == jsonencode({json.dumps(names)})
    error_message = jsonencode(output.dashboards)
  }}
}}
"""


def test_unknown_environment_is_refused(stack: Copy) -> None:
    ran = _test(
        stack,
        """
run "refused" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}
""",
    )
    assert ran.code == 0, ran.output


def test_hook_that_is_none_is_refused(stack: Copy) -> None:
    stack.add_service("other", "kind: lambda\nhook: hello\n")
    ran = _test(
        stack,
        """
run "refused" {
  command = plan

  variables {
    environment = "local"
  }

  expect_failures = [aws_ssm_parameter.platform]
}
""",
    )
    assert ran.code == 0, ran.output


def test_an_environment_without_services_can_be_planned(empty: Copy) -> None:
    ran = _test(empty, _plan_of("dev"))
    assert ran.code == 0, ran.output


def test_the_repository_itself_can_be_planned_for_each_environment(empty: Copy) -> None:
    for path in (ROOT / "lambdas").glob("*/service.yaml"):
        empty.add_service(path.parent.name, path.read_text())
    ran = _test(empty, "\n".join(_plan_of(name) for name in Project(ROOT).platform.environments))
    assert ran.code == 0, ran.output


def _plan_of(environment: str) -> str:
    return f"""
run "{environment}" {{
  command = plan

  variables {{
    environment = "{environment}"
  }}

  assert {{
    condition     = aws_ssm_parameter.platform.name == "/lockgate/{environment}/platform"
    error_message = "Each environment has a contract of its own."
  }}
}}
"""
