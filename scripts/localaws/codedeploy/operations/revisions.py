"""Revisions of applications: what was registered or deployed, told apart by digest or place.

GetDeployment does not give the text of an AppSpec; GetApplicationRevision with its digest does (API
reference, GetDeployment).
"""

from __future__ import annotations

import hashlib
from typing import Any

from localaws.codedeploy.operations.context import PAGE, Context, Operation, Params, page, time, without_none
from localaws.wire import ServiceError

_TEXTS = {"AppSpecContent": "appSpecContent", "String": "string"}
_BATCH = 25
"""Revisions in one BatchGetApplicationRevisions (API reference)."""


def text_of(revision: dict[str, Any]) -> dict[str, Any] | None:
    """The member of a revision that has the AppSpec and its digest, where it is not in S3."""
    member = _TEXTS.get(str(revision.get("revisionType")), "")
    found: dict[str, Any] | None = revision.get(member)
    return found


def identity(revision: dict[str, Any]) -> str:
    """What tells revisions apart.

    Raises:
        ServiceError: nothing does.
    """
    text = text_of(revision)
    if text is not None:
        digest = text.get("sha256") or hashlib.sha256(str(text.get("content", "")).encode()).hexdigest()
        return f"text:{digest}"
    place = revision.get("s3Location")
    if place and place.get("bucket") and place.get("key"):
        return f"s3:{place['bucket']}/{place['key']}/{place.get('version', '')}/{place.get('eTag', '')}"
    raise ServiceError("InvalidRevisionException", "A revision here is an AppSpec as text or in S3.")


def remember(
    context: Context, application: str, revision: dict[str, Any], group: str | None, description: str | None
) -> None:
    """Registers a revision, or notes that it was used again."""
    known = context.region.revisions.setdefault(application, [])
    key = identity(revision)
    entry = next((entry for entry in known if entry["key"] == key), None)
    if entry is None:
        entry = {"key": key, "revision": revision, "registerTime": context.now, "description": description}
        known.append(entry)
    if group is not None:
        entry.setdefault("firstUsedTime", context.now)
        entry["lastUsedTime"] = context.now


def register(context: Context, params: Params) -> Params:
    """RegisterApplicationRevision."""
    context.application(params["applicationName"])
    remember(context, params["applicationName"], params["revision"], None, params.get("description"))
    return {}


def get(context: Context, params: Params) -> Params:
    """GetApplicationRevision."""
    name = params["applicationName"]
    context.application(name)
    entry = _find(context, name, params["revision"])
    if entry is None:
        raise ServiceError("RevisionDoesNotExistException", f"The application {name} has no such revision.")
    return {
        "applicationName": name,
        "revision": entry["revision"],
        "revisionInfo": _info(context, name, entry),
    }


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetApplicationRevisions: what is not known is left out and said."""
    name = params["applicationName"]
    context.application(name)
    if len(params["revisions"]) > _BATCH:
        raise ServiceError("BatchLimitExceededException", f"At most {_BATCH} revisions at once")
    entries = [_find(context, name, revision) for revision in params["revisions"]]
    found = [
        {"revisionLocation": entry["revision"], "genericRevisionInfo": _info(context, name, entry)}
        for entry in entries
        if entry
    ]
    error = "Some revisions were not found." if len(found) < len(entries) else None
    return without_none({"applicationName": name, "errorMessage": error, "revisions": found})


def list_all(context: Context, params: Params) -> Params:
    """ListApplicationRevisions: filtered by bucket, prefix and use, in the wanted order."""
    name = params["applicationName"]
    context.application(name)
    entries = [
        entry for entry in context.region.revisions.get(name, []) if _chosen(context, name, entry, params)
    ]
    by, order = params.get("sortBy", "registerTime"), params.get("sortOrder", "ascending")
    if by not in ("registerTime", "firstUsedTime", "lastUsedTime"):
        raise ServiceError("InvalidSortByException", f"{by} is nothing to sort by")
    if order not in ("ascending", "descending"):
        raise ServiceError("InvalidSortOrderException", f"{order} is not an order")
    entries.sort(key=lambda entry: entry.get(by, 0.0), reverse=order == "descending")
    by_key = {entry["key"]: entry["revision"] for entry in entries}
    chosen = page(list(by_key), params.get("nextToken"), "revisions", in_order=False)
    return {**chosen, "revisions": [by_key[key] for key in chosen["revisions"][:PAGE]]}


def _chosen(context: Context, application: str, entry: dict[str, Any], params: Params) -> bool:
    place = entry["revision"].get("s3Location") or {}
    bucket, prefix = params.get("s3Bucket"), params.get("s3KeyPrefix")
    if bucket and place.get("bucket") != bucket:
        return False
    if prefix and not str(place.get("key", "")).startswith(prefix):
        return False
    deployed = bool(_groups(context, application, entry))
    wanted = params.get("deployed", "ignore")
    if wanted not in ("include", "exclude", "ignore"):
        raise ServiceError("InvalidDeployedStateFilterException", f"{wanted} is not a filter")
    return bool(wanted == "ignore" or deployed == (wanted == "include"))


def _find(context: Context, application: str, revision: dict[str, Any]) -> dict[str, Any] | None:
    key = identity(revision)
    return next(
        (entry for entry in context.region.revisions.get(application, []) if entry["key"] == key), None
    )


def _groups(context: Context, application: str, entry: dict[str, Any]) -> list[str]:
    """Groups of which a revision is the target revision."""
    groups = [group for group in context.region.groups.values() if group["applicationName"] == application]
    return [
        group["deploymentGroupName"]
        for group in groups
        if group.get("targetRevision") and identity(group["targetRevision"]) == entry["key"]
    ]


def _info(context: Context, application: str, entry: dict[str, Any]) -> Params:
    return without_none(
        {
            "description": entry.get("description"),
            "deploymentGroups": _groups(context, application, entry),
            "firstUsedTime": time(entry.get("firstUsedTime")),
            "lastUsedTime": time(entry.get("lastUsedTime")),
            "registerTime": time(entry["registerTime"]),
        }
    )


OPERATIONS: dict[str, Operation] = {
    "RegisterApplicationRevision": register,
    "GetApplicationRevision": get,
    "BatchGetApplicationRevisions": batch_get,
    "ListApplicationRevisions": list_all,
}
