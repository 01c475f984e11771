"""Builds and batches as the API answers with them (API reference, Build and BuildBatch)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from localaws.codebuild.events import log_group
from localaws.codebuild.model import Batch, Build, Group, Phase
from localaws.codebuild.operations.context import Context, time, without_none

_OWN = (
    "artifacts",
    "secondaryArtifacts",
    "logsConfig",
    "sourceVersion",
    "autoRetryLimit",
    "buildBatchConfig",
)
"""Settings that the answer has in another form, or not at all."""

_WITHOUT_CONTEXT = ("SUBMITTED", "QUEUED", "PROVISIONING", "COMPLETED")
"""Phases that have no context while all goes well: those outside of the build's container, as recorded."""


def build(context: Context, record: Build) -> dict[str, Any]:
    """A build."""
    settings = {name: value for name, value in record.settings.items() if name not in _OWN}
    return without_none(
        {
            **settings,
            "id": record.build_id,
            "arn": context.arn("build", record.build_id),
            "buildNumber": record.number,
            "startTime": time(record.started),
            "endTime": time(record.ended),
            "currentPhase": record.phase,
            "buildStatus": record.status,
            "buildComplete": record.is_over,
            "sourceVersion": record.settings.get("sourceVersion"),
            "resolvedSourceVersion": record.resolved_version,
            "projectName": record.project,
            "phases": [phase(each) for each in record.phases],
            "artifacts": record.artifacts or _planned(record),
            "secondaryArtifacts": record.secondary_artifacts or None,
            "logs": _logs(context, record),
            "initiator": record.initiator,
            "exportedEnvironmentVariables": record.exported or None,
            "reportArns": record.reports or None,
            "buildBatchArn": record.batch,
            "autoRetryConfig": _retries(record),
        }
    )


def phase(record: Phase) -> dict[str, Any]:
    """A phase of a build or a batch."""
    ended = record.end is not None
    has_context = record.code or (ended and record.kind not in _WITHOUT_CONTEXT)
    return without_none(
        {
            "phaseType": record.kind,
            "phaseStatus": record.status if ended else None,
            "startTime": time(record.start),
            "endTime": time(record.end),
            "durationInSeconds": int(record.end - record.start) if record.end is not None else None,
            "contexts": [{"statusCode": record.code, "message": record.message}] if has_context else None,
        }
    )


def batch(context: Context, record: Batch) -> dict[str, Any]:
    """A batch."""
    settings = {name: value for name, value in record.settings.items() if name not in _OWN}
    settings["buildTimeoutInMinutes"] = settings.pop("timeoutInMinutes")
    return without_none(
        {
            **settings,
            "id": record.batch_id,
            "arn": context.arn("build-batch", record.batch_id),
            "buildBatchNumber": record.number,
            "startTime": time(record.started),
            "endTime": time(record.ended),
            "currentPhase": record.phases[-1].kind,
            "buildBatchStatus": record.status,
            "complete": record.is_over,
            "sourceVersion": record.settings.get("sourceVersion"),
            "projectName": record.project,
            "phases": [phase(each) for each in record.phases],
            "artifacts": {"location": ""},
            "logConfig": record.settings.get("logsConfig"),
            "buildBatchConfig": record.settings.get("buildBatchConfig"),
            "initiator": record.initiator,
            "buildGroups": [_group(context, group) for group in record.groups],
        }
    )


def _group(context: Context, group: Group) -> dict[str, Any]:
    builds = [context.region.builds[name] for name in group.builds if name in context.region.builds]
    summaries = [_summary(context, record) for record in builds]
    return without_none(
        {
            "identifier": group.identifier,
            "dependsOn": group.depends_on,
            "ignoreFailure": group.ignore_failure,
            "currentBuildSummary": summaries[-1] if summaries else None,
            "priorBuildSummaryList": summaries[:-1] or None,
        }
    )


def _summary(context: Context, record: Build) -> dict[str, Any]:
    return {
        "arn": context.arn("build", record.build_id),
        "requestedOn": time(record.started),
        "buildStatus": record.status,
    }


def _planned(record: Build) -> Mapping[str, Any]:
    """Where artifacts will be, before they are: the bucket is all that is known."""
    config = record.settings["artifacts"]
    location = config.get("location")
    return {"location": f"arn:aws:s3:::{location}" if location else ""}


def _logs(context: Context, record: Build) -> dict[str, Any] | None:
    """Group and stream once there are any: a build that waits has none."""
    config = record.settings.get("logsConfig", {})
    known: dict[str, Any] = {
        "cloudWatchLogs": config.get("cloudWatchLogs", {"status": "ENABLED"}),
        "s3Logs": config.get("s3Logs", {"status": "DISABLED", "encryptionDisabled": False}),
    }
    if record.log_stream is None or len(record.phases) < 3:
        return known
    group, clients = log_group(record), context.engine.clients
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={clients.region}"
    place = f"{_in_fragment(group)}/log-events/{_in_fragment(record.log_stream)}"
    arn = f"arn:aws:logs:{clients.region}:{clients.account}:log-group:{group}:log-stream:{record.log_stream}"
    return {
        **known,
        "groupName": group,
        "streamName": record.log_stream,
        "deepLink": f"{console}#logsV2:log-groups/log-group/{place}",
        "cloudWatchLogsArn": arn,
    }


def _in_fragment(name: str) -> str:
    """As the console writes names in its addresses: percent-encoded twice, with `$` for the outer `%`."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")


def _retries(record: Build) -> dict[str, Any] | None:
    if not record.retry_limit:
        return None
    return without_none(
        {
            "autoRetryLimit": record.retry_limit,
            "autoRetryNumber": record.attempt,
            "nextAutoRetry": record.following,
            "previousAutoRetry": record.previous,
        }
    )
