"""`lockgate secrets`: a value comes from standard input alone, and nothing that is said has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lockgate.aws import Aws
from lockgate.commands import secrets as module
from lockgate.commands.opened import Opened
from lockgate.commands.secrets import secrets
from lockgate.contract import Contract, PlatformContract
from lockgate.errors import LockgateError, RefusedError, UsageError

from .fake_stores import API_KEY, CHANGED, PASSWORD, FakeStores, contract

PLATFORM = """\
organisation: acme
region: eu-west-1
tags: {cost-center: "7"}
environments:
  prod: {account_id: "444444444444"}
"""
ORDERS = """\
kind: lambda
secrets:
  database-password: {rotation: {days: 30, function: orders}}
  api-key: {store: parameter_store, variable: PARTNER}
  added-since: {}
"""


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStores:
    """AWS, and a repository whose service declares a secret more than was applied."""
    (tmp_path / "lambdas/orders").mkdir(parents=True)
    (tmp_path / "lambdas/orders/service.yaml").write_text(ORDERS)
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    aws = FakeStores(secrets={PASSWORD.id: {"Name": PASSWORD.id, "LastChangedDate": CHANGED}})
    platform = PlatformContract.model_construct(environment="prod")
    known = Contract(platform, {"orders": contract(PASSWORD, API_KEY)})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Aws, "connect", lambda *_: aws)
    monkeypatch.setattr(Opened, "contract", known)
    return aws


def run(*arguments: str, data: bytes = b"") -> Result:
    return CliRunner().invoke(
        secrets, [arguments[0], "--env", "prod", *arguments[1:]], input=data, standalone_mode=False
    )


def error_of(result: Result) -> LockgateError:
    assert isinstance(result.exception, LockgateError), result.output
    return result.exception


def test_a_value_goes_from_standard_input_into_its_store(stores: FakeStores) -> None:
    done = run("set", "orders", "database-password", data=b"hunter2\n")
    assert done.return_value == 0
    assert stores.put == [{"SecretId": PASSWORD.id, "SecretString": "hunter2"}]
    assert stores.accounts == ["444444444444"]
    assert "One newline at the end was left out." in done.output
    assert f"orders: database-password is set in Secrets Manager {PASSWORD.id}." in done.output
    assert "hunter2" not in done.output


def test_without_a_newline_nothing_is_said_of_one(stores: FakeStores) -> None:
    done = run("set", "orders", "api-key", data=b"hunter2")
    assert "newline" not in done.output
    tags = {tag["Key"]: tag["Value"] for tag in stores.put[0]["Tags"]}
    assert tags == {
        "cost-center": "7",
        "environment": "prod",
        "managed-by": "lockgate",
        "organisation": "acme",
        "platform": "lockgate",
    }


def test_a_dry_run_checks_and_writes_nothing(stores: FakeStores) -> None:
    done = run("set", "orders", "api-key", "--dry-run", data=b"hunter2")
    assert (done.return_value, done.output) == (0, "Nothing was written.\n")
    too_long = run("set", "orders", "api-key", "--dry-run", data=b"x" * 8_193)
    assert "Parameter Store takes 8,192" in error_of(too_long).message
    assert stores.put == []


def test_a_value_cannot_be_an_argument(stores: FakeStores) -> None:
    done = run("set", "orders", "api-key", "hunter2")
    assert done.exception is not None
    assert "unexpected extra argument" in str(done.exception)
    assert stores.put == []


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_nothing_is_refused(stores: FakeStores, data: bytes) -> None:
    assert "empty" in error_of(run("set", "orders", "api-key", data=data)).message
    assert stores.put == []


def test_a_secret_that_is_not_declared_is_refused_with_the_nearest_name(stores: FakeStores) -> None:
    error = error_of(run("set", "orders", "api-kee", data=b"hunter2"))
    assert isinstance(error, UsageError)
    assert "there are added-since, api-key, database-password" in error.message
    assert error.hint == "Did you mean 'api-key'?"
    assert stores.put == []


def test_a_secret_that_is_not_provisioned_is_refused(stores: FakeStores) -> None:
    error = error_of(run("set", "orders", "added-since", data=b"hunter2"))
    assert isinstance(error, RefusedError)
    assert "make apply ENV=prod" in error.hint
    assert stores.put == []


class Terminal:
    """Standard input of a person."""

    @staticmethod
    def isatty() -> bool:
        return True


def test_a_person_types_it_twice_and_does_not_see_it(
    stores: FakeStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(_text: str, **options: Any) -> str:
        asked.append(options)
        return "hunter2 "

    monkeypatch.setattr(module.click, "prompt", prompt)
    monkeypatch.setattr(module.sys, "stdin", Terminal())
    assert module._read().text == "hunter2 "
    assert asked[0]["hide_input"] and asked[0]["confirmation_prompt"] and asked[0]["err"]
    assert stores.put == []


def test_the_list_shows_what_is_known_and_no_value(stores: FakeStores) -> None:
    stores.secrets[PASSWORD.id] |= {
        "VersionIdsToStages": {"1": ["AWSCURRENT"]},
        "RotationEnabled": True,
        "RotationRules": {"AutomaticallyAfterDays": 30},
    }
    rows = [line.split("│")[1:-1] for line in run("list").output.splitlines() if "orders" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["orders", "added-since", "secrets_manager", "not provisioned", "-", "-"],
        ["orders", "api-key", "parameter_store", "no", "-", "-"],
        ["orders", "database-password", "secrets_manager", "yes", "2026-11-28 09:30", "every 30 days"],
    ]
    found = {one["name"]: one for one in json.loads(run("list", "--json").output)}
    assert found["database-password"] == {
        "service": "orders",
        "name": "database-password",
        "store": "secrets_manager",
        "id": PASSWORD.id,
        "variable": "LOCKGATE_SECRET_DATABASE_PASSWORD",
        "provisioned": True,
        "has_value": True,
        "changed": "2026-11-28T09:30:00+00:00",
        "rotation": "every 30 days",
    }
    assert found["added-since"]["provisioned"] is False
    assert found["added-since"]["variable"] == "LOCKGATE_SECRET_ADDED_SINCE"


def test_an_environment_without_secrets_says_so(
    stores: FakeStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdas/orders/service.yaml").write_text("kind: lambda\n")
    monkeypatch.setattr(Opened, "contract", Contract(PlatformContract.model_construct(), {}))
    assert run("list").output == "No service declares a secret.\n"
    assert stores.put == []


def test_the_manual_shows_the_function_that_the_local_test_releases() -> None:
    root = Path(__file__).parents[3]
    code = (root / "tests/local/secret_example.py").read_text().partition('"""\n\n')[2]
    assert f"```python\n{code}```" in (root / "docs/secrets.md").read_text()
