"""How an account's first state comes into the bucket that it makes itself, wherever a run was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.config.platform import BreakGlass, GitHubRepository
from lockgate.errors import RefusedError, UsageError
from lockgate.plans.bootstrap import Bootstrap, read_by_bootstrap
from lockgate.plans.stack import Stack

STATE = {"version": 4, "lineage": "ours", "serial": 3, "resources": []}
PLATFORM = {
    "organisation": "acme",
    "region": "eu-west-1",
    "github": {"repository": "acme/shop"},
    "environments": {
        "local": {"account_id": "111111111111", "endpoint_url": "http://127.0.0.1:1"},
        "prod": {"account_id": "444444444444"},
    },
}


class _S3:
    """A bucket that may be there, with what is in it."""

    class exceptions:  # noqa: N801
        class NoSuchKey(Exception):  # noqa: N818
            pass

    def __init__(self, objects: dict[str, bytes] | None) -> None:
        self.objects = objects

    def head_bucket(self, Bucket: str) -> None:  # noqa: N803
        if self.objects is None:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadBucket")

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert self.objects is not None
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey
        return {"Body": _Body(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str) -> None:  # noqa: N803
        assert IfNoneMatch == "*"
        assert self.objects is not None
        if Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "!"}}, "PutObject")
        self.objects[Key] = Body


@dataclass
class _Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


@dataclass
class _Aws:
    s3: _S3
    endpoint_url: str | None = None


@dataclass(frozen=True)
class _Bootstrap(Bootstrap):
    """Terraform makes the bucket at once."""

    made: list[str] = field(default_factory=list)

    def _make_bucket(self) -> None:
        self.made.append("bucket")
        self.stack.aws.s3.objects = self.stack.aws.s3.objects or {}  # type: ignore[attr-defined]
        self._state.parent.mkdir(parents=True, exist_ok=True)
        self._state.write_text(json.dumps(STATE))


Begun = Callable[[dict[str, bytes] | None], _Bootstrap]


@pytest.fixture
def begun(tmp_path: Path) -> Begun:
    from lockgate.config import Project

    (tmp_path / "platform.yaml").write_text(yaml.safe_dump(PLATFORM))

    def make(objects: dict[str, bytes] | None) -> _Bootstrap:
        aws: Any = _Aws(_S3(objects))
        return _Bootstrap(Stack(Project(tmp_path), "prod", aws, bootstraps=True), lambda _: None)

    return make


def _objects(work: _Bootstrap) -> dict[str, bytes]:
    objects: Any = work.stack.aws.s3
    found: dict[str, bytes] = objects.objects
    return found


def test_an_empty_account_gets_a_bucket_and_its_state_moves_there(begun: Begun) -> None:
    work = begun(None)
    work.begin()
    assert work.made == ["bucket"]
    assert json.loads(_objects(work)["bootstrap.tfstate"])["lineage"] == "ours"
    assert not work._state.exists()


def test_a_second_run_makes_nothing(begun: Begun) -> None:
    work = begun({"bootstrap.tfstate": json.dumps(STATE).encode()})
    work.begin()
    assert work.made == []


def test_a_run_that_ended_before_the_move_is_gone_on_with(begun: Begun) -> None:
    work = begun({})
    work._state.parent.mkdir(parents=True)
    work._state.write_text(json.dumps(STATE))
    work.begin()
    assert "bootstrap.tfstate" in _objects(work)
    assert not work._state.exists()


def test_a_run_that_ended_after_the_move_leaves_no_second_state(begun: Begun) -> None:
    newer = {**STATE, "serial": 9}
    work = begun({"bootstrap.tfstate": json.dumps(newer).encode()})
    work._state.parent.mkdir(parents=True)
    work._state.write_text(json.dumps(STATE))
    work.begin()
    assert work.made == []
    assert json.loads(_objects(work)["bootstrap.tfstate"])["serial"] == 9
    assert not work._state.exists()


def test_the_state_of_another_bootstrap_is_not_lost(begun: Begun) -> None:
    work = begun({"bootstrap.tfstate": json.dumps({**STATE, "lineage": "theirs"}).encode()})
    work._state.parent.mkdir(parents=True)
    work._state.write_text(json.dumps(STATE))
    with pytest.raises(RefusedError, match="is the state of another bootstrap"):
        work.begin()
    assert work._state.exists()


def test_what_is_read_does_not_depend_on_where_the_repository_lies(tmp_path: Path) -> None:
    root = tmp_path / "tests" / "shop"
    for name in ("terraform/stacks/bootstrap/main.tf", "terraform/modules/x/tests/a.tftest.hcl"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    found = {path.relative_to(root).as_posix() for path in read_by_bootstrap(root)}
    assert found == {"platform.yaml", "terraform/stacks/bootstrap/main.tf"}


def test_a_bucket_that_nothing_is_known_of_is_refused(begun: Begun) -> None:
    with pytest.raises(RefusedError, match="exists, and holds no state of bootstrap") as refused:
        begun({}).begin()
    assert "--adopt" in refused.value.hint


def test_a_bucket_of_somebody_else_is_refused(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begun({})

    def forbidden(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    monkeypatch.setattr(work.stack.aws.s3, "head_bucket", forbidden)
    with pytest.raises(RefusedError, match="cannot be looked at") as refused:
        work.begin()
    assert "state_bucket" in refused.value.hint


def _bootstrap(folder: Path, platform: dict[str, Any], *arguments: str) -> Exception | None:
    (folder / "platform.yaml").write_text(yaml.safe_dump(platform))
    error = CliRunner().invoke(cli, ["bootstrap", *arguments]).exception
    return error if isinstance(error, Exception) else None


def test_an_account_without_a_repository_to_trust_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "terraform/stacks/bootstrap").mkdir(parents=True)
    platform = {key: value for key, value in PLATFORM.items() if key != "github"}
    error = _bootstrap(tmp_path, platform, "--account", "prod")
    assert isinstance(error, UsageError)
    assert "names no repository" in error.message
    assert "gh api" in error.hint


def test_an_embedded_account_needs_no_bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = _bootstrap(tmp_path, PLATFORM, "--account", "local")
    assert isinstance(error, RefusedError)
    assert "bootstrapped: true" in error.hint


def test_ids_come_together_and_make_the_second_spelling() -> None:
    assert GitHubRepository(repository="acme/shop").spellings == ["acme/shop"]
    both = GitHubRepository(repository="acme/shop", owner_id=7, repository_id=9)
    assert both.spellings == ["acme/shop", "acme@7/shop@9"]
    with pytest.raises(ValueError, match="give both or neither"):
        GitHubRepository(repository="acme/shop", owner_id=7)


def test_break_glass_without_mfa_must_say_who() -> None:
    assert BreakGlass().mfa
    with pytest.raises(ValueError, match="principals must say who"):
        BreakGlass(mfa=False)
    named = BreakGlass(mfa=False, principals=["arn:aws:iam::444444444444:role/aws-reserved/*Admin*"])
    assert not named.mfa
