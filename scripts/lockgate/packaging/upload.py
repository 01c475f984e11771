"""Putting artifacts into the artifact store: only what is missing, and never anything else under its name."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lockgate.errors import LockgateError
from lockgate.packaging.bundle import Built, Bundle

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def upload(bundle: Bundle, s3: S3Client, bucket: str) -> list[str]:
    """Uploads what is missing; returns the keys that were uploaded.

    S3 checks each object against the SHA-256 that is sent with it (API reference, PutObject), so that an
    upload that was cut off leaves nothing. The file is checked here as well, so that what was changed in
    `.build` does not get as far.

    Args:
        bundle: what was built.
        s3: a client.
        bucket: the environment's artifact store.

    Raises:
        LockgateError: what is stored, or what lies in `.build`, is not what the bundle names.
    """
    missing = [built for built in bundle.services.values() if not _stored(s3, bucket, built)]
    for built in missing:
        data = _read(bundle, built)
        s3.put_object(
            Bucket=bucket,
            Key=built.key,
            Body=data,
            ContentType="application/zip",
            ChecksumSHA256=_checksum(built),
        )
        if not _stored(s3, bucket, built):
            raise LockgateError(
                f"s3://{bucket}/{built.key} is not there after it was uploaded", hint="Run it again."
            )
    return [built.key for built in missing]


def _read(bundle: Bundle, built: Built) -> bytes:
    path = bundle.root / built.path
    hint = "Delete .build and build again."
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LockgateError(f"{path} was built, but cannot be read: {error.strerror}", hint=hint) from error
    found = hashlib.sha256(data).hexdigest()
    if found != built.sha256:
        raise LockgateError(f"{path} was changed after it was built: its SHA-256 is {found}", hint=hint)
    return data


def _stored(s3: S3Client, bucket: str, built: Built) -> bool:
    try:
        found = s3.head_object(Bucket=bucket, Key=built.key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return False
        raise
    checksum = found.get("ChecksumSHA256")
    if found["ContentLength"] != built.size or (checksum and checksum != _checksum(built)):
        raise LockgateError(
            f"s3://{bucket}/{built.key} does not hold what its name says: {found['ContentLength']} bytes, "
            f"SHA-256 {checksum}",
            hint="Somebody wrote to the artifact store. Find out who, then delete that object.",
        )
    return True


def _checksum(built: Built) -> str:
    return base64.b64encode(bytes.fromhex(built.sha256)).decode()
