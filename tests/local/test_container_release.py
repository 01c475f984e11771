"""A container from its folder to its callers: built, pushed, provisioned, released, judged and taken back."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.local.codedeploy_world import until
from tests.local.dashboards import body, named_that_do_not_exist, shown
from tests.local.image_tasks import RUNNER
from tests.local.pruning import prune
from tests.local.release_world import REPOSITORY, ReleaseWorld
from tests.unit.packaging.fake_buildah import FakeBuildah

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

NAME = "lockgate-local-web"
DECLARED = {
    "kind": "container",
    "release": {"strategy": "canary", "percentage": 20, "interval_minutes": 5, "bake_minutes": 4},
    "alarms": {"minimum_requests": 3},
    "judge": "observe",
}


class ContainerWorld(ReleaseWorld):
    """A repository with one container, `web`, and nothing else."""

    def write_version(self, body: str, **answer: Any) -> None:
        """Gives the container other code."""
        source = self.root / "containers" / "web" / "src"
        source.mkdir(parents=True, exist_ok=True)
        (source / "answer.json").write_text(json.dumps({"body": body, **answer}))

    def asked(self) -> str:
        """What a caller gets."""
        url = self.read("status")[0]["url"]
        with urllib.request.urlopen(f"{url}/") as answer:
            body: str = answer.read().decode()
            return body

    def images(self) -> set[str]:
        """Digests of the images in the registry."""
        found = self.client("ecr").describe_images(repositoryName="lockgate-local/web")["imageDetails"]
        return {image["imageDigest"] for image in found}

    def lockgate(self, *arguments: str, **environment: str) -> Any:
        own = {
            "LOCALAWS_TASK_RUNNER": RUNNER,
            "PYTHONPATH": str(REPOSITORY),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        return super().lockgate(*arguments, **own, **environment)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerWorld]:
    root = tmp_path_factory.mktemp("containers")
    made = ContainerWorld.make(root, {})
    shutil.rmtree(root / "lambdas")
    FakeBuildah(root / "bin")
    made.write_version("v1")
    folder = root / "containers" / "web"
    (folder / "service.yaml").write_text(yaml.safe_dump(DECLARED))
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY src/ /app/\nUSER 10001\n")
    try:
        yield made
    finally:
        made.lockgate("local", "down").ended()


@pytest.fixture(scope="module")
def released(world: ContainerWorld) -> ContainerWorld:
    """After the first release."""
    said = world.run("deploy")
    assert "first release" in said
    return world


def test_the_first_release_replaces_the_bootstrap(released: ContainerWorld) -> None:
    assert released.asked() == "v1"
    (status,) = released.read("status")
    assert (status["version"], status["weights"]) == ("1", {"1": 1.0})
    assert "serves this code and configuration already" in released.run("deploy")


def test_what_a_release_registers_has_the_tags_of_its_template(released: ContainerWorld) -> None:
    answer = released.client("ecs").describe_task_definition(taskDefinition=NAME, include=["TAGS"])
    tags = {tag["key"]: tag["value"] for tag in answer["tags"]}
    assert tags == {
        "environment": "local",
        "managed-by": "terraform",
        "organisation": "acme",
        "platform": "lockgate",
        "service": "web",
    }


def test_a_canary_is_judged_promoted_and_the_old_tasks_are_there_for_the_bake(
    released: ContainerWorld,
) -> None:
    released.write_version("v2")
    running = released.start("deploy")
    running.line("gets traffic")
    weights = released.read("status")[0]["weights"]
    assert weights.keys() == {"1", "2"}, running.output
    running.line("watching it for")
    service = released.client("ecs").describe_services(cluster="lockgate-local", services=[NAME])["services"][
        0
    ]
    assert len(service["taskSets"]) == 2
    assert running.ended() == 0, running.output
    assert released.asked() == "v2"
    last = released.last()["deployments"]["web"]
    assert last["phase"] == "succeeded"
    assert last["judgements"].keys() == {"canary", "bake"}
    assert sum(tally["requests"] for tally in last["tallies"].values()) > 0, last["tallies"]


def test_a_version_that_fails_is_rolled_back_with_numbers(released: ContainerWorld) -> None:
    before = released.asked()
    released.write_version("v3", status=500)
    said = released.run("deploy", expect=3)
    assert re.search(r"alarm lockgate-local-web-live-(backstop|error-rate).* went red", said), said
    assert released.asked() == before


def test_its_dashboard_shows_what_has_happened(released: ContainerWorld) -> None:
    dashboard = body(released, NAME)
    assert named_that_do_not_exist(released, dashboard) == []
    graphs = shown(released, dashboard)
    for title, lines in graphs.items():
        assert all(lines.values()), (title, lines)
    requests, failed = graphs["Requests by target group"], graphs["Errors per request by target group"]
    assert sum(requests["both"]) == sum(requests["blue"]) + sum(requests["green"])
    assert max(*failed["blue"], *failed["green"]) > 0
    for lines in (requests, failed, graphs["Latency by target group"]):
        assert {label for label in lines if label.startswith("release ") and max(lines[label]) == 1} == {
            "release started",
            "release promoted",
            "release rolled back",
        }


def test_a_version_that_does_not_get_healthy_gets_no_traffic(released: ContainerWorld) -> None:
    before = released.asked()
    released.write_version("v4", health=503)
    running = released.start("deploy")
    running.line("CodeDeploy .* started")
    released.run("rollback")
    assert running.ended() == 3, running.output
    assert released.asked() == before


def test_the_release_before_comes_back(released: ContainerWorld) -> None:
    assert "back to version 1" in released.run("rollback")
    assert released.asked() == "v1"


def test_plan_is_empty_after_releases(released: ContainerWorld) -> None:
    assert "Nothing to change." in released.run("apply", "--dry-run")


def test_prune_takes_what_no_roll_back_may_go_to(released: ContainerWorld) -> None:
    """Of 2 and 3, which were taken back, neither task definition nor image is left; 4 is the newest."""
    before = released.images()
    rows: dict[str, dict[str, Any]] = {}

    def over() -> bool:
        said = prune(released, "--dry-run", "--json")
        rows.update((row["kind"], row) for row in json.loads(said) if row["subject"] == "web")
        return rows["task definitions"]["skipped"] is None

    until(over, "CodeDeploy has removed the old tasks")
    assert rows["task definitions"]["kept"] == {"in_use": ["1"], "newest": ["4"]}
    assert rows["task definitions"]["delete"] == ["2", "3"]
    going = rows["images"]["delete"]
    assert len(going) == 2
    said = prune(released)
    for name in ("2", "3", *going):
        assert f"web: {name} deleted" in said
    assert before - released.images() == set(going)
    assert released.asked() == "v1"
    definitions = released.client("ecs").list_task_definitions(familyPrefix=NAME)["taskDefinitionArns"]
    active = {arn.rpartition("/")[2] for arn in definitions}
    assert active == {f"{NAME}:1", f"{NAME}:4", f"{NAME}-template:1", f"{NAME}-bootstrap:1"}
