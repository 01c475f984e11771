"""Images in an OCI archive: a tar whose blobs are named by their digest (OCI image-spec, "Image Layout")."""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.errors import LockgateError

_ARCHITECTURES = {"arm64": "arm64", "amd64": "x86_64"}
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True)
class Image:
    """One image for one platform.

    Attributes:
        digest: of its manifest, `sha256:...`.
        manifest: the manifest itself.
        media_type: of the manifest.
        blobs: size in bytes of configuration and layers, by digest.
        architecture: `arm64` or `x86_64`, or what else it is for.
        user: whom its process runs as; empty for root.
    """

    digest: str
    manifest: bytes
    media_type: str
    blobs: dict[str, int]
    architecture: str
    user: str

    @property
    def size(self) -> int:
        """Bytes that are pulled."""
        return len(self.manifest) + sum(self.blobs.values())


def read_image(archive: Path) -> Image:
    """The one image of an archive.

    Raises:
        LockgateError: it is no OCI archive, or holds images for several platforms.
    """
    try:
        with tarfile.open(archive) as tar:
            index = json.loads(_member(tar, "index.json"))
            descriptors = index["manifests"]
            if len(descriptors) != 1 or descriptors[0]["mediaType"] not in _MANIFESTS:
                kinds = ", ".join(str(each["mediaType"]) for each in descriptors)
                raise LockgateError(
                    f"{archive} does not hold one image for one platform, but {kinds or 'nothing'}",
                    hint="Build without attestations, and for one platform.",
                )
            (descriptor,) = descriptors
            manifest = _blob(tar, descriptor["digest"])
            content = json.loads(manifest)
            config = json.loads(_blob(tar, content["config"]["digest"]))
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise LockgateError(
            f"{archive} is no OCI archive: {error}", hint="Delete .build and build again."
        ) from error
    return Image(
        digest=descriptor["digest"],
        manifest=manifest,
        media_type=content.get("mediaType") or descriptor["mediaType"],
        blobs={each["digest"]: each["size"] for each in (content["config"], *content["layers"])},
        architecture=_ARCHITECTURES.get(config["architecture"], config["architecture"]),
        user=_user(config),
    )


def read_blob(archive: Path, digest: str) -> bytes:
    """A configuration or a layer, checked against its name.

    Raises:
        LockgateError: it is not there, or holds something else.
    """
    try:
        with tarfile.open(archive) as tar:
            return _blob(tar, digest)
    except (OSError, tarfile.TarError, KeyError) as error:
        raise LockgateError(
            f"{archive} cannot be read: {error}", hint="Delete .build and build again."
        ) from error


def _blob(tar: tarfile.TarFile, digest: str) -> bytes:
    algorithm, _, value = digest.partition(":")
    data = _member(tar, f"blobs/{algorithm}/{value}")
    if algorithm != "sha256" or hashlib.sha256(data).hexdigest() != value:
        raise LockgateError(
            f"{tar.name!r} was changed after it was built: {digest} is not what its name says",
            hint="Delete .build and build again.",
        )
    return data


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    with file:
        return file.read()


def _user(config: Any) -> str:
    return str((config.get("config") or {}).get("User") or "")
