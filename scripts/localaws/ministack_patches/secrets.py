"""Secrets Manager: secrets without a value, and rotations that are only configured."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from localaws.ministack_patches.contract import Internal

_SECRETS = "ministack.services.secretsmanager"

INTERNALS: tuple[Internal, ...] = (
    Internal(_SECRETS, "_create_secret", ("data",)),
    Internal(_SECRETS, "_rotate_secret", ("data",)),
    Internal(_SECRETS, "_resolve", ("secret_id", "use_arn_scope")),
    Internal(_SECRETS, "json_response"),
)


def know_empty_secrets() -> None:
    """Lets a secret have no value until somebody sets one, and its rotation begin later.

    MiniStack makes a version AWSCURRENT of nothing where CreateSecret has no value, and another one where
    RotateSecret only configures. On AWS a secret without a value has no version, and RotateImmediately false
    leaves no new one behind (Secrets Manager API reference, CreateSecret, RotateSecret).
    """
    from ministack.services import secretsmanager

    secretsmanager._create_secret = _without_version(secretsmanager._create_secret)
    secretsmanager._rotate_secret = _only_configuring(secretsmanager._rotate_secret)


def _without_version(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from ministack.services import secretsmanager

    @functools.wraps(create)
    def creating(data: Any) -> Any:
        answer = create(data)
        if answer[0] != 200 or "SecretString" in data or "SecretBinary" in data:
            return answer
        _, secret = secretsmanager._resolve(data["Name"])
        secret["Versions"].clear()
        return secretsmanager.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})

    return creating


def _only_configuring(rotate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from ministack.services import secretsmanager

    @functools.wraps(rotate)
    def rotating(data: Any) -> Any:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if secret is None or data.get("RotateImmediately", True):
            return rotate(data)
        before, changed = copy.deepcopy(secret["Versions"]), secret["LastChangedDate"]
        answer = rotate(data)
        secret["Versions"], secret["LastChangedDate"] = before, changed
        return answer

    return rotating
