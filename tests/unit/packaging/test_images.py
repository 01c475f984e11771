"""Images: what they are made of, what is refused, and that an unchanged one is not made again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from lockgate.config import Project
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import BuiltImage, Bundle, build, parse_bundle
from lockgate.packaging.base_images import base_images
from lockgate.packaging.builders import VARIABLE, Buildah, find_builder

from .fake_buildah import FakeBuildah

PLATFORM = """
organisation: acme
region: eu-west-1
environments:
  dev:
    account_id: "222222222222"
"""
BASE = f"public.ecr.aws/docker/library/python:3.12-slim@sha256:{'7' * 64}"
DOCKERFILE = f"FROM {BASE} AS base\nFROM base\nCOPY src/ /app/\nUSER 10001:10001\n"


@pytest.fixture
def buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBuildah:
    fake = FakeBuildah(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{fake.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv(VARIABLE, raising=False)
    return fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "platform.yaml").write_text(PLATFORM)
    service(root, DOCKERFILE)
    return root


def service(root: Path, dockerfile: str) -> Path:
    folder = root / "containers" / "web"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "service.yaml").write_text("kind: container\n")
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "src" / "app.py").write_text("print('hello')\n")
    (folder / "src" / "requirements.txt").write_text("lib-one==1.0 --hash=sha256:00\n")
    return folder


def built(root: Path) -> tuple[Bundle, BuiltImage]:
    bundle = build(Project(root), None)
    return bundle, bundle.images["web"]


def test_an_image_is_in_the_bundle_by_digest_and_its_archive_in_the_workshop(
    root: Path, buildah: FakeBuildah
) -> None:
    bundle, image = built(root)
    assert parse_bundle((root / ".build/bundle.json").read_bytes(), root, "it").images["web"] == image
    assert (image.architecture, image.path) == ("arm64", f".build/artifacts/web/{image.sha256}.tar")
    with tarfile.open(root / image.path) as archive:
        (manifest,) = json.loads(archive.extractfile("index.json").read())["manifests"]  # type: ignore[union-attr]
    assert manifest["digest"] == image.digest == image.code_sha256
    assert bundle.files == [image.sbom]
    (call,) = buildah.builds
    assert {"--timestamp", "0", "--platform", "linux/arm64"} <= set(call)


def test_the_context_is_what_the_fingerprint_counts(root: Path, buildah: FakeBuildah) -> None:
    folder = root / "containers" / "web"
    (folder / "tests").mkdir()
    (folder / "tests" / "test_app.py").write_text("")
    (folder / "src" / "__pycache__").mkdir()
    (folder / "src" / "__pycache__" / "app.pyc").write_text("")
    (folder / "src" / "run.sh").write_text("")
    (folder / "src" / "run.sh").chmod(0o700)
    _, image = built(root)
    with tarfile.open(root / image.path) as archive:
        largest = max(archive.getmembers(), key=lambda member: member.size)
        with tarfile.open(fileobj=archive.extractfile(largest)) as layer:
            found = {member.name: oct(member.mode) for member in layer.getmembers()}
    assert found == {
        "Dockerfile": "0o644",
        "src/app.py": "0o644",
        "src/requirements.txt": "0o644",
        "src/run.sh": "0o755",
    }


def test_an_unchanged_image_is_not_built_again(root: Path, buildah: FakeBuildah) -> None:
    first, image = built(root)
    (root / "containers/web/service.yaml").write_text("kind: container\ncpu: 512\nmemory_mb: 1024\n")
    again, same = built(root)
    assert (first.made, again.made, same) == ({"web"}, frozenset(), image)
    assert len(buildah.builds) == 1


@pytest.mark.parametrize("change", ["content", "mode", "dockerfile", "builder", "archive gone", "platform"])
def test_whatever_decides_on_the_bytes_builds_it_again(root: Path, buildah: FakeBuildah, change: str) -> None:
    _, image = built(root)
    source = root / "containers/web/src/app.py"
    match change:
        case "content":
            source.write_text("print('other')\n")
        case "mode":
            source.chmod(0o755)
        case "dockerfile":
            service(root, DOCKERFILE + "EXPOSE 8080\n")
        case "builder":
            buildah.will(version="2.0")
        case "archive gone":
            (root / image.path).unlink()
        case "platform":
            (root / "containers/web/service.yaml").write_text("kind: container\narchitecture: x86_64\n")
    assert built(root)[0].made == {"web"}


def test_the_bill_of_materials_names_packages_and_base_images(root: Path, buildah: FakeBuildah) -> None:
    _, image = built(root)
    text = (root / image.sbom.path).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = {each["name"]: each["version"] for each in json.loads(text)["components"]}
    assert found == {"lib-one": "1.0", BASE.partition("@")[0]: "sha256:" + "7" * 64}


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("FROM python:3.12\nUSER 1\n", "Dockerfile:1: python:3.12 is not pinned by digest"),
        ("ARG BASE\nFROM $BASE\nUSER 1\n", r"Dockerfile:2: \$BASE depends on an argument"),
        ("RUN true\n", "Dockerfile has no FROM"),
        (f"FROM {BASE}\n", "Dockerfile: the image would run as root"),
        (f"FROM {BASE}\nUSER 1\nUSER root\n", "Dockerfile: the image would run as root"),
        (f"FROM {BASE}\nUSER 0:0\n", "Dockerfile: the image would run as root"),
    ],
)
def test_a_dockerfile_that_is_not_fit_is_refused(
    root: Path, buildah: FakeBuildah, dockerfile: str, words: str
) -> None:
    service(root, dockerfile)
    with pytest.raises(UsageError, match=words):
        built(root)
    assert not list((root / ".build").rglob("image.tar"))


def test_stages_scratch_and_platforms_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(
        f"FROM --platform=$BUILDPLATFORM {BASE} \\\n  AS Build\nFROM scratch\nCOPY --from=build / /\n"
    )
    assert base_images(path) == [BASE]


def test_a_build_that_fails_says_what_the_builder_said(root: Path, buildah: FakeBuildah) -> None:
    buildah.will(fail=True)
    with pytest.raises(LockgateError, match=r"buildah failed with exit code 1:\n.*RUN false"):
        built(root)
    assert not (root / ".build/bundle.json").exists()


def test_an_image_for_another_machine_is_refused(root: Path, buildah: FakeBuildah) -> None:
    buildah.will(architecture="amd64")
    with pytest.raises(LockgateError, match="the image is for x86_64, but the service runs on arm64"):
        built(root)


def test_without_a_builder_it_is_said_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(LockgateError, match="an image needs Buildah or Docker") as raised:
        built(root)
    assert "ARGS=--remote" in raised.value.hint
    monkeypatch.setenv(VARIABLE, "podman")
    with pytest.raises(UsageError, match="LOCKGATE_IMAGE_BUILDER is 'podman'"):
        built(root)


def test_a_daemon_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    monkeypatch.setenv(VARIABLE, "docker")
    with pytest.raises(LockgateError, match="Docker does not work: Cannot connect to the Docker daemon"):
        assert find_builder().version


@pytest.mark.docker
@pytest.mark.skipif(shutil.which("buildah") is None, reason="there is no Buildah on the PATH")
def test_buildah_gives_the_same_digest_from_two_clones(root: Path, tmp_path: Path) -> None:
    service(root, "FROM scratch\nCOPY src/ /app/\nUSER 10001:10001\n")
    (root / ".gitignore").write_text(".build/\n")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "1"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    subprocess.run(["git", "clone", "-q", root, tmp_path / "clone"], check=True)
    assert isinstance(find_builder(), Buildah)
    first, second = built(root)[1], built(tmp_path / "clone")[1]
    assert (first.digest, first.size) == (second.digest, second.size)
    (root / "containers/web/src/app.py").write_text("print('other')\n")
    assert built(root)[1].digest != first.digest
