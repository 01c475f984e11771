"""From a plan to its review to its application, on the embedded AWS with the real command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.release_world import ReleaseWorld

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
