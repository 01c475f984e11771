"""Declarations: what is wrong is said with file, line, key and what is allowed."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lockgate.config import ContainerService, LambdaService, Project, schemas
from lockgate.config.judge import POLICY_FIELDS, JudgeSettings
from lockgate.errors import UsageError
from lockgate.judge import JudgePolicy
from lockgate.release.waves import waves

PLATFORM = """\
organisation: acme
region: eu-west-1
environments:
  local:
    account_id: "111111111111"
    endpoint_url: http://127.0.0.1:4566
    minute_seconds: 5
  prod:
    account_id: "444444444444"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return Project(tmp_path)


def service(project: Project, name: str, text: str = "kind: lambda\n", folders: str = "lambdas") -> None:
    folder = project.root / folders / name
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(text)


def error_of(project: Project) -> str:
    with pytest.raises(UsageError) as caught:
        assert project.platform
        assert project.declared
    return caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("region: eu-west-1", "regoin: eu-west-1", "platform.yaml:2: regoin: unknown key; allowed here: "),
        ("organisation: acme\n", "", "platform.yaml:1: organisation: is required"),
        ('"444444444444"', '"44"', "platform.yaml:9: environments.prod.account_id: '44' does not match"),
        (
            '"444444444444"',
            "44",
            "platform.yaml:9: environments.prod.account_id: Input should be a valid string",
        ),
        (
            "region: eu-west-1\n",
            "region: eu-west-1\nnotifications: {webhook: irc}\n",
            "platform.yaml:3: notifications.webhook: Input should be 'slack', 'teams' or 'json'",
        ),
        (
            '"444444444444"',
            '"444444444444"\n    notifications: {email: {critical: [nobody]}}',
            "platform.yaml:10: environments.prod.notifications.email.critical.0: 'nobody' does not match",
        ),
        ("minute_seconds: 5", "minute_seconds: 0", "platform.yaml:7: environments.local.minute_seconds"),
        ("  prod:", "  PROD:", "platform.yaml:8: environments.PROD"),
        ("  prod:", "  local:", "platform.yaml:8: environments.local stands twice (first on line 4)"),
        ("region: eu-west-1", "region: [", "platform.yaml:4:8: not valid YAML"),
        (
            '"444444444444"',
            '"444444444444"\n    minute_seconds: 5',
            "minute_seconds is for an environment with",
        ),
        (
            '"444444444444"',
            '"444444444444"\n    network: {vpc_id: vpc-1, private_subnet_ids: [subnet-1]}',
            "platform.yaml:10: environments.prod.network.private_subnet_ids: List should have at least 2",
        ),
        ('"444444444444"', '"111111111111"', "environments local and prod share account 111111111111"),
    ],
)
def test_a_wrong_platform_is_described(project: Project, old: str, new: str, expected: str) -> None:
    assert old in PLATFORM
    (project.root / "platform.yaml").write_text(PLATFORM.replace(old, new, 1))
    assert expected in error_of(project)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: lambada\n", "service.yaml:1: kind: 'lambada' is none of lambda, container"),
        (
            "kind: lambda\nmemory: 1\n",
            "service.yaml:2: memory: unknown key; allowed here: alarms, architecture",
        ),
        ("kind: lambda\nrelease: {percentage: 0}\n", "service.yaml:2: release.percentage: "),
        (
            "kind: lambda\nrelease:\n  strategy: linear\n  percentage: 1\n  interval_minutes: 60\n",
            "service.yaml:2: release: 99 steps of 60 minutes exceed CodeDeploy's 2,880 minutes",
        ),
        ("kind: lambda\nroutes: [hello]\n", "service.yaml:2: routes.0: 'hello' does not match"),
        (
            "kind: lambda\nhook: nobody\n",
            "service.yaml:2: hook: 'nobody' is not another service; there are none",
        ),
        (
            "kind: lambda\noverrides: {production: {}}\n",
            "service.yaml:2: overrides.production: unknown environment",
        ),
        (
            "kind: lambda\noverrides:\n  prod:\n    memory_mb: 1\n",
            "for environment prod: memory_mb: Input should be greater than or equal to 128, but is 1",
        ),
        ("kind: lambda\nsmoke: [{name: a, event: {}}]\n", "smoke events are sent by the hook"),
        (
            "kind: lambda\npermissions:\n  - {actions: [ses:SendEmail, s3:GetObject], resources: ['*']}\n",
            "service.yaml:2: permissions: ses is outside of the permissions boundary",
        ),
        ("- kind\n", "service.yaml:1: must be a mapping"),
    ],
)
def test_a_wrong_service_is_described(project: Project, text: str, expected: str) -> None:
    service(project, "orders", text)
    assert expected in error_of(project)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port: 80\n", "service.yaml:1: kind: is required"),
        ("kind: lambda\n", "service.yaml:1: kind: a lambda service does not belong into containers/"),
        (
            "kind: container\nport: 80\n",
            "service.yaml:2: port: Input should be greater than or",
        ),
        (
            "kind: container\nhandler: a.b\n",
            "service.yaml:2: handler: unknown key; allowed here: alarms",
        ),
        (
            "kind: container\ncpu: 1024\nmemory_mb: 512\n",
            "memory_mb: Fargate gives a task of 1024 CPU units 2048 to 8192 in steps of 1024 MB, not 512",
        ),
        ("kind: container\noverrides: {prod: {kind: lambda}}\n", "a lambda service does not belong"),
    ],
)
def test_a_wrong_container_is_described(project: Project, text: str, expected: str) -> None:
    service(project, "web", text, "containers")
    assert expected in error_of(project)


