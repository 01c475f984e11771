"""Pruning what real releases to the embedded AWS have left, with the real command line."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.local.pruning import prune
from tests.local.release_world import ACCOUNT, FUNCTION, OBSERVED, SERVICE, ReleaseWorld, released

pytestmark = [pytest.mark.local, pytest.mark.terraform]

AT_ONCE = {**OBSERVED, "release": {"strategy": "all_at_once", "bake_minutes": 0}}

BUCKET = f"lockgate-local-artifacts-{ACCOUNT}-eu-west-1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    """Good versions 2, 3 and 5; 4 was taken back. The first of two bundles was never released."""
    with released(tmp_path_factory.mktemp("prune"), AT_ONCE) as world:
        world.change()
        world.run("build", "--publish")
        deploy(world)
        deploy(world)
        world.run("rollback", "--service", SERVICE)
        deploy(world)
        world.run("build", "--publish")
        yield world


def deploy(world: ReleaseWorld) -> None:
    world.change()
    world.run("deploy", "--service", SERVICE, "--no-traffic")


def versions(world: ReleaseWorld, function: str = FUNCTION) -> list[str]:
    found: Any = world.client("lambda").list_versions_by_function(FunctionName=function)["Versions"]
    return [version["Version"] for version in found]


def store(world: ReleaseWorld) -> set[str]:
    """Keys of the artifact store."""
    return {item["Key"] for item in world.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}


def zip_of(world: ReleaseWorld, version: str) -> str:
    """Key of a version's zip, from Lambda's own digest of it."""
    found = world.client("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier=version)
    return f"services/{SERVICE}/{base64.b64decode(found['CodeSha256']).hex()}.zip"


def test_young_versions_stay(world: ReleaseWorld) -> None:
    before = versions(world)
    assert before == ["$LATEST", "1", "2", "3", "4", "5"]
    output = prune(world, "--older-than-days", "1", after=timedelta(hours=23))
    assert (
        f"{SERVICE}: versions: 1 in use now, 2 kept (a roll-back may go to it), 2 kept (too young)" in output
    )
    assert versions(world) == before


def test_a_dry_run_says_what_a_prune_then_does(world: ReleaseWorld) -> None:
    before, stored = versions(world), store(world)
    good = {zip_of(world, version) for version in ("2", "3", "5")}
    lost = zip_of(world, "4")
    said = prune(world, "--dry-run")
    assert f"{SERVICE}: versions: 1 in use now, 2 kept (a roll-back may go to it), 2 to delete" in said
    assert "Nothing was written." in said
    assert (versions(world), store(world)) == (before, stored)
    planned = {
        (row["subject"], row["kind"]): row["delete"]
        for row in json.loads(prune(world, "--dry-run", "--json"))
    }
    assert planned[SERVICE, "versions"] == ["1", "4"]
    assert planned["release-hook", "versions"] == ["1"]
    (bundle,) = planned["artifact store", "bundles"]
    artifacts = set(planned["artifact store", "artifacts"])
    assert lost in artifacts
    assert len(artifacts) == 4, "zips and bills of materials of what was taken back, and of the old bundle"

    output = prune(world)
    assert said.replace("Nothing was written.", "").strip() in _without_deeds(output)
    for version in ("1", "4"):
        assert f"{SERVICE}: {version} deleted" in output
    assert versions(world) == ["$LATEST", "2", "3", "5"]
    assert versions(world, "CodeDeployHook_lockgate-local-release-hook") == ["$LATEST", "2"]
    assert stored - store(world) == {bundle, *artifacts}
    assert good <= store(world)
    markers = world.client("s3").list_object_versions(Bucket=BUCKET)["DeleteMarkers"]
    assert {marker["Key"] for marker in markers} == {bundle, *artifacts}
    digest = bundle.rpartition("/")[2].removesuffix(".json")
    assert f"has no bundle of {digest}" in world.run("deploy", "--bundle", digest, expect=4)
    again = prune(world)
    assert again.count("0 to delete") == 5
    assert "deleted" not in again
    assert "Nothing to change" in world.run("apply", "--dry-run")


def test_a_rollback_to_what_was_pruned_is_refused_and_another_one_works(world: ReleaseWorld) -> None:
    lost = next(
        release["release_id"]
        for release in world.read("history")
        if release["deployments"].get(SERVICE, {}).get("to_version") == "4" and release["kind"] == "deploy"
    )
    count = len(world.read("history"))
    refused = world.run("rollback", "--service", SERVICE, "--to", lost, expect=4)
    assert f"version 4, which release {lost} left serving, does not exist any more" in refused
    assert f"make deploy ENV=local SERVICE={SERVICE} BUNDLE=" in refused
    assert len(world.read("history")) == count
    world.run("rollback", "--service", SERVICE)
    assert world.alias() == ("3", {})


def test_a_service_that_is_being_released_is_skipped(world: ReleaseWorld) -> None:
    world.change()
    running = world.start("deploy", "--service", SERVICE, "--no-traffic")
    running.line("is published")
    running.signal(signal.SIGKILL)
    running.ended()
    release_id = world.last()["release_id"]
    assert f"{SERVICE}: versions: skipped, release {release_id} is not over" in prune(world)
    # The roll-back to 3 has left version 5 behind; the interrupted release has published version 6.
    assert versions(world) == ["$LATEST", "2", "3", "5", "6"]
    world.run("deploy", "--service", SERVICE, "--no-traffic")
    prune(world)
    assert versions(world) == ["$LATEST", "2", "3", "6"]


def _without_deeds(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if not line.endswith(" deleted"))
