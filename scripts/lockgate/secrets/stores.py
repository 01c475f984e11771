"""Secrets Manager and Parameter Store, as far as values are set and asked after; nothing here reads one."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.aws import Aws
from lockgate.contract import SecretContract
from lockgate.errors import LockgateError, RefusedError
from lockgate.secrets.values import STANDARD_BYTES, SecretValue

_SPEAKS_OF_NAMES = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidKeyId",
    "InvalidRequestException",
    "ResourceNotFoundException",
    "ThrottlingException",
    "UnrecognizedClientException",
)
"""Errors whose words are about names, keys and callers. Those of others are not shown: an error of validation
may quote what was sent."""


@dataclass(frozen=True)
class Known:
    """What a store says of a secret.

    Attributes:
        exists: it is there, with a value or without.
        has_value: somebody has set it.
        changed: when it was changed last, in UTC; None where it was never set.
        rotation: how it is renewed, such as `every 30 days`; None where nothing does.
        deleted: when it will be gone, where its deletion is scheduled.
        advanced: it is a parameter of the advanced tier, which it never leaves.
    """

    exists: bool
    has_value: bool
    changed: datetime | None = None
    rotation: str | None = None
    deleted: datetime | None = None
    advanced: bool = False


_MISSING = Known(exists=False, has_value=False)


def look(aws: Aws, secret: SecretContract) -> Known:
    """Asks a secret's store about it, without its value.

    Raises:
        ClientError: the store does not say.
    """
    return _parameter(aws, secret.id) if secret.store == "parameter_store" else _secret(aws, secret.id)


def _secret(aws: Aws, name: str) -> Known:
    try:
        found: Any = aws.secretsmanager.describe_secret(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return _MISSING
        raise
    stages = {stage for each in (found.get("VersionIdsToStages") or {}).values() for stage in each}
    has_value = "AWSCURRENT" in stages
    days = (found.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    return Known(
        exists=True,
        has_value=has_value,
        changed=found.get("LastChangedDate") if has_value else None,
        rotation=f"every {days} days" if found.get("RotationEnabled") and days else None,
        deleted=found.get("DeletedDate"),
    )


def _parameter(aws: Aws, name: str) -> Known:
    """A parameter that is there has a value: it cannot be made without one."""
    only: Any = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    found: Any = aws.ssm.describe_parameters(ParameterFilters=only)["Parameters"]
    if not found:
        return _MISSING
    advanced = found[0].get("Tier") == "Advanced"
    return Known(exists=True, has_value=True, changed=found[0].get("LastModifiedDate"), advanced=advanced)


@dataclass(frozen=True)
class Writer:
    """Sets values.

    Args:
        aws: clients of the environment.
        tags: of a parameter that is made.
        apply_hint: what to do where Terraform has not made a secret.
    """

    aws: Aws
    tags: Mapping[str, str]
    apply_hint: str

    def put(self, secret: SecretContract, value: SecretValue) -> str:
        """Sets a value; a word on where it is now, which says nothing of the value.

        Raises:
            RefusedError: the secret is not there, or is being deleted.
            LockgateError: the store has refused it.
        """
        known = look(self.aws, secret)
        with _unlogged(), _unquoted(secret):
            if secret.store == "parameter_store":
                return self._put_parameter(secret, value, known)
            return self._put_secret(secret, value, known)

    def _put_secret(self, secret: SecretContract, value: SecretValue, known: Known) -> str:
        if not known.exists:
            raise RefusedError(f"there is no secret {secret.id}", hint=self.apply_hint)
        if known.deleted:
            raise RefusedError(
                f"{secret.id} is being deleted: it is gone on {known.deleted:%Y-%m-%d}",
                hint=f"aws secretsmanager restore-secret --secret-id {secret.id}",
            )
        self.aws.secretsmanager.put_secret_value(SecretId=secret.id, SecretString=value.text)
        return f"Secrets Manager {secret.id}"

    def _put_parameter(self, secret: SecretContract, value: SecretValue, known: Known) -> str:
        """Makes the parameter, or gives it another value: with Overwrite it takes no tags."""
        advanced = known.advanced or value.size > STANDARD_BYTES
        more: dict[str, Any] = {"Overwrite": True}
        if not known.exists:
            more = {"Tags": [{"Key": key, "Value": text} for key, text in self.tags.items()]}
        self.aws.ssm.put_parameter(
            Name=secret.id,
            Value=value.text,
            Type="SecureString",
            KeyId=secret.key,
            Tier="Advanced" if advanced else "Standard",
            **more,
        )
        tier = f" (advanced: over {STANDARD_BYTES:,} bytes, which costs)" if advanced else ""
        return f"Parameter Store {secret.id}{tier}"


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Has nobody write down what is sent: with --debug botocore logs whole requests."""
    loggers = [logging.getLogger(name) for name in ("botocore", "boto3", "urllib3")]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)


@contextlib.contextmanager
def _unquoted(secret: SecretContract) -> Iterator[None]:
    """Turns what AWS says into an error that cannot quote the value, without its cause."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        words = error.response["Error"].get("Message", "") if code in _SPEAKS_OF_NAMES else ""
        _raise(
            secret, f"{code}: {words}" if words else f"{code} (its words are not shown: they may quote it)"
        )
    except BotoCoreError as error:
        _raise(secret, type(error).__name__)


def _raise(secret: SecretContract, why: str) -> NoReturn:
    raise LockgateError(
        f"{secret.id} was not set: {why}",
        hint="docs/secrets.md says which permissions it takes; run it again, nothing is half set.",
    ) from None
