"""Promotion from staging to prod, freezes, break-glass and audits, on one embedded AWS of three accounts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import yaml

from tests.local.codedeploy_world import until
from tests.local.release_world import HOOK_SEES_IT, REGION, ReleaseWorld
from tests.workflows.runner.github import REPOSITORY, TOKEN, State, github, review

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

ACCOUNTS = {"tooling": "555555555555", "staging": "333333333333", "prod": "444444444444"}
FUNCTIONS = ("--service", "hello-api", "--service", "release-hook")
REASON = "prod is down, INC-7"


@dataclass
class Promoting:
    """Three accounts, two of which run services.

    Args:
        world: the repository and its embedded AWS.
        topic: URL of a queue that hears what is announced in prod, once there is a topic.
    """

    world: ReleaseWorld
    topic: str = ""

    def ran(self, *arguments: str, expect: int = 0, **variables: str) -> str:
        """Runs `lockgate ...` to its end; what it said."""
        running = self.world.lockgate(*arguments, **variables)
        assert running.ended() == expect, running.output
        assert "Traceback" not in running.output
        return running.output

    def deploy(self, environment: str, bundle: str, *more: str, expect: int = 0, **variables: str) -> str:
        arguments = ("deploy", "--env", environment, "--bundle", bundle, *FUNCTIONS, *more)
        return self.ran(*arguments, expect=expect, **variables)

    def build(self) -> tuple[str, str]:
        """Publishes what is here: digests of the bundle, and of the function's code."""
        self.ran("build", "--publish", "--env", "staging", *FUNCTIONS)
        content = (self.world.root / ".build/bundle.json").read_bytes()
        return hashlib.sha256(content).hexdigest(), json.loads(content)["services"]["hello-api"]["sha256"]

    def releases(self, environment: str) -> list[Any]:
        return json.loads(self.ran("history", "--env", environment, "--json"))  # type: ignore[no-any-return]

    def client(self, service: str, environment: str) -> Any:
        session: Any = boto3.Session(ACCOUNTS[environment], "local", region_name=REGION)
        return session.client(service, endpoint_url=self.world.endpoint)

    def listen(self) -> None:
        """Subscribes a queue to prod's topic for what somebody has to look at now."""
        queues, parameters = self.client("sqs", "prod"), self.client("ssm", "prod")
        contract = parameters.get_parameter(Name="/lockgate/prod/platform")["Parameter"]["Value"]
        topic = json.loads(contract)["topics"]["critical"]
        self.topic = queues.create_queue(QueueName="told")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNTS['prod']}:told"
        self.client("sns", "prod").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def told(self, number: int) -> list[Any]:
        """Announcements of break-glass since the last call, once there are so many."""
        queues, found = self.client("sqs", "prod"), []

        def look() -> bool:
            answer = queues.receive_message(QueueUrl=self.topic, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                body = json.loads(message["Body"])
                if str(body.get("Subject")).startswith("prod: "):
                    found.append(body)
                queues.delete_message(QueueUrl=self.topic, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= number

        until(look, f"{number} announcements, heard {found}")
        return sorted(found, key=lambda body: str(body["Timestamp"]))

    def freeze(self, *freezes: dict[str, Any]) -> None:
        """Declares when nothing may change."""
        path = self.world.root / "platform.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"freezes": list(freezes)}))


def christmas(*environments: str, **more: Any) -> dict[str, Any]:
    """A freeze that holds today."""
    now = datetime.now(UTC)
    days = {"from": (now - timedelta(days=1)).date(), "until": (now + timedelta(days=1)).date()}
    return {"reason": "Christmas", "environments": list(environments), **days, **more}


@pytest.fixture(scope="module")
def promoting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promoting]:
    world = ReleaseWorld.make(tmp_path_factory.mktemp("promoting"))
    path = world.root / "platform.yaml"
    platform = yaml.safe_load(path.read_text())
    local = platform["environments"].pop("local")
    here = {name: local[name] for name in ("endpoint_url", "emulator", "minute_seconds")}
    del platform["environments"]["dev"]
    platform["tooling"] |= here
    for name in ("staging", "prod"):
        platform["environments"][name] |= {**here, "build_for": "host"}
    assert platform["environments"]["prod"]["promotes_from"] == "staging"
    path.write_text(yaml.safe_dump(platform, sort_keys=False))
    made = Promoting(world)
    try:
        made.ran("apply", "--stack", "tooling")
        yield made
    finally:
        world.lockgate("local", "down", "--env", "staging").ended()


@pytest.fixture(scope="module")
def proven(promoting: Promoting) -> str:
    """A bundle that prod has refused, that has succeeded in staging then, and in prod after that."""
    bundle, digest = promoting.build()
    said = promoting.deploy("prod", bundle, expect=4)
    assert "prod promotes from staging, and what has succeeded there cannot be read" in said
    assert "make apply ENV=staging gives its account the role lockgate-staging-promote" in said
    promoting.ran("apply", "--env", "staging")
    said = promoting.deploy("prod", bundle, expect=4)
    assert f"hello-api: artifact {digest} has not succeeded in staging: never released there" in said
    assert re.search(r"error: release-hook: artifact \w{64} has not succeeded in staging: never", said)
    assert f'make deploy ENV=staging SERVICE="hello-api release-hook" BUNDLE={bundle}' in said
    assert promoting.releases("prod") == []
    promoting.deploy("staging", bundle)
    assert "would be refused" not in promoting.deploy("prod", bundle, "--dry-run")
    promoting.deploy("prod", bundle)
    promoting.listen()
    return bundle


def test_what_was_rolled_back_in_staging_is_refused_by_prod(promoting: Promoting, proven: str) -> None:
    promoting.world.change(HOOK_SEES_IT)
    bundle, digest = promoting.build()
    promoting.deploy("staging", bundle, expect=3)
    (tried,) = promoting.releases("staging")[:1]
    said = promoting.deploy("prod", bundle, expect=4)
    assert f"hello-api: artifact {digest} has not succeeded in staging: release {tried['release_id']}" in said
    assert f"was rolled back there: {tried['deployments']['hello-api']['cause']}" in said
    assert "release-hook: artifact" not in said, "that one serves already"
    assert [one["status"] for one in promoting.releases("prod")] == ["succeeded"]
    dry = promoting.deploy("prod", bundle, "--dry-run", expect=4)
    assert f"would be refused: hello-api: artifact {digest} has not succeeded in staging" in dry


def test_a_freeze_refuses_what_changes_and_nothing_else(promoting: Promoting, proven: str) -> None:
    frozen = christmas("prod", "staging", timezone="Asia/Tokyo")
    promoting.freeze(frozen)
    try:
        before = promoting.releases("prod")
        last = frozen["until"]
        ends = f"until {last + timedelta(days=1):%a %F} 00:00 Asia/Tokyo ({last} 15:00 UTC)"
        for verb, *more in (("deploy", "--bundle", proven, *FUNCTIONS), ("apply",)):
            said = promoting.ran(verb, "--env", "prod", *more, expect=4)
            assert f"error: prod is frozen: Christmas; {ends}" in said
            assert "--break-glass" in said
            dry = promoting.ran(verb, "--env", "prod", *more, "--dry-run", expect=4)
            assert f"would be refused: prod is frozen: Christmas; {ends}" in dry
        promoting.world.side_by_side(
            ("status", "--env", "prod"), ("plan", "--env", "prod"), ("drift", "--env", "staging")
        )
        promoting.ran("rollback", "--env", "prod", "--running")
        assert promoting.releases("prod") == before
    finally:
        promoting.freeze()


def test_break_glass_goes_past_both_and_everybody_hears_of_it(promoting: Promoting, proven: str) -> None:
    promoting.world.change("pass  # never in staging")
    bundle, digest = promoting.build()
    promoting.freeze(christmas("prod"))
    state = State(reviews={"1001": [review("prod", comment="Ship it!")]})
    try:
        with github(state) as url:
            said = promoting.deploy(
                *("prod", bundle, "--break-glass", REASON),
                GITHUB_ACTOR="ada",
                GITHUB_REPOSITORY=REPOSITORY,
                GITHUB_RUN_ID="1001",
                GITHUB_API_URL=url,
                GITHUB_SERVER_URL="https://github.com",
                GITHUB_TOKEN=TOKEN,
            )
        frozen, unproven = (
            "prod is frozen: Christmas",
            f"hello-api: artifact {digest} has not succeeded in staging",
        )
        assert f"break-glass goes past: {frozen}" in said
        assert f"break-glass goes past: {unproven}" in said
        (begun,) = promoting.told(1)
        release = promoting.releases("prod")[0]
        identifier = release["release_id"]
        assert begun["Subject"] == f"prod: break-glass: deploy {identifier}"
        assert f"Break-glass by ada (GitHub): {REASON} (past: {frozen}" in begun["Message"]
        canary = release["deployments"]["hello-api"]["times"]["canary"]
        assert datetime.fromisoformat(begun["Timestamp"]) < datetime.fromisoformat(canary)
        assert release["break_glass"]["reason"] == REASON
        assert [one.partition(":")[0] for one in release["break_glass"]["overrode"]] == [
            "prod is frozen",
            "hello-api",
        ]
        assert release["approvals"]["given"] == [{"by": "grace", "comment": "Ship it!"}]
        status = json.loads(promoting.ran("status", "--env", "prod", "--json"))
        assert REASON in {row["service"]: row["break_glass"] or "" for row in status}["hello-api"]
        assert REASON in promoting.ran("history", "--env", "prod")
        # A roll-back is never blocked, not even by a freeze.
        promoting.ran("rollback", "--env", "prod")
    finally:
        promoting.freeze()


def test_an_auditor_gets_an_answer(promoting: Promoting, proven: str) -> None:
    """Goes by what the tests before have left in the ledger: first release, break-glass, roll-back."""
    rollback, broken, first = promoting.releases("prod")
    at = [one["deployments"]["hello-api"]["times"]["succeeded"] for one in (first, broken, rollback)]
    moments = [json.loads(promoting.ran("history", "--env", "prod", "--json", "--at", time)) for time in at]
    ran = [moment["services"]["hello-api"] for moment in moments]
    assert [len(one) for one in ran] == [1, 1, 1]
    made = [one[0]["release"]["release_id"] for one in ran]
    assert made == [first["release_id"], broken["release_id"], first["release_id"]]
    assert ran[2][0]["restored_by"]["release_id"] == rollback["release_id"]
    assert ran[1][0]["sha256"] == broken["deployments"]["hello-api"]["artifact"]["sha256"]
    assert ran[1][0]["release"]["break_glass"]["reason"] == REASON
    day = promoting.ran("history", "--env", "prod", "--at", at[2][:10])
    for said in (REASON, "Approved by grace (Ship it!)", "brought back by release", "by ada (GitHub)"):
        assert said in day
    before = promoting.ran("history", "--env", "prod", "--at", "2020-01-01")
    assert "hello-api: nothing: its first release had not been promoted then" in before
    assert "No release was in progress on that day." in before
    staging = promoting.ran("history", "--env", "staging", "--at", at[2][:10])
    assert re.search(
        r"rolled back: version \d+ serves everything\n +\S.*release-hook|BeforeAllowTraffic", staging
    )


def test_apply_by_break_glass_is_announced_where_there_is_a_topic(promoting: Promoting, proven: str) -> None:
    promoting.freeze(christmas("prod", "tooling"))
    try:
        said = promoting.ran("apply", "--env", "prod", "--break-glass", REASON, expect=4)
        assert "has changed since the plan" in said
        assert "announced" not in said, "nothing is applied"
        said = promoting.ran("apply", "--env", "prod", "--replan", "--break-glass", REASON)
        assert "Break-glass is announced; apply writes no ledger." in said
        (told,) = promoting.told(1)
        assert told["Subject"] == "prod: break-glass: apply"
        assert REASON in told["Message"]
        said = promoting.ran("apply", "--stack", "tooling", "--break-glass", REASON)
        assert "Break-glass is announced" in said
    finally:
        promoting.freeze()


def test_plans_are_empty_afterwards(promoting: Promoting, proven: str) -> None:
    stacks = (("apply", "--env", name, "--dry-run") for name in ("staging", "prod"))
    for said in promoting.world.side_by_side(*stacks):
        assert "Nothing to change." in said


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_only_who_is_promoted_from_has_the_role(promoting: Promoting, proven: str, name: str) -> None:
    roles = {one["RoleName"] for one in promoting.client("iam", name).list_roles()["Roles"]}
    assert ("lockgate-staging-promote" in roles, "lockgate-prod-promote" in roles) == (
        name == "staging",
        False,
    )
