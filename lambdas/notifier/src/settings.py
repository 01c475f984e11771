"""What Terraform and people have said: an SSM parameter, and a secret that it names."""

import json
import os
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

MAX_AGE_SECONDS = 60
"""How long settings and secret are kept in memory."""

_LONGEST = 90
"""The longest wait, in first waits: a quarter of an hour where the first one is ten seconds."""


@dataclass(frozen=True)
class Settings:
    """Attributes as in terraform/modules/notifier/main.tf."""

    webhook: str | None
    secret: str
    table: str
    queue_url: str
    dead_letters_url: str
    http_timeout_seconds: float
    retry_seconds: int

    def wait_seconds(self, received: int) -> int:
        """Seconds until a message that was received so often is tried again."""
        return self.retry_seconds * min(2 ** max(received - 1, 0), _LONGEST)


@dataclass(frozen=True)
class Webhook:
    """Where to write to, and what to sign with; neither may stand in a log."""

    url: str
    signing_key: str | None = None

    def __repr__(self) -> str:
        return "Webhook(...)"


def read_settings() -> Settings:
    """Settings of this environment, kept for a minute."""
    name = f"/lockgate/{os.environ['LOCKGATE_ENVIRONMENT']}/notifier"
    found: dict[str, Any] = parameters.get_parameter(name, transform="json", max_age=MAX_AGE_SECONDS)
    return Settings(**{field: found[field] for field in Settings.__dataclass_fields__})


def webhook_of(settings: Settings, severity: str) -> Webhook | None:
    """The webhook for messages of a severity; None where the secret has no address.

    The secret is an address, or JSON: `url`, and optionally `urls` with addresses by severity, and
    `signing_key`.
    """
    try:
        text = parameters.get_secret(settings.secret, max_age=MAX_AGE_SECONDS)
    except GetParameterError as error:
        # A secret without a value does not exist to Secrets Manager (API reference, GetSecretValue); the
        # embedded AWS finds a value that is neither text nor binary, and Powertools misses the latter.
        if any(word in str(error) for word in ("ResourceNotFoundException", "SecretBinary")):
            return None
        raise
    return _webhook(str(text).strip(), severity)


def _webhook(text: str, severity: str) -> Webhook | None:
    if not text.startswith("{"):
        return Webhook(text) if text else None
    found = json.loads(text)
    url = (found.get("urls") or {}).get(severity) or found.get("url")
    return Webhook(url, found.get("signing_key")) if url else None
