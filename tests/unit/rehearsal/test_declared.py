"""What a rehearsal declares in its clone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lockgate.config import LambdaService, Project
from lockgate.config.platform import Platform
from lockgate.errors import UsageError
from lockgate.rehearsal import declared

ENDPOINT = "http://127.0.0.1:1"
PLATFORM: dict[str, Any] = {
    "organisation": "acme",
    "name": "shop",
    "region": "eu-west-1",
    "tooling": {"account_id": "555555555555"},
    "notifications": {"webhook": "slack", "email": {"warning": ["team@example.com"]}},
    "environments": {
        "local": {"account_id": "111111111111", "endpoint_url": "http://127.0.0.1:4566", "emulator": "x"},
        "dev": {"account_id": "222222222222", "notifications": {}},
        "staging": {"account_id": "333333333333"},
        "prod": {"account_id": "444444444444", "promotes_from": "staging"},
    },
}


def test_what_is_rehearsed_is_at_the_embedded_aws_and_tells_a_webhook() -> None:
    found = declared.at_home(PLATFORM, ["dev", "staging"], ENDPOINT, 0.5)
    places = {name: one.get("endpoint_url") for name, one in found["environments"].items()}
    assert places == {"local": "http://127.0.0.1:4566", "dev": ENDPOINT, "staging": ENDPOINT, "prod": None}
    assert found["tooling"]["endpoint_url"] == ENDPOINT
    told = {"webhook": "json", "email": {"warning": ["team@example.com"]}}
    assert found["environments"]["dev"]["notifications"] == found["notifications"] == told


@pytest.mark.parametrize(
    ("names", "source"), [(["staging", "prod"], "staging"), (["dev"], "staging"), (["dev", "prod"], None)]
)
def test_an_environment_promotes_within_one_aws(names: list[str], source: str | None) -> None:
    found = declared.at_home(PLATFORM, names, ENDPOINT, 0.5)
    assert found["environments"]["prod"]["promotes_from"] == source
    Platform.model_validate(found)


def test_without_a_tooling_account_there_is_nothing_to_rehearse() -> None:
    with pytest.raises(UsageError, match="no tooling account"):
        declared.at_home({**PLATFORM, "tooling": None}, ["dev"], ENDPOINT, 0.5)


def test_the_service_answers_with_what_only_its_secrets_say(tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(yaml.safe_dump(PLATFORM))
    hook = tmp_path / "lambdas" / "checks"
    (hook / "src").mkdir(parents=True)
    (hook / "service.yaml").write_text("{kind: lambda, codedeploy_hook: true}")
    declared.add_service(Project(tmp_path), "dev")
    project = Project(tmp_path)
    service = project.services("dev")[declared.SERVICE]
    assert isinstance(service, LambdaService)
    assert service.hook == "checks"
    secrets = list(declared.secrets_of(project, "dev"))
    assert sorted(secrets) == [(declared.SERVICE, "api-key"), (declared.SERVICE, "password")]
    read = declared.made_up(declared.SERVICE, "password") + declared.made_up(declared.SERVICE, "api-key")
    (smoke,) = service.smoke
    assert smoke.expect_body_contains == hashlib.sha256(read.encode()).hexdigest()
    with pytest.raises(UsageError, match="lambdas/rehearsal exists"):
        declared.add_service(project, "dev")


def test_a_build_takes_the_tools_that_are_here(tmp_path: Path) -> None:
    file = tmp_path / "buildspec.yml"
    before = {
        "version": 0.2,
        "env": {"variables": {"A": "b"}},
        "phases": {"build": {"commands": ["make build"]}},
    }
    file.write_text(yaml.safe_dump(before))
    declared.shorten_build(tmp_path)
    after = yaml.safe_load(file.read_text())
    assert after["phases"] == before["phases"]
    assert after["env"]["variables"]["A"] == "b"
    assert after["env"]["variables"]["MAKEFLAGS"].startswith("SETUP=true BIN=/")
