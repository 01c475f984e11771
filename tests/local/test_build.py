"""Builds as a developer and a pipeline use them: a new service with a dependency, and a bundle by name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.release_world import ACCOUNT, REPOSITORY, SERVICE, ReleaseWorld

pytestmark = [pytest.mark.local, pytest.mark.terraform]

BUCKET = f"lockgate-local-artifacts-{ACCOUNT}-eu-west-1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    """Nothing is released, and nothing runs yet."""
    made = ReleaseWorld.make(tmp_path_factory.mktemp("build"))
    try:
        yield made
    finally:
        made.lockgate("local", "down").ended()


def lock(world: ReleaseWorld, service: str) -> subprocess.CompletedProcess[str]:
    """Runs `make lock SERVICE=...` in the copy, with this repository's tools."""
    scripts = world.root / "scripts"
    scripts.mkdir(exist_ok=True)
    (scripts / "setup.py").write_bytes((REPOSITORY / "scripts/setup.py").read_bytes())
    tools = world.root / ".venv"
    if not tools.exists():
        tools.symlink_to(REPOSITORY / ".venv")
    command = [sys.executable, "scripts/setup.py", "lock", service]
    return subprocess.run(command, cwd=world.root, capture_output=True, text=True, check=False)


def objects(world: ReleaseWorld) -> dict[str, str]:
    """Keys of the artifact store, with what S3 says of their content."""
    found = world.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {item["Key"]: f"{item['ETag']} {item['LastModified']}" for item in found}


def test_a_new_service_with_a_compiled_dependency_is_released_alone(world: ReleaseWorld) -> None:
    world.lockgate("new", "lambda", "orders").ended()
    source = world.root / "lambdas/orders/src"
    (source / "requirements.in").write_text("pydantic-core\n")
    refused = world.run("build", "--service", "orders", expect=2)
    assert "pydantic-core is missing" in refused
    assert "make lock SERVICE=orders" in refused
    locked = lock(world, "orders")
    assert locked.returncode == 0, locked.stderr
    assert "--hash=sha256:" in (source / "requirements.txt").read_text()
    code = (source / "app.py").read_text().replace("import json\n", "import json\n\nimport pydantic_core\n")
    (source / "app.py").write_text(code.replace('"service": "orders"', '"core": pydantic_core.__version__'))

    output = world.run("deploy", "--service", "orders")
    assert "release-hook comes too: it is the hook, and was never released" in output
    assert "orders: succeeded" in output
    event = json.dumps({"rawPath": "/orders"})
    answer = world.client("lambda").invoke(
        FunctionName="lockgate-local-orders", Qualifier="live", Payload=event
    )
    assert "core" in json.loads(json.loads(answer["Payload"].read())["body"])


def test_a_published_bundle_is_released_by_its_name_and_nothing_is_built_or_uploaded(
    world: ReleaseWorld,
) -> None:
    world.change()
    said = world.run("build", "--publish")
    bundle = (world.root / ".build/bundle.json").read_bytes()
    digest = hashlib.sha256(bundle).hexdigest()
    assert f"BUNDLE={digest}" in said
    again = world.run("build", "--publish")
    assert "3 unchanged" in again
    assert "0 uploaded" in again
    before = objects(world)
    # Sources that are not those of the bundle, and nothing of it left on this machine.
    world.change("raise RuntimeError('not this')")
    (world.root / ".build/bundle.json").unlink()
    for path in (world.root / ".build/artifacts").rglob("*.zip"):
        path.unlink()
    world.run("deploy", "--service", SERVICE, "--bundle", digest)
    assert objects(world) == before
    released = world.last()["deployments"][SERVICE]["artifact"]["sha256"]
    assert released == json.loads(bundle)["services"][SERVICE]["sha256"]


def test_a_bundle_whose_artifact_is_gone_or_that_has_not_the_service_is_refused(
    world: ReleaseWorld, tmp_path: Path
) -> None:
    world.change()
    world.run("build", "--service", SERVICE)
    path = tmp_path / "bundle.json"
    path.write_bytes((world.root / ".build/bundle.json").read_bytes())
    last = world.last()["release_id"]
    output = world.run("deploy", "--service", SERVICE, "--bundle", str(path), expect=4)
    assert "has not services/hello-api/" in output
    output = world.run("deploy", "--service", "orders", "--bundle", str(path), expect=4)
    assert "has no orders; it has hello-api" in output
    output = world.run("deploy", "--bundle", "f" * 64, expect=4)
    assert "has no bundle of ffff" in output
    assert world.last()["release_id"] == last
