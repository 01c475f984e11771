"""What a call needs besides its own action: roles that it hands on, and keys that it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.authorization.request import Request


@dataclass(frozen=True)
class Need:
    """A permission that a call needs besides its own.

    Attributes:
        action: such as iam:PassRole.
        resource: ARN.
        context: condition keys of this request.
    """

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)


_HANDED = {
    ("cloudtrail", "CreateTrail"): ("cloudtrail.amazonaws.com", ("CloudWatchLogsRoleArn",)),
    ("cloudtrail", "UpdateTrail"): ("cloudtrail.amazonaws.com", ("CloudWatchLogsRoleArn",)),
    ("codebuild", "CreateProject"): ("codebuild.amazonaws.com", ("serviceRole",)),
    ("codebuild", "UpdateProject"): ("codebuild.amazonaws.com", ("serviceRole",)),
    ("codedeploy", "CreateDeploymentGroup"): ("codedeploy.amazonaws.com", ("serviceRoleArn",)),
    ("codedeploy", "UpdateDeploymentGroup"): ("codedeploy.amazonaws.com", ("serviceRoleArn",)),
    ("ec2", "CreateFlowLogs"): ("vpc-flow-logs.amazonaws.com", ("DeliverLogsPermissionArn",)),
    ("ecs", "RegisterTaskDefinition"): ("ecs-tasks.amazonaws.com", ("executionRoleArn", "taskRoleArn")),
    ("events", "PutTargets"): ("events.amazonaws.com", ()),
    ("lambda", "CreateFunction"): ("lambda.amazonaws.com", ("Role",)),
    ("lambda", "UpdateFunctionConfiguration"): ("lambda.amazonaws.com", ("Role",)),
}
"""Calls that hand a role to a service (IAM user guide, "Grant a user permissions to pass a role to an AWS
service"), by service and action: to which one, and in which parameters."""


def passed_roles(request: Request, action: str) -> Iterator[Need]:
    """iam:PassRole for each role that a call hands to a service."""
    to, names = _HANDED.get((request.service, action), ("", ()))
    arns = [request.text(name) for name in names]
    if (request.service, action) == ("events", "PutTargets"):
        arns = [str(target.get("RoleArn") or "") for target in request.params.get("Targets") or []]
    for arn in filter(None, arns):
        yield Need("iam:PassRole", arn, {"iam:PassedToService": to})


BoundaryOf = Callable[[str], str]
"""ARN of the permissions boundary of a role, by the role's name; empty where it has none."""

_OF_BOUNDED = (
    "AttachRolePolicy",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePolicy",
)


def asked_about(request: Request, action: str, boundary_of: BoundaryOf) -> dict[str, Any]:
    """Condition keys of services' own: the boundary that a role is given, or has already, the namespace of
    metrics, the function that a queue is for (service authorization reference; IAM user guide, "Permissions
    boundaries for IAM entities")."""
    if request.service == "monitoring" and request.text("Namespace"):
        return {"cloudwatch:namespace": request.text("Namespace")}
    if (request.service, action) == ("lambda", "CreateEventSourceMapping"):
        return {"lambda:FunctionArn": _function_arn(request)}
    if request.service != "iam":
        return {}
    found = {"iam:PermissionsBoundary": request.text("PermissionsBoundary")}
    if action in _OF_BOUNDED:
        found["iam:PermissionsBoundary"] = boundary_of(request.text("RoleName"))
    if action in ("AttachRolePolicy", "DetachRolePolicy"):
        found["iam:PolicyARN"] = request.text("PolicyArn")
    return {key: value for key, value in found.items() if value}


def _function_arn(request: Request) -> str:
    name = request.text("FunctionName")
    return name if name.startswith("arn:") else request.arn("lambda", f"function:{name}")


def key_of_alias(request: Request, action: str) -> Iterator[Need]:
    """The key behind an alias that is made or moved (KMS developer guide, "Access to aliases")."""
    key = request.text("TargetKeyId")
    if request.service == "kms" and action in ("CreateAlias", "UpdateAlias") and key:
        yield Need(f"kms:{action}", key if key.startswith("arn:") else request.arn("kms", f"key/{key}"))


def missing_object(request: Request, action: str, is_missing: Callable[[str, str], bool]) -> Iterator[Need]:
    """What asking for an object that is not there needs: whoever may not list the bucket is told that it is
    forbidden, not that it is missing (S3 API reference, GetObject, HeadObject, Permissions).

    Args:
        is_missing: whether a bucket, by its name, has no object of that key.
    """
    bucket, _, key = request.coarse.partition("/")
    if request.service == "s3" and action == "GetObject" and is_missing(bucket.rpartition(":")[2], key):
        yield Need("s3:ListBucket", bucket)
