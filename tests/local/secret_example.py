"""Opens a session with a password and a key that stand in no file; answers with their digests alone."""

import hashlib
import os
from typing import Any

from aws_lambda_powertools.utilities import parameters


def handler(_event: dict[str, Any], _context: object) -> dict[str, str]:
    """Powertools asks the store once in five minutes: a new value is in use that soon, without a release."""
    password = parameters.get_secret(os.environ["LOCKGATE_SECRET_DATABASE_PASSWORD"], max_age=300)
    key = parameters.get_parameter(os.environ["API_KEY"], decrypt=True, max_age=300)
    return {"database-password": digest(password), "api-key": digest(key)}


def digest(value: Any) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
