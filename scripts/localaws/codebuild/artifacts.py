"""What a build leaves behind: which files, under which names, and where they go in S3.

Sources: buildspec reference, `artifacts`; API reference, ProjectArtifacts, whose table says how path,
namespace and name make the key.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localaws.clients import Clients
from localaws.codebuild.buildspec import FileSet

_EPOCH = (1980, 1, 1, 0, 0, 0)


class NoFilesError(Exception):
    """No pattern has found a file."""


def selected(spec: FileSet, sources: Path, expand: Callable[[str], str] = str) -> dict[str, Path]:
    """Files by the name that they get.

    Args:
        sources: what the patterns are relative to.
        expand: expands variables in the base directory and the patterns.

    Raises:
        NoFilesError: there are none.
    """
    base = sources / expand(spec.base_directory) if spec.base_directory else sources
    found: dict[str, Path] = {}
    for pattern in spec.files:
        for path in sorted(_matching(base, expand(pattern))):
            name = path.name if spec.discard_paths else _relative(path, base)
            found[name] = path
    left_out = {path for pattern in spec.exclude for path in _matching(base, pattern)}
    found = {name: path for name, path in found.items() if path not in left_out}
    if not found:
        raise NoFilesError("no matching artifact paths found")
    return found


def _matching(base: Path, pattern: str) -> list[Path]:
    """Files that a pattern names; `**/*` is all of them, a folder is none."""
    if Path(pattern).is_absolute():
        base, pattern = Path("/"), str(Path(pattern).relative_to("/"))
    pattern = pattern.removeprefix("./")
    return [path for path in base.glob(pattern) if path.is_file()] if pattern else []


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name


def key_of(config: Mapping[str, Any], build_uuid: str, name: str) -> str:
    """Where an artifact goes: `<path>/<build>/<name>` without what is not set; `/` is the bucket's top."""
    parts = [config.get("path", "").strip("/")]
    if config.get("namespaceType") == "BUILD_ID":
        parts.append(build_uuid)
    parts.append(name.strip("/"))
    return "/".join(part for part in parts if part)


def zipped(files: Mapping[str, Path]) -> bytes:
    """A zip of files, sorted, with their modes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = files[name].stat().st_mode << 16
            archive.writestr(entry, files[name].read_bytes())
    return target.getvalue()


def upload(
    config: Mapping[str, Any], files: Mapping[str, Path], build_uuid: str, name: str, clients: Clients
) -> dict[str, Any]:
    """Puts artifacts into S3; what the build's answer says of them (API reference, BuildArtifacts).

    Raises:
        ClientError: S3 does not take them.
    """
    s3, bucket = clients.client("s3"), str(config["location"]).removeprefix("arn:aws:s3:::")
    key = key_of(config, build_uuid, name)
    answer: dict[str, Any] = {
        "location": f"arn:aws:s3:::{bucket}/{key}".rstrip("/"),
        "encryptionDisabled": config.get("encryptionDisabled", False),
        "overrideArtifactName": config.get("overrideArtifactName", False),
    }
    if config.get("artifactIdentifier"):
        answer["artifactIdentifier"] = config["artifactIdentifier"]
    if config.get("packaging") == "ZIP":
        data = zipped(files)
        s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType="application/zip")
        digests = {"sha256sum": hashlib.sha256(data).hexdigest(), "md5sum": hashlib.md5(data).hexdigest()}
        return {**answer, **digests}
    for file_name, path in files.items():
        s3.put_object(Bucket=bucket, Key=f"{key}/{file_name}".lstrip("/"), Body=path.read_bytes())
    return answer
