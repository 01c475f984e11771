"""Images in the registry of the embedded AWS: pushed once, by digest, and whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.tasks.docker import DockerRunner, Engine
from localaws.tasks.runner import Container, Launch, NotStartedError
from lockgate.aws import Aws
from lockgate.config import Account, Project
from lockgate.errors import LockgateError, RefusedError
from lockgate.packaging import Bundle, build
from lockgate.packaging.oci import read_image
from lockgate.packaging.registry import Registry
from tests.local.codedeploy_world import until
from tests.unit.packaging.fake_buildah import FakeBuildah

pytestmark = pytest.mark.local

REGION = "eu-west-1"
PLATFORM = """
organisation: acme
region: eu-west-1
environments:
  dev:
    account_id: "{account}"
"""


class World:
    """A repository with one container, an account of its own, and its registry."""

    def __init__(self, endpoint: str, folder: Path, account: str) -> None:
        self.root = folder / "repository"
        source = self.root / "containers" / "web" / "src"
        source.mkdir(parents=True)
        (self.root / "platform.yaml").write_text(PLATFORM.format(account=account))
        (source.parent / "service.yaml").write_text("kind: container\n")
        (source.parent / "Dockerfile").write_text("FROM scratch\nCOPY src/ /app/\nUSER 1\n")
        # More than one part of an upload, and not the same in each of them.
        (source / "data").write_bytes(os.urandom(1024) * 12_000)
        self.aws = Aws.connect(Account(account_id=account, endpoint_url=endpoint), REGION)
        self.account = account

    @property
    def registry(self) -> Registry:
        platform = Project(self.root).platform
        return Registry(self.aws.ecr, self.account, lambda name: platform.repository_of("dev", name))

    def build(self) -> Bundle:
        return build(Project(self.root), None)

    def found(self) -> list[Any]:
        answer = self.aws.ecr.describe_images(registryId=self.account, repositoryName="lockgate-dev/web")
        return list(answer["imageDetails"])


@pytest.fixture
def world(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> World:
    fake = FakeBuildah(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{fake.folder}{os.pathsep}{os.environ['PATH']}")
    account = f"{abs(hash(request.node.name)) % 10**12:012d}"
    world = World(endpoint, tmp_path, account)
    world.aws.ecr.create_repository(repositoryName="lockgate-dev/web", imageTagMutability="IMMUTABLE")
    return world


def test_an_image_is_pushed_once_and_found_by_digest(world: World) -> None:
    bundle = world.build()
    image = bundle.images["web"]
    with pytest.raises(RefusedError, match=f"lockgate-dev/web has no image {image.digest}"):
        world.registry.verify(bundle)
    assert world.registry.push(bundle) == [f"lockgate-dev/web@{image.digest}"]
    assert [(one["imageDigest"], one["imageTags"]) for one in world.found()] == [(image.digest, [image.tag])]
    uploaded = world.aws.calls["ecr.UploadLayerPart"]
    assert uploaded > len(bundle.images) + 1
    assert world.registry.push(bundle) == []
    world.registry.verify(bundle)
    assert world.aws.calls["ecr.UploadLayerPart"] == uploaded


def test_a_push_that_is_interrupted_leaves_no_image_and_is_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = world.build()
    monkeypatch.setattr(world.aws.ecr, "put_image", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.registry.push(bundle)
    assert world.found() == []
    monkeypatch.undo()
    uploaded = world.aws.calls["ecr.UploadLayerPart"]
    assert len(world.registry.push(bundle)) == 1
    assert world.aws.calls["ecr.UploadLayerPart"] == uploaded
    world.registry.verify(bundle)


def _interrupted(**_: Any) -> None:
    raise KeyboardInterrupt


def test_what_was_changed_in_the_archive_does_not_get_as_far(world: World) -> None:
    bundle = world.build()
    archive = world.root / bundle.images["web"].path
    data = bytearray(archive.read_bytes())
    middle = data.index((world.root / "containers/web/src/data").read_bytes()[:512]) + 600
    data[middle] ^= 1
    archive.write_bytes(data)
    with pytest.raises(LockgateError, match=r"is not what its name says"):
        world.registry.push(bundle)
    assert world.found() == []
    archive.write_bytes(b"nonsense")
    with pytest.raises(LockgateError, match="is no OCI archive"):
        world.registry.push(bundle)


def test_a_registry_that_is_not_there_says_what_to_do(world: World) -> None:
    world.aws.ecr.delete_repository(repositoryName="lockgate-dev/web")
    with pytest.raises(RefusedError, match=r"registry .* lockgate-dev/web") as raised:
        world.registry.push(world.build())
    assert "make apply ENV=<environment>" in raised.value.hint


def test_what_ecr_would_not_take_is_refused(world: World) -> None:
    bundle = world.build()
    image = read_image(world.root / bundle.images["web"].path)
    of = {"repositoryName": "lockgate-dev/web"}
    with pytest.raises(ClientError, match="LayersNotFoundException"):
        world.aws.ecr.put_image(**of, imageManifest=image.manifest.decode())
    upload = world.aws.ecr.initiate_layer_upload(**of)["uploadId"]
    with pytest.raises(ClientError, match="EmptyUploadException"):
        world.aws.ecr.complete_layer_upload(**of, uploadId=upload, layerDigests=["sha256:" + "0" * 64])
    with pytest.raises(ClientError, match="InvalidLayerPartException"):
        world.aws.ecr.upload_layer_part(
            **of, uploadId=upload, partFirstByte=5, partLastByte=6, layerPartBlob=b"ab"
        )
    world.aws.ecr.upload_layer_part(
        **of, uploadId=upload, partFirstByte=0, partLastByte=1, layerPartBlob=b"ab"
    )
    with pytest.raises(ClientError, match="InvalidLayerException"):
        world.aws.ecr.complete_layer_upload(**of, uploadId=upload, layerDigests=["sha256:" + "0" * 64])
    world.registry.push(bundle)
    with pytest.raises(ClientError, match="ImageAlreadyExistsException"):
        world.aws.ecr.put_image(
            **of, imageManifest=image.manifest.decode(), imageTag=bundle.images["web"].tag
        )


def test_what_was_pushed_is_pulled(world: World, endpoint: str) -> None:
    """By the registry protocol, which `docker pull` and ECS speak."""
    bundle = world.build()
    world.registry.push(bundle)
    image = read_image(world.root / bundle.images["web"].path)
    host = {"Host": f"{world.account}.dkr.ecr.{REGION}.amazonaws.com"}
    for kind, digest in (("manifests", image.digest), *(("blobs", blob) for blob in image.blobs)):
        asked = urllib.request.Request(f"{endpoint}/v2/lockgate-dev/web/{kind}/{digest}", headers=host)
        with urllib.request.urlopen(asked) as answer:
            assert f"sha256:{hashlib.sha256(answer.read()).hexdigest()}" == digest


def busybox() -> Path:
    """A program that needs nothing of its image."""
    for place in ("/bin/busybox", "/usr/bin/busybox"):
        if Path(place).is_file() and subprocess.run(["ldd", place], capture_output=True).returncode:
            return Path(place)
    pytest.skip("there is no static busybox to put into an image: apt-get install busybox-static")


@pytest.fixture
def docker(home: Path) -> Iterator[DockerRunner]:
    engine = Engine(os.environ.get("DOCKER_HOST"))
    if problem := engine.problem():
        pytest.skip(f"Docker is missing: {problem}")
    runner = DockerRunner(home, engine)
    yield runner
    runner.close()


@pytest.mark.docker
def test_docker_runs_what_was_pushed(world: World, docker: DockerRunner) -> None:
    source = world.root / "containers" / "web" / "src"
    shutil.copy(busybox(), source / "busybox")
    (source / "index.html").write_text("pushed")
    bundle = world.build()
    host = f"{world.account}.dkr.ecr.{REGION}.amazonaws.com"
    image = f"{host}/lockgate-dev/web@{bundle.images['web'].digest}"
    program = ("/src/busybox", "httpd", "-f", "-p", "8080", "-h", "/src")
    launch = Launch("task-1", (Container("web", image, entry_point=program),), (8080,))
    with pytest.raises(
        NotStartedError, match=r"CannotPullContainerError: .*/lockgate-dev/web has no sha256:"
    ):
        docker.start(launch)
    world.registry.push(bundle)
    where, port = docker.start(launch)[8080]

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://{where}:{port}/") as answer:
                return bool(answer.read() == b"pushed")
        except OSError:
            return False

    until(answers, "the image serves")
    assert docker.ended("task-1") is None
    docker.stop("task-1")
    assert docker.ended("task-1") is not None
