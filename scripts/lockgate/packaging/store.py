"""The artifact store: what is missing is put there, and nothing else ever stands under a name."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.packaging.bundle import Bundle, Stored, parse_bundle

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_AT_ONCE = 8
"""Requests at a time: uploads are bound by the network, and botocore keeps ten connections."""

_FRESH = timedelta(hours=12)
"""Age up to which a bundle counts as just published: half of the least age at which `prune` deletes one, so
that what was published stays for at least half a day."""

_TYPES = {".zip": "application/zip", ".json": "application/json"}
_WRITING = {
    "AccessDenied": "A store that environments share is written by builds alone. Let one make the bundle "
    "(make build ARGS=--remote), and release what it prints with BUNDLE=.",
    "NoSuchBucket": "Apply Terraform first: make apply ENV=<environment>, or make apply STACK=tooling where "
    "environments share a store.",
}
"""What to do where S3 refuses an upload, by the code of its error."""

_MISSING = ("404", "NoSuchKey", "NotFound")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ArtifactStore:
    """An artifact store: a bucket whose keys follow from what stands under them.

    Args:
        s3: a client.
        bucket: its name.
        now: the clock.
    """

    s3: S3Client
    bucket: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def upload(self, bundle: Bundle) -> list[str]:
        """Uploads the files that are missing; returns their keys.

        S3 checks each object against the SHA-256 that is sent with it (API reference, PutObject), so that an
        upload that was cut off leaves nothing. The file is checked here as well, so that what was changed in
        `.build` does not get as far.

        Raises:
            LockgateError: what is stored, or what lies in `.build`, is not what the bundle names.
        """
        missing = self._missing(bundle.files)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda file: self._put(file.key, file.sha256, _read(bundle.root, file)), missing))
        lost = self._missing(missing)
        if lost:
            raise LockgateError(
                f"s3://{self.bucket}/{lost[0].key} is not there after it was uploaded", hint="Run it again."
            )
        return [file.key for file in missing]

    def publish(self, bundle: Bundle) -> list[str]:
        """Uploads a bundle with all that it names, itself last: where it stands, everything does.

        A bundle that stands there for longer than half a day is stored anew, and what it names is looked for:
        pruning goes by a bundle's age, which has to count from when it was last wanted.

        Returns:
            The keys that were missing.

        Raises:
            LockgateError: as `upload` does.
        """
        itself = Stored(path="", sha256=bundle.sha256, size=len(bundle.content), key=_key(bundle))
        found = self._find(itself)
        if found and self.now() - found["LastModified"] < _FRESH:
            return []
        uploaded = self.upload(bundle)
        self._put(itself.key, itself.sha256, bundle.content)
        return uploaded if found else [*uploaded, itself.key]

    def put_sources(self, data: bytes) -> str:
        """Stores the sources of a build, anew each time, since pruning goes by age; their key.

        Args:
            data: a zip.
        """
        digest = hashlib.sha256(data).hexdigest()
        key = f"sources/{digest}.zip"
        self._put(key, digest, data)
        return key

    def verify(self, bundle: Bundle) -> None:
        """Makes sure that everything a bundle names is stored, byte for byte as far as S3 can say.

        Raises:
            RefusedError: something is missing.
            LockgateError: something else is stored under its name.
        """
        missing = self._missing(bundle.files)
        if missing:
            raise RefusedError(
                f"s3://{self.bucket} has not {', '.join(file.key for file in missing)}",
                hint="Build and publish that commit again: the same sources give the same artifacts.",
            )

    def fetch(self, reference: str, root: Path) -> Bundle:
        """The bundle of a commit (the newest one that was published), or by the digest of the bundle.

        Args:
            reference: 40 or 64 hexadecimal digits.
            root: the repository.

        Raises:
            UsageError: it is neither.
            RefusedError: there is none.
        """
        if not _COMMIT.fullmatch(reference) and not _DIGEST.fullmatch(reference):
            raise UsageError(
                f"{reference!r} is neither a file, nor a commit (40 digits), nor a bundle's digest (64)",
                hint="Pass .build/bundle.json, or what `make build ARGS=--publish` printed.",
            )
        by_commit = bool(_COMMIT.fullmatch(reference))
        keys = self._list(f"bundles/{reference}/" if by_commit else "bundles/")
        key = next((key for key in keys if by_commit or key.endswith(f"/{reference}.json")), None)
        if key is None:
            raise RefusedError(
                f"s3://{self.bucket}/bundles/ has no bundle of {reference}",
                hint="Build and publish it: make build ARGS=--publish",
            )
        content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        where = f"s3://{self.bucket}/{key}"
        if hashlib.sha256(content).hexdigest() != key.rpartition("/")[2].removesuffix(".json"):
            raise LockgateError(
                f"{where} does not hold what its name says",
                hint="Somebody wrote to the artifact store. Find out who, then delete that object.",
            )
        return parse_bundle(content, root, where)

    def _list(self, prefix: str) -> list[str]:
        """Keys under a prefix, the newest first."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [item for page in pages for item in page.get("Contents", [])]
        return [item["Key"] for item in sorted(found, key=lambda item: item["LastModified"], reverse=True)]

    def _missing(self, files: Iterable[Stored]) -> list[Stored]:
        wanted = list(files)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [
                file for file, there in zip(wanted, pool.map(self._holds, wanted), strict=True) if not there
            ]

    def _holds(self, file: Stored) -> bool:
        return self._find(file) is not None

    def _find(self, file: Stored) -> HeadObjectOutputTypeDef | None:
        """What S3 says of a file, or None where it is missing."""
        try:
            found = self.s3.head_object(Bucket=self.bucket, Key=file.key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        checksum = found.get("ChecksumSHA256")
        if found["ContentLength"] != file.size or (checksum and checksum != _base64(file.sha256)):
            raise LockgateError(
                f"s3://{self.bucket}/{file.key} does not hold what its name says: {found['ContentLength']} "
                f"bytes, SHA-256 {checksum}",
                hint="Somebody wrote to the artifact store. Find out who, then delete that object.",
            )
        return found

    def _put(self, key: str, sha256: str, data: bytes) -> None:
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=_TYPES[Path(key).suffix],
                ChecksumSHA256=_base64(sha256),
            )
        except ClientError as error:
            hint = _WRITING.get(error.response["Error"]["Code"])
            if hint is None:
                raise
            raise RefusedError(f"s3://{self.bucket}/{key} cannot be written: {error}", hint=hint) from error


def _key(bundle: Bundle) -> str:
    return f"bundles/{bundle.commit or 'no-commit'}/{bundle.sha256}.json"


def _read(root: Path, file: Stored) -> bytes:
    path = root / file.path
    hint = "Delete .build and build again."
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LockgateError(f"{path} was built, but cannot be read: {error.strerror}", hint=hint) from error
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise LockgateError(f"{path} was changed after it was built: its SHA-256 is {found}", hint=hint)
    return data


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