def test_services_of_both_kinds_are_declared(project: Project) -> None:
    service(project, "orders")
    service(project, "web", "kind: container\ndepends_on: [orders]\n", "containers")
    orders, web = project.services("prod", ["orders", "web"]).values()
    assert (type(orders), type(web)) == (LambdaService, ContainerService)
    assert waves({"orders": orders, "web": web}) == {"orders": 0, "web": 1}


def test_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    service(project, "orders", "kind: lambda\nmemory_mb: 1\ntimeout_seconds: 0\n")
    assert len(error_of(project).splitlines()) == 2


def test_overrides_are_merged_one_level_deep(project: Project) -> None:
    text = (
        "kind: lambda\nenvironment: {A: '1', B: '2'}\nrelease: {percentage: 20}\n"
        "overrides:\n  prod:\n    environment: {B: '3'}\n    release: {interval_minutes: 15}\n"
    )
    service(project, "orders", text)
    local, prod = (project.services(name)["orders"] for name in ("local", "prod"))
    assert (local.environment, prod.environment) == ({"A": "1", "B": "2"}, {"A": "1", "B": "3"})
    assert (prod.release.percentage, prod.release.interval_minutes) == (20, 15)
    assert local.release.interval_minutes == 5


def test_a_near_miss_is_suggested(project: Project) -> None:
    service(project, "orders")
    with pytest.raises(UsageError, match="unknown service 'order'") as caught:
        project.services("local", ["order"])
    assert caught.value.hint == "Did you mean 'orders'?"
    with pytest.raises(UsageError, match="unknown environment 'prd'") as caught:
        project.environment("prd")
    assert caught.value.hint == "Did you mean 'prod'?"


def test_the_repositorys_own_declarations_fit_the_generated_schemas() -> None:
    root = Path(__file__).parents[3]
    assert schemas.outdated(root / "schemas") == []
    project = Project(root)
    assert project.declared
    schema = json.loads((root / "schemas/service.schema.json").read_text())
    for declared in project.declared.values():
        jsonschema.validate(declared.document.data, schema)


def test_every_setting_of_the_judge_reaches_its_policy() -> None:
    usual = JudgePolicy()
    other: dict[str, Any] = {
        "on_inconclusive": "rollback",
        "on_traffic_mismatch": "hold",
        "proven_quantiles": [0.5],
        "dispersion": 2.0,
        "error_ratio": 1.1,
    }
    for name, field in POLICY_FIELDS.items():
        default = getattr(JudgeSettings(), name)
        step = 1 if isinstance(default, int) else 0.01
        value = other[name] if name in other else default + step
        policy = JudgeSettings.model_validate({name: value}).policy()
        fields = JudgePolicy.__dataclass_fields__
        changed = [one for one in fields if getattr(policy, one) != getattr(usual, one)]
        assert changed == [field]
    assert JudgeSettings().policy() == usual
