"""Plans that wait for an approval, in the bucket of the state that they are for.

Terraform's file holds the same secrets as the state, so that it lies beside it: with that bucket's
encryption, and for the same readers. Its key is the digest that is approved.
"""

from __future__ import annotations

import io
import re
import zipfile

from botocore.exceptions import ClientError

from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.plans.saved import Saved, again
from lockgate.plans.stack import Stack

_DIGEST = re.compile(r"[0-9a-f]{64}")


def keep(stack: Stack, saved: Saved) -> str:
    """Puts a plan there; its digest.

    Raises:
        LockgateError: S3 does not take it.
    """
    digest = saved.read(stack.name).digest
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in saved.files:
            archive.write(path, path.name)
    try:
        stack.aws.s3.put_object(Bucket=stack.bucket, Key=_key(digest), Body=packed.getvalue())
    except ClientError as error:
        raise LockgateError(
            f"s3://{stack.bucket}/{_key(digest)} cannot be written: {error}",
            hint="Whoever plans for an approval needs s3:PutObject on plans/* of the state's bucket.",
        ) from error
    return digest


def take(stack: Stack, digest: str, saved: Saved) -> None:
    """Gets a plan from there into a folder, which holds nothing else then.

    Raises:
        UsageError: that is no digest.
        RefusedError: there is no such plan, or these credentials may not read it.
    """
    if not _DIGEST.fullmatch(digest):
        raise UsageError(f"{digest!r} is no digest of a plan", hint="Take the 64 digits that the plan shows.")
    try:
        content = stack.aws.s3.get_object(Bucket=stack.bucket, Key=_key(digest))["Body"].read()
    except ClientError as error:
        raise RefusedError(
            f"there is no plan {digest} of {stack.name} in s3://{stack.bucket}: {error}",
            hint=f"It was applied already, or never kept: {again(stack.name)} ARGS=--keep",
        ) from error
    saved.begin()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for path in saved.files:
            # By our own names, whatever the archive's are.
            path.touch(mode=0o600)
            path.write_bytes(archive.read(path.name))


def drop(stack: Stack, digest: str) -> None:
    """Deletes a plan that was applied; none is there where it was not kept."""
    stack.aws.s3.delete_object(Bucket=stack.bucket, Key=_key(digest))


def _key(digest: str) -> str:
    return f"plans/{digest}.zip"
