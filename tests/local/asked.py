"""What a run asked of IAM, and what the policies of its roles say to that, by MiniStack's own evaluator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

REGION = "eu-west-1"


_NEVER_DENIED = ("sts:GetCallerIdentity",)
"""STS API reference, GetCallerIdentity."""


@dataclass(frozen=True)
class Asked:
    """A question that was asked, and its answer."""

    role: str
    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    allowed: bool = True


@dataclass(frozen=True)
class Statement:
    """A statement of a policy of a role.

    Attributes:
        where: name of the policy.
    """

    where: str
    document: dict[str, Any] = field(hash=False)

    @property
    def sid(self) -> str:
        return str(self.document.get("Sid") or " ".join(self.document["Action"]))


@dataclass(frozen=True)
class Role:
    """A role with what it may do.

    Attributes:
        statements: of its own policies, not of AWS's managed ones.
        managed: of AWS's managed policies.
        boundary: statements of its boundary; empty where it has none.
    """

    arn: str
    statements: tuple[Statement, ...]
    managed: tuple[dict[str, Any], ...] = ()
    boundary: tuple[dict[str, Any], ...] = ()

    def may(self, asked: Asked, without: Statement | None = None) -> bool:
        """Whether it may do that, of which the resource's own policy says nothing."""
        if asked.action in _NEVER_DENIED:
            return True
        own = [one.document for one in self.statements if one is not without]
        context = EvalContext(
            principal_arn=self.arn,
            principal_type="AssumedRole",
            principal_account=self.arn.split(":")[4],
            action=asked.action,
            resource_arn=asked.resource,
            region=REGION,
            secure_transport=True,
            service_context={key.lower(): value for key, value in asked.context.items()},
        )
        limits = [[parse_policy_document({"Statement": list(self.boundary)})]] if self.boundary else []
        statements = [parse_policy_document({"Statement": [*own, *self.managed]})]
        return evaluate(context, statements, *limits).decision == "Allow"


def questions(file: Path) -> list[Asked]:
    """What was asked, from the file that the embedded AWS writes."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [
        Asked(line["principal"], line["action"], line["resource"], line["context"], line["allowed"])
        for line in lines
    ]


def roles(endpoint: str, account: str) -> dict[str, Role]:
    """The roles of an account by ARN, as the account itself reads them."""
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key="local",
    )
    found = [role for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    return {role["Arn"]: _role(iam, role["RoleName"]) for role in found}


def _role(iam: Any, name: str) -> Role:
    role = iam.get_role(RoleName=name)["Role"]
    own: list[Statement] = []
    managed: list[dict[str, Any]] = []
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        own += [Statement(f"{name}/{policy}", one) for one in document["Statement"]]
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        statements = _document(iam, policy["PolicyArn"])
        if ":aws:policy/" in policy["PolicyArn"]:
            managed += statements
        else:
            own += [Statement(policy["PolicyName"], one) for one in statements]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(role["Arn"], tuple(own), tuple(managed), tuple(_document(iam, boundary)) if boundary else ())


def _document(iam: Any, arn: str) -> list[dict[str, Any]]:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    found: list[dict[str, Any]] = document["Statement"]
    return found


def unneeded(roles: Sequence[Role], asked: Sequence[Asked]) -> Iterator[Statement]:
    """Statements that allow something, without which all that was asked for is still allowed. One that
    several roles have counts as needed where one of them needs it."""
    needed = {_mark(one) for role in roles for one in _needed(role, asked)}
    seen = set(needed)
    for role in roles:
        for statement in role.statements:
            if statement.document["Effect"] == "Allow" and _mark(statement) not in seen:
                seen.add(_mark(statement))
                yield statement


def _mark(statement: Statement) -> tuple[str, str]:
    return statement.where, statement.sid


def _needed(role: Role, asked: Sequence[Asked]) -> Iterator[Statement]:
    mine = [one for one in asked if one.role == role.arn and one.allowed and role.may(one)]
    for statement in role.statements:
        if any(not role.may(one, statement) for one in mine):
            yield statement
