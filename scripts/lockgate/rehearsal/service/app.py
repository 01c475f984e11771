"""Opens its two secrets, and answers with a digest of them."""

import hashlib
import os
from typing import Any

import boto3


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Asks both stores each time."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["PASSWORD"])
    parameter = boto3.client("ssm").get_parameter(Name=os.environ["API_KEY"], WithDecryption=True)
    both = secret["SecretString"] + parameter["Parameter"]["Value"]
    return {"statusCode": 200, "body": hashlib.sha256(both.encode()).hexdigest()}
