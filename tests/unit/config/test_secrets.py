"""`secrets` of a declaration: what is wrong is said with file, line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.config import Project
from lockgate.config.secrets import Secret, variable_of
from lockgate.errors import UsageError

PLATFORM = """\
organisation: acme
region: eu-west-1
environments:
  local: {account_id: "111111111111", endpoint_url: "http://127.0.0.1:4566", minute_seconds: 5}
  prod: {account_id: "444444444444"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository with a function `rotator` and a container `site`."""
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    declare(tmp_path, "lambdas/rotator", "kind: lambda\n")
    declare(tmp_path, "containers/site", "kind: container\n")
    return Project(tmp_path)


def declare(root: Path, folder: str, text: str) -> None:
    (root / folder).mkdir(parents=True)
    (root / folder / "service.yaml").write_text(text)


@pytest.mark.parametrize("kind", ["lambda", "container"])
def test_both_kinds_may_have_secrets(project: Project, kind: str) -> None:
    declare(
        project.root,
        f"{kind}s/orders",
        f"kind: {kind}\nenvironment: {{LEVEL: info}}\nsecrets:\n  database-password: {{}}\n"
        "  api-key:\n    store: parameter_store\n    variable: PARTNER\n    description: Of the partner\n"
        "  session-key:\n    rotation: {days: 30, function: rotator}\n",
    )
    secrets = project.services("prod")["orders"].secrets
    assert [variable_of(name, secret) for name, secret in secrets.items()] == [
        "LOCKGATE_SECRET_DATABASE_PASSWORD",
        "PARTNER",
        "LOCKGATE_SECRET_SESSION_KEY",
    ]
    assert secrets["database-password"] == Secret(store="secrets_manager")
    assert secrets["session-key"].rotation and secrets["session-key"].rotation.days == 30


def test_an_environment_may_have_another_store(project: Project) -> None:
    declare(
        project.root,
        "lambdas/orders",
        "kind: lambda\nsecrets: {key: {}}\n"
        "overrides:\n  local:\n    secrets: {key: {store: parameter_store}, only-here: {}}\n",
    )
    local, prod = (project.services(name)["orders"].secrets for name in ("local", "prod"))
    assert {name: secret.store for name, secret in local.items()} == {
        "key": "parameter_store",
        "only-here": "secrets_manager",
    }
    assert {name: secret.store for name, secret in prod.items()} == {"key": "secrets_manager"}


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        ("  Key: {}", "service.yaml:4: secrets.Key: 'Key' does not match ^[a-z]"),
        ("  key_two: {}", "service.yaml:4: secrets.key_two: 'key_two' does not match"),
        ("  key: {stroe: parameter_store}", "service.yaml:4: secrets.key.stroe: unknown key; allowed here: "),
        ("  key: {store: vault}", "service.yaml:4: secrets.key.store: Input should be 'secrets_manager' or"),
        ("  key: {variable: 1KEY}", "secrets.key.variable: '1KEY' does not match"),
        ("  key: {variable: LEVEL}", "service.yaml:3: secrets: key: variable LEVEL is set by `environment`"),
        (
            "  key: {variable: LOCKGATE_ENVIRONMENT}",
            "variable LOCKGATE_ENVIRONMENT is set by Lockgate itself",
        ),
        ("  key: {variable: AWS_SESSION}", "names that begin with AWS_ are AWS's own"),
        (
            "  a-b: {}\n  key: {variable: LOCKGATE_SECRET_A_B}",
            "key: variable LOCKGATE_SECRET_A_B is set by the secret a-b already; name another",
        ),
        (
            "  key: {store: parameter_store, rotation: {days: 9, function: rotator}}",
            "service.yaml:4: secrets.key: only secrets_manager rotates",
        ),
        (
            "  key: {rotation: {days: 1001, function: rotator}}",
            "secrets.key.rotation.days: Input should be less",
        ),
        ("  key: {rotation: {days: 9}}", "secrets.key.rotation.function: is required"),
        (
            "  key:\n    rotation:\n      days: 9\n      function: rotate",
            "service.yaml:7: secrets.key.rotation.function: 'rotate' is no lambda service; there are "
            "orders, rotator",
        ),
        (
            "  key: {rotation: {days: 9, function: site}}",
            "'site' is no lambda service; there are orders, rotator",
        ),
    ],
)
def test_what_cannot_be_is_refused(project: Project, secrets: str, expected: str) -> None:
    text = f"kind: lambda\nenvironment: {{LEVEL: info}}\nsecrets:\n{secrets}\n"
    declare(project.root, "lambdas/orders", text)
    with pytest.raises(UsageError) as caught:
        assert project.declared
    assert expected in caught.value.message


def test_a_variable_that_only_an_override_takes_is_seen(project: Project) -> None:
    declare(
        project.root,
        "lambdas/orders",
        "kind: lambda\nsecrets: {key: {variable: KEY}}\noverrides: {prod: {environment: {KEY: open}}}\n",
    )
    with pytest.raises(UsageError, match="for environment prod: secrets: key: variable KEY is set by"):
        assert project.declared
