"""Getting the sources of a build: a zip or a folder of S3, or a Git repository of this machine."""

from __future__ import annotations

import os
import stat
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.clients import Clients

GIT_TYPES = ("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")

_GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


class SourceError(Exception):
    """Sources that cannot be had; says which and why."""


def download(source: Mapping[str, Any], version: str | None, folder: Path, clients: Clients) -> str | None:
    """Puts the sources into a folder; the commit that they are, where they have one.

    Args:
        source: as in ProjectSource.
        version: the object's version, or what to check out: a commit, a branch or a tag.
        folder: is made.

    Raises:
        SourceError: they cannot be had.
    """
    folder.mkdir(parents=True)
    kind, location = source["type"], source.get("location", "")
    if kind == "NO_SOURCE":
        return None
    if kind == "S3":
        _from_s3(location, version, folder, clients)
        return None
    if kind in GIT_TYPES:
        return _from_git(location, version, source.get("gitCloneDepth", 0), folder)
    raise SourceError(
        f"source type {kind} is not emulated; use S3, NO_SOURCE, or Git with a local repository"
    )


def _from_s3(location: str, version: str | None, folder: Path, clients: Clients) -> None:
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    try:
        if key.endswith("/") or not key:
            _folder_of_s3(bucket, key, folder, clients)
            return
        archive = folder.parent / "source.zip"
        extra = {"ExtraArgs": {"VersionId": version}} if version else {}
        clients.client("s3").download_file(bucket, key, str(archive), **extra)
    except ClientError as error:
        told = error.response["Error"]
        raise SourceError(f"{told['Code']}: {told['Message']} for s3://{bucket}/{key}") from error
    try:
        unpack(archive, folder)
    except (zipfile.BadZipFile, ValueError) as error:
        raise SourceError(f"s3://{bucket}/{key} cannot be unpacked: {error}") from error
    archive.unlink()


def _folder_of_s3(bucket: str, prefix: str, folder: Path, clients: Clients) -> None:
    s3 = clients.client("s3")
    found = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            target = _inside(folder, item["Key"].removeprefix(prefix))
            if not item["Key"].endswith("/"):
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, item["Key"], str(target))
                found += 1
    if not found:
        raise SourceError(f"s3://{bucket}/{prefix} has no objects")


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a zip with the modes and symbolic links in it.

    Raises:
        ValueError: an entry would be outside of the folder.
        zipfile.BadZipFile: it is no zip.
    """
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            target, mode = _inside(folder, entry.filename), entry.external_attr >> 16
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISLNK(mode):
                target.symlink_to(files.read(entry).decode())
                continue
            target.write_bytes(files.read(entry))
            if mode & 0o777:
                target.chmod(mode & 0o777)


def _inside(folder: Path, name: str) -> Path:
    target = folder / name
    if not target.parent.resolve().is_relative_to(folder.resolve()) or ".." in Path(name).parts:
        raise ValueError(f"{name} is outside of the sources")
    return target


def _from_git(location: str, version: str | None, depth: int, folder: Path) -> str:
    place = Path(location.removeprefix("file://"))
    if not place.is_absolute():
        raise SourceError(
            f"{location}: only repositories of this machine are emulated; use file:///path or /path"
        )
    # A clone by its path would ignore --depth; a shallow one has no other branches, and is deepened for them.
    shallow = ("--depth", str(depth)) if depth and not version else ()
    _git(None, "clone", "--quiet", *shallow, "--", place.as_uri(), str(folder))
    if version:
        commit = _resolved(folder, version)
        _git(folder, "checkout", "--quiet", "--detach", commit)
    return _git(folder, "rev-parse", "HEAD")


def _resolved(folder: Path, version: str) -> str:
    name = version.removeprefix("refs/heads/")
    for candidate in (f"origin/{name}", version):
        done = _run(folder, "rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}")
        if done.returncode == 0:
            return done.stdout.strip()
    raise SourceError(f"reference not found for primary source and source version {version}")


def _git(folder: Path | None, *arguments: str) -> str:
    done = _run(folder, *arguments)
    if done.returncode:
        raise SourceError(f"git {arguments[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


def _run(folder: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), **_GIT}
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SourceError(f"git cannot be run: {error.strerror}") from error
