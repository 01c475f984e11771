"""Which environments share the tooling account, and what its things are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.config import Project
from lockgate.errors import UsageError

PLATFORM = """\
organisation: acme
region: eu-west-1
tooling:
  account_id: "555555555555"
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
WITHOUT = PLATFORM.replace('tooling:\n  account_id: "555555555555"\n', "")
EMBEDDED = PLATFORM.replace("tooling:\n", "tooling:\n  endpoint_url: http://127.0.0.1:4566/\n")
ELSEWHERE = EMBEDDED.replace("4566/", "4567/")
IN_FAR = PLATFORM.replace("tooling:\n", "tooling:\n  region: us-east-1\n")


def _project(root: Path, text: str) -> Project:
    (root / "platform.yaml").write_text(text)
    return Project(root)


@pytest.mark.parametrize(
    ("text", "sharing"),
    [
        (PLATFORM, {"dev"}),
        (WITHOUT, set()),
        (EMBEDDED, {"local"}),
        (ELSEWHERE, set()),
        (IN_FAR, {"far"}),
    ],
    ids=["real", "without", "embedded", "another embedded one", "in another region"],
)
def test_shared_in_the_same_aws_and_region(tmp_path: Path, text: str, sharing: set[str]) -> None:
    platform = _project(tmp_path, text).platform
    assert {name for name in platform.environments if platform.shares_tooling(name)} == sharing


def test_names_say_whose_things_they_are(tmp_path: Path) -> None:
    platform = _project(tmp_path, PLATFORM).platform
    shared = "lockgate-tooling-artifacts-555555555555-eu-west-1"
    assert platform.artifact_bucket_of("dev") == platform.artifact_bucket_of("tooling") == shared
    assert platform.artifact_bucket_of("local") == "lockgate-local-artifacts-111111111111-eu-west-1"
    assert platform.artifact_bucket_of("far") == "lockgate-far-artifacts-333333333333-us-east-1"
    assert platform.build_project_of("dev") == platform.build_project_of("tooling") == "lockgate-build"
    assert platform.build_project_of("local") == "lockgate-local-build"


def test_state_of_tooling_is_kept_like_that_of_an_environment(tmp_path: Path) -> None:
    platform = _project(tmp_path, PLATFORM).platform
    assert platform.state_bucket_of("tooling") == "lockgate-tooling-state-555555555555-eu-west-1"
    named = PLATFORM.replace("tooling:\n", "tooling:\n  state_bucket: mine\n")
    assert _project(tmp_path, named).platform.state_bucket_of("tooling") == "mine"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLATFORM.replace("555555555555", "222222222222"), "222222222222 is that of environment dev"),
        (EMBEDDED.replace("555555555555", "111111111111"), "111111111111 is that of environment local"),
        (IN_FAR.replace("555555555555", "222222222222"), "222222222222 is that of environment dev"),
        (PLATFORM.replace("  dev:", "  tooling:"), "environments.tooling: the name is taken"),
        (ELSEWHERE.replace("http://127.0.0.1:4567/", "here"), "tooling.endpoint_url"),
        (PLATFORM.replace("tooling:\n", "tooling:\n  emulator: localaws\n"), "emulator is for"),
    ],
)
def test_what_cannot_be_shared_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as raised:
        assert _project(tmp_path, text).platform
    assert expected in raised.value.message


def test_an_account_number_may_come_twice_in_two_different_aws(tmp_path: Path) -> None:
    text = PLATFORM.replace("555555555555", "111111111111")
    assert _project(tmp_path, text).platform.shares_tooling("dev")
