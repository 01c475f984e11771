"""Which customer key encrypts what a call is about, as MiniStack keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localaws.authorization.keys import Encrypted
from localaws.authorization.request import Request
from localaws.ministack_patches.contract import Internal

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.services.dynamodb", "_tables"),
    Internal("ministack.services.s3", "_bucket_encryption"),
    Internal("ministack.services.s3", "_bucket_owner_account", ("name",)),
    Internal("ministack.services.secretsmanager", "_resolve", ("secret_id", "use_arn_scope")),
    Internal("ministack.services.sns", "_topic_by_arn_any_scope", ("topic_arn",)),
    Internal("ministack.services.sqs", "_queue_by_arn", ("arn",)),
    Internal("ministack.services.ssm", "_parameters"),
)

_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


def encrypted_of(request: Request, action: str) -> Iterator[Encrypted]:
    """What a call is about, where a customer key encrypts it; keys are known by their ARN alone."""
    find = _FOUND.get(request.service)
    for name, setting in find(request, action) if find else ():
        found = _KEY.search(setting)
        if found:
            yield Encrypted(found.group(), name)


Settings = Iterator[tuple[str, str]]
"""Name for the encryption context, and the text in which a key may stand."""


def _table(request: Request, action: str) -> Settings:
    from ministack.services import dynamodb

    name = request.text("TableName").rpartition("/")[2]
    if action == "CreateTable":
        yield name, str(request.params.get("SSESpecification"))
    elif name in dynamodb._tables:
        yield name, str(dynamodb._tables[name].get("SSEDescription"))


def _function(request: Request, _: str) -> Settings:
    name = request.text("FunctionName")
    arn = request.arn("lambda", f"function:{name}") if name else request.coarse
    yield arn, request.text("KMSKeyArn")


def _bucket(request: Request, _: str) -> Settings:
    from ministack.services import s3

    bucket = request.coarse.partition("/")[0]
    name = bucket.removeprefix("arn:aws:s3:::")
    owner = s3._bucket_owner_account(name)
    if owner:
        yield bucket, str(s3._bucket_encryption.get_scoped(owner, None, name))


def _secret(request: Request, action: str) -> Settings:
    from ministack.services import secretsmanager

    if action == "CreateSecret":
        arn = request.arn("secretsmanager", f"secret:{request.text('Name')}")
        yield arn, request.text("KmsKeyId")
        return
    _, secret = secretsmanager._resolve(request.text("SecretId"))
    if secret:
        yield secret["ARN"], str(secret.get("KmsKeyId"))


def _topic(request: Request, _: str) -> Settings:
    from ministack.services import sns

    arn = request.text("TopicArn")
    yield arn, _attribute(sns._topic_by_arn_any_scope(arn))


def _queue(request: Request, _: str) -> Settings:
    from ministack.services import sqs

    yield request.coarse, _attribute(sqs._queue_by_arn(request.coarse))


def _attribute(found: Mapping[str, Any] | None) -> str:
    return str(found["attributes"].get("KmsMasterKeyId")) if found else ""


def _parameter(request: Request, action: str) -> Settings:
    from ministack.services import ssm

    if action == "PutParameter":
        secure = request.text("Type") == "SecureString"
        yield _parameter_arn(request, request.text("Name")), request.text("KeyId") if secure else ""
        return
    for name in _named(request, ssm._parameters):
        parameter = ssm._parameters.get(name) or {}
        if parameter.get("Type") == "SecureString":
            yield _parameter_arn(request, name), str(parameter.get("KeyId"))


def _named(request: Request, parameters: Mapping[str, Any]) -> list[str]:
    path = request.text("Path")
    if path:
        return [name for name in parameters if name.startswith(f"{path.rstrip('/')}/")]
    names = request.params.get("Names")
    wanted = names if isinstance(names, list) else [request.text("Name")]
    return [str(name).rpartition(":parameter")[2] or str(name) for name in wanted]


def _parameter_arn(request: Request, name: str) -> str:
    return request.arn("ssm", f"parameter/{name.lstrip('/')}")


_FOUND: Mapping[str, Callable[[Request, str], Settings]] = {
    "dynamodb": _table,
    "lambda": _function,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
    "ssm": _parameter,
}
