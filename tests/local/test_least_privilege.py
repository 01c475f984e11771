"""A change from empty accounts to a release, with every step under its own role and IAM enforced.

Then each role is asked back: nothing that it needed was denied, nothing that it may was needed by nobody,
and what it must never do is denied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from lockgate.commands.rehearse import changed_service
from lockgate.config.platform import Purpose
from lockgate.rehearsal.identity import Identity
from lockgate.rehearsal.journey import journey
from lockgate.rehearsal.rehearsal import Took, rehearse
from lockgate.rehearsal.stage import Stage
from tests.local.asked import REGION, Asked, Role, questions, roles, unneeded

pytestmark = [pytest.mark.local, pytest.mark.terraform]

REPOSITORY = Path(__file__).parents[2]
DEV, SHARED, PROD = "222222222222", "555555555555", "444444444444"

KEPT = {
    "BoundDenials": "",
}
"""Statements that nothing of this run needed, and why they are there all the same."""


@dataclass(frozen=True)
class World:
    """A rehearsal that is over, with its embedded AWS still there."""

    stage: Stage
    identity: Identity
    done: list[Took]
    asked: list[Asked]
    roles: dict[str, Role]

    def role(self, name: str, account: str = DEV) -> Role:
        return self.roles[f"arn:aws:iam::{account}:role/{name}"]

    def client(self, service: str, account: str, purpose: Purpose) -> boto3.client:
        """A client with the role of a job."""
        found = self.identity.job(account, purpose)
        return boto3.client(
            service,
            endpoint_url=self.stage.endpoint_url,
            region_name=REGION,
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=found["AWS_SESSION_TOKEN"],
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    stage = Stage(REPOSITORY, tmp_path_factory.mktemp("rehearsal"), "localaws", 0.5)
    stage.begin()
    try:
        platform = stage.project.platform
        steps = journey(["dev"], *changed_service(stage.project, "dev"))
        done = rehearse(stage, steps, lambda _: None)
        found = {**roles(stage.endpoint_url, DEV), **roles(stage.endpoint_url, SHARED)}
        asked = questions(stage.home / "decisions.jsonl")
        yield World(stage, Identity(platform, stage.endpoint_url), done, asked, found)
    finally:
        stage.end()


def test_the_whole_way_goes_through(world: World) -> None:
    verbs = [took.step.arguments[0] for took in world.done]
    assert verbs.count("bootstrap") == 4
    assert {"apply", "build", "deploy", "plan", "prune", "rollback"} <= set(verbs)


def test_nothing_that_was_needed_was_denied(world: World) -> None:
    denied = [one for one in world.asked if not one.allowed]
    assert denied == []


def test_nothing_is_allowed_that_nothing_needs(world: World) -> None:
    found = {
        statement.sid: statement.where
        for role in world.roles.values()
        for statement in unneeded(role, world.asked)
    }
    assert set(found) == set(KEPT), found
