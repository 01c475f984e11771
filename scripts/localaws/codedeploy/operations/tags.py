"""Tags of applications and deployment groups."""

from __future__ import annotations

from typing import Any

from localaws.codedeploy.operations.context import Context, Operation, Params
from localaws.wire import ServiceError


def replace_tags(context: Context, arn: str, tags: list[dict[str, str]] | None) -> None:
    """Sets the tags of a new resource."""
    context.region.tags[arn] = {tag["Key"]: tag.get("Value", "") for tag in tags or []}


def move_tags(context: Context, kind: str, old: str, new: str) -> None:
    """Keeps the tags of a resource that gets another name, and so another ARN."""
    tags = context.region.tags.pop(context.arn(kind, old), None)
    if tags is not None:
        context.region.tags[context.arn(kind, new)] = tags


def check_tags(tags: list[dict[str, str]] | None) -> None:
    """Keys have 1 to 128 characters and are not reserved, values up to 256; at most 50 tags (AWS General
    Reference, "Tag naming limits and requirements").

    Raises:
        ServiceError: they are not like this.
    """
    keys = [item.get("Key", "") for item in tags or []]
    values = [item.get("Value", "") for item in tags or []]
    bad_key = any(not 1 <= len(key) <= 128 or key.lower().startswith("aws:") for key in keys)
    if bad_key or any(len(value) > 256 for value in values) or len(keys) > 50 or len(set(keys)) < len(keys):
        raise ServiceError(
            "InvalidTagsToAddException",
            "At most 50 tags; each key once, with 1 to 128 characters, not beginning with aws:; "
            "values with at most 256 characters.",
        )


def tag(context: Context, params: Params) -> Params:
    """TagResource."""
    check_tags(params["Tags"])
    found = _tags(context, params["ResourceArn"])
    found.update({item["Key"]: item.get("Value", "") for item in params["Tags"]})
    return {}


def untag(context: Context, params: Params) -> Params:
    """UntagResource."""
    found = _tags(context, params["ResourceArn"])
    for key in params["TagKeys"]:
        found.pop(key, None)
    return {}


def list_tags(context: Context, params: Params) -> Params:
    """ListTagsForResource."""
    found = _tags(context, params["ResourceArn"])
    entries: list[dict[str, Any]] = [{"Key": key, "Value": value} for key, value in sorted(found.items())]
    return {"Tags": entries}


def _tags(context: Context, arn: str) -> dict[str, str]:
    """Tags of what an ARN names.

    Raises:
        ServiceError: it names nothing that is here.
    """
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "codedeploy":
        raise ServiceError("InvalidArnException", f"The ARN {arn} is not one of CodeDeploy")
    kind, name = parts[5], parts[6]
    if kind == "application":
        context.application(name)
    elif kind == "deploymentgroup" and "/" in name:
        context.group(*name.split("/", 1))
    elif kind == "deploymentconfig":
        context.config(name)
    else:
        raise ServiceError("ArnNotSupportedException", f"The ARN {arn} cannot have tags")
    return context.region.tags.setdefault(arn, {})


OPERATIONS: dict[str, Operation] = {
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
}
