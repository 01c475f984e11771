"""What a call needs of the customer key behind what it is about: services use keys in their caller's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.authorization.further import Need
from localaws.authorization.request import Request

_READ, _WRITE = ("kms:Decrypt",), ("kms:GenerateDataKey",)
_BOTH = (*_WRITE, *_READ)

_USES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # DynamoDB developer guide, "DynamoDB encryption at rest": the table key is decrypted for whoever uses the
    # table, and a grant is made for whoever makes it.
    "dynamodb": {
        "CreateTable": ("kms:DescribeKey", "kms:CreateGrant"),
        **dict.fromkeys(("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem"), _READ),
        **dict.fromkeys(("PutItem", "Query", "Scan", "TransactWriteItems", "UpdateItem"), _READ),
    },
    # Lambda developer guide, "Securing Lambda environment variables", permissions for your KMS key.
    "lambda": dict.fromkeys(
        ("CreateFunction", "UpdateFunctionConfiguration"), ("kms:CreateGrant", "kms:Encrypt")
    ),
    # S3 user guide, "Using server-side encryption with AWS KMS keys".
    "s3": {"GetObject": _READ, "PutObject": _WRITE},
    # Secrets Manager user guide, "Secret encryption and decryption": a key that is new to a secret is tried.
    "secretsmanager": {
        "CreateSecret": _BOTH,
        "GetSecretValue": _READ,
        "PutSecretValue": _WRITE,
    },
    # SNS developer guide, "Key management", permissions of publishers.
    "sns": {"Publish": _BOTH, "PublishBatch": _BOTH},
    # SQS developer guide, "Key management", permissions of producers and consumers.
    "sqs": {"ReceiveMessage": _READ, "SendMessage": _BOTH, "SendMessageBatch": _BOTH},
    # Systems Manager user guide, "KMS encryption for Parameter Store SecureString parameters", standard tier.
    "ssm": {
        "GetParameter": _READ,
        "GetParameters": _READ,
        "GetParametersByPath": _READ,
        "PutParameter": ("kms:Encrypt",),
    },
}
"""Actions on the key by service and action of the call."""

_CONTEXTS = {
    "dynamodb": "aws:dynamodb:tableName",
    "lambda": "aws:lambda:FunctionArn",
    "s3": "aws:s3:arn",
    "secretsmanager": "SecretARN",
    "sns": "aws:sns:topicArn",
    "sqs": "aws:sqs:arn",
    "ssm": "PARAMETER_ARN",
}
"""Name of the encryption context by which each service says what is encrypted (the same guides)."""


@dataclass(frozen=True)
class Encrypted:
    """Something that a customer key encrypts.

    Attributes:
        key_arn: the key.
        name: what the service calls it in the encryption context.
    """

    key_arn: str
    name: str


def is_used_by(request: Request, action: str) -> bool:
    """Whether a call uses the key behind what it is about, where there is one."""
    return action in _USES.get(request.service, {}) and not _leaves_encrypted(request, action)


def uses_of_key(request: Request, action: str, encrypted: Encrypted) -> Iterator[Need]:
    """What a call needs of a key.

    Args:
        request: a call that uses it.
        action: name of the IAM action, without its service.
        encrypted: what is encrypted with it.
    """
    context: Mapping[str, Any] = {
        "kms:ViaService": f"{request.service}.{encrypted.key_arn.split(':')[3]}.amazonaws.com",
        f"kms:EncryptionContext:{_CONTEXTS[request.service]}": encrypted.name,
    }
    for needed in _USES[request.service][action]:
        yield Need(needed, encrypted.key_arn, context)


def _leaves_encrypted(request: Request, action: str) -> bool:
    """Whether a parameter's value stays as it is stored."""
    reads = request.service == "ssm" and action.startswith("Get")
    return reads and str(request.params.get("WithDecryption", False)).lower() != "true"
