"""From a plan to its review to its application, on the embedded AWS with the real command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from lockgate.config import Project
from tests.local.release_world import REGION, ReleaseWorld

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

USAGE, REFUSED, DRIFTED = 2, 4, 5
PLANTED = "PLANTED-0d1f"

MAIN = f"""\
variable "password" {{
  type      = string
  default   = "{PLANTED}-variable"
  sensitive = true
}}

resource "terraform_data" "users" {{
  input = [{{ name = "one", password = var.password }}, {{ name = "two", password = "${{var.password}}2" }}]
}}

resource "aws_ssm_parameter" "marked_by_the_provider" {{
  name  = "/marked"
  type  = "SecureString"
  value = "{PLANTED}-parameter"
}}

resource "aws_sns_topic" "this" {{
  name         = "topic-${{var.environment}}"
  display_name = "%s"
}}

output "password" {{
  sensitive = true
  value     = var.password
}}
"""
"""A stack that is quick to plan, with secrets of each kind."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    """A repository whose stack is a small one."""
    made = ReleaseWorld.make(tmp_path_factory.mktemp("plans"), {})
    for path in stack(made).glob("*.tf"):
        if path.name not in ("declarations.tf", "providers.tf", "variables.tf", "versions.tf"):
            path.unlink()
    show(made, "first")
    try:
        yield made
    finally:
        made.lockgate("local", "down").ended()


def stack(world: ReleaseWorld) -> Path:
    return world.root / "terraform" / "stacks" / "workload"


def show(world: ReleaseWorld, name: str) -> None:
    """Declares another name for the topic."""
    (stack(world) / "main.tf").write_text(MAIN.replace("%s", name))


def kept(world: ReleaseWorld) -> Path:
    return world.root / ".build" / "plans" / "local"


def digest(world: ReleaseWorld) -> str:
    found: str = json.loads((kept(world) / "plan.json").read_text())["digest"]
    return found


def holding_the_secret(folder: Path) -> list[str]:
    """Files that hold it, besides the sources that it was planted in."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "main.tf" and PLANTED.encode() in path.read_bytes()
    ]


def test_what_was_reviewed_is_applied_and_only_that(
    world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    said = world.run("plan", "--details")
    assert "aws_sns_topic.this" in said
    assert digest(world) in said
    assert kept(world).stat().st_mode & 0o777 == 0o700
    assert (kept(world) / "plan.tfplan").stat().st_mode & 0o777 == 0o600
    first = digest(world)

    show(world, "second")
    refused = world.run("apply", expect=REFUSED)
    assert "stack file terraform/stacks/workload/main.tf has changed since the plan" in refused
    assert "make plan ENV=local" in refused

    said += world.run("plan", "--json")
    assert f"and {first} was approved" in world.run("apply", "--digest", first, expect=REFUSED)
    shutil.copytree(kept(world), world.root / "other")
    said += world.run("apply", "--digest", digest(world))
    assert "Applied." in said
    assert not (kept(world) / "plan.tfplan").exists()

    refused = world.run("apply", "--plan", "other", expect=REFUSED)
    assert "this is another state" in refused
    shutil.rmtree(world.root / "other")
    assert PLANTED not in said + refused
    assert holding_the_secret(kept(world)) == []
    assert holding_the_secret(world.root / ".lockgate" / "local") == []
    assert holding_the_secret(tmp_path) == []


def test_a_laptop_plans_and_applies_in_one_go_where_nobody_planned(world: ReleaseWorld) -> None:
    assert "Nothing to change." in world.run("apply")
    assert "'x' is no digest of a plan" in world.run("apply", "--digest", "x", expect=USAGE)
    nowhere = world.run("apply", "--digest", "0" * 64, expect=REFUSED)
    assert f"there is no plan {'0' * 64} of local in s3://" in nowhere
    assert "--digest is missing" in world.run("apply", "--approve-destroys", expect=USAGE)


PROFILE = """\
[profile of-prod]
aws_access_key_id = 444444444444
aws_secret_access_key = local
"""
ACCOUNTS = {"dev": "222222222222", "prod": "444444444444"}


@pytest.fixture
def of_two_accounts(world: ReleaseWorld, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environments that are set up as real accounts are, a change that touches them, and somebody who is
    signed in to dev, with a profile of prod."""
    assert world.lockgate("local", "up").ended() == 0
    path = world.root / "platform.yaml"
    before = path.read_text()
    platform = yaml.safe_load(before)
    del platform["tooling"]
    platform["environments"] = {
        name: {"account_id": account, "endpoint_url": world.endpoint, "bootstrapped": True}
        for name, account in ACCOUNTS.items()
    }
    try:
        path.write_text(yaml.safe_dump(platform, sort_keys=False))
        for name, account in ACCOUNTS.items():
            session: Any = boto3.Session(account, "local", region_name=REGION)
            session.client("s3", endpoint_url=world.endpoint).create_bucket(
                Bucket=Project(world.root).platform.state_bucket_of(name),
                CreateBucketConfiguration={"LocationConstraint": REGION},
            )
        (world.root / ".gitignore").write_text(".build/\n.lockgate/\n")
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "Begin")):
            subprocess.run(("git", *words), cwd=world.root, check=True)
        show(world, "touched")
        (tmp_path / "config").write_text(PROFILE)
        yield {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_ACCESS_KEY_ID": ACCOUNTS["dev"],
            "AWS_SECRET_ACCESS_KEY": "local",
        }
    finally:
        path.write_text(before)
        show(world, "second")


def touched(world: ReleaseWorld, signed_in: dict[str, str], *profiles: str, expect: int = 0) -> list[str]:
    """What `plan --touched` says of each stack, and at last of all."""
    options = [word for profile in profiles for word in ("--profile", profile)]
    running = world.lockgate("plan", "--touched", "HEAD", *options, **signed_in)
    assert running.ended() == expect, running.output
    return running.output.split("== ")


def test_touched_stacks_of_several_accounts_take_a_profile_of_each(
    world: ReleaseWorld, of_two_accounts: dict[str, str]
) -> None:
    _, dev, prod = touched(world, of_two_accounts, expect=1)
    assert "Plan for dev" in dev
    assert "account 222222222222, but 'prod' is account 444444444444 in platform.yaml" in prod
    assert "Plan for prod" not in prod, "which keeps nothing else from being planned"
    assert "error: no plan of prod\n" in prod
    assert "ARGS='--profile NAME'" in prod
    _, dev, prod = touched(world, of_two_accounts, "of-prod")
    assert ("Plan for dev" in dev, "account 222222222222" in dev) == (True, True)
    assert ("Plan for prod" in prod, "account 444444444444" in prod) == (True, True)
    (said,) = touched(world, of_two_accounts, "of-nobody", expect=REFUSED)
    assert "of-nobody" in said
    assert "Correct --profile" in said


def test_what_somebody_changes_by_hand_is_reported_and_would_be_set_back(world: ReleaseWorld) -> None:
    show(world, "third")
    assert "local has nothing that was changed by hand" in world.run("drift")
    topics = world.client("sns")
    (topic,) = topics.list_topics()["Topics"]
    topics.set_topic_attributes(
        TopicArn=topic["TopicArn"], AttributeName="DisplayName", AttributeValue="by hand"
    )
    said = world.run("drift", expect=DRIFTED)
    assert 'display_name: declared "third", there is "by hand"' in said
    show(world, "second")
    reviewed = world.root / "reviewed.json"
    reviewed.write_text(json.dumps(world.read("plan")))
    assert "and set back" in (kept(world) / "summary.md").read_text()


def test_destroying_what_holds_something_needs_an_approval(world: ReleaseWorld) -> None:
    main = stack(world) / "main.tf"
    # Another name, too: Terraform destroys one and makes the other at the same time.
    text = main.read_text().replace('resource "aws_sns_topic" "this"', 'resource "aws_sns_topic" "that"')
    main.write_text(text.replace('"topic-$', '"other-$'))
    said = world.run("plan", "--compare", "reviewed.json", "--keep", expect=REFUSED)
    assert "aws_sns_topic.this: reviewed as to update, now to destroy" in said
    assert said.index("Destroys what cannot be made again") < said.index("aws_sns_topic.this")
    refused = world.run("apply", expect=REFUSED)
    assert "aws_sns_topic.this: to destroy, which loses its subscriptions" in refused
    approved = digest(world)
    # Another machine: it has the plan from where it was kept, and applies that for its digest alone.
    shutil.rmtree(kept(world))
    assert "to destroy" in world.run("apply", "--digest", approved, expect=REFUSED)
    shutil.rmtree(kept(world))
    assert "Applied." in world.run("apply", "--digest", approved, "--approve-destroys")
    assert "there is no plan" in world.run("apply", "--digest", approved, expect=REFUSED)


def test_what_would_run_code_is_refused_before_terraform_starts(world: ReleaseWorld) -> None:
    (stack(world) / "more.tf").write_text('data "external" "x" {\n  program = ["false"]\n}\n')
    for verb in ("plan", "drift"):
        refused = world.run(verb, expect=REFUSED)
        assert "terraform/stacks/workload/more.tf:1: data source external runs a program" in refused


def test_what_is_no_plan_cannot_be_compared_with(world: ReleaseWorld) -> None:
    (world.root / "none.json").write_text("[]")
    assert "none.json is not a plan" in world.run("plan", "--compare", "none.json", expect=USAGE)
