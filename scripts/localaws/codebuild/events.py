"""What CodeBuild tells EventBridge (user guide, "Build notifications input format reference")."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from localaws.codebuild.model import Build, Phase

STATE = "CodeBuild Build State Change"
PHASE = "CodeBuild Build Phase Change"


def state_change(build: Build, arn: str) -> dict[str, Any]:
    """A build has begun, or is over."""
    last = build.phases[-1]
    return _event(
        STATE,
        arn,
        build,
        {
            "build-status": build.status,
            "current-phase": last.kind,
            "current-phase-context": _context(last),
        },
    )


def phase_change(build: Build, phase: Phase, arn: str) -> dict[str, Any]:
    """A phase is over."""
    end = phase.end if phase.end is not None else phase.start
    return _event(
        PHASE,
        arn,
        build,
        {
            "completed-phase": phase.kind,
            "completed-phase-status": phase.status,
            "completed-phase-context": _context(phase),
            "completed-phase-duration-seconds": str(int(end - phase.start)),
            "completed-phase-start": _time(phase.start),
            "completed-phase-end": _time(end),
        },
    )


def _event(kind: str, arn: str, build: Build, told: dict[str, Any]) -> dict[str, Any]:
    detail = {
        **told,
        "project-name": build.project,
        "build-id": arn,
        "additional-information": _information(build),
        "version": "1",
    }
    return {"Source": "aws.codebuild", "DetailType": kind, "Resources": [arn], "Detail": json.dumps(detail)}


def _information(build: Build) -> dict[str, Any]:
    settings = build.settings
    environment = settings["environment"]
    source = settings["source"]
    found: dict[str, Any] = {
        "cache": {"type": settings["cache"]["type"]},
        "timeout-in-minutes": settings["timeoutInMinutes"],
        "build-complete": build.is_over,
        "initiator": build.initiator,
        "build-number": build.number,
        "build-start-time": _time(build.started),
        "source": {
            "type": source["type"],
            **({"location": source["location"]} if "location" in source else {}),
        },
        "source-version": settings.get("sourceVersion", ""),
        "environment": {
            "image": environment["image"],
            "privileged-mode": environment.get("privilegedMode", False),
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": environment.get("environmentVariables", []),
        },
        "phases": [_phase(phase) for phase in build.phases],
    }
    if build.log_stream:
        found["logs"] = {"group-name": log_group(build), "stream-name": build.log_stream}
    if build.artifacts:
        names = {"location": "location", "md5sum": "md5sum", "sha256sum": "sha256sum"}
        found["artifact"] = {
            to: build.artifacts[name] for name, to in names.items() if name in build.artifacts
        }
    return found


def log_group(build: Build) -> str:
    """Name of the log group that a build writes to."""
    config = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    return config.get("groupName") or f"/aws/codebuild/{build.project}"


def _phase(phase: Phase) -> dict[str, Any]:
    told: dict[str, Any] = {"start-time": _time(phase.start), "phase-type": phase.kind}
    if phase.end is not None and phase.status:
        told |= {
            "phase-context": [f"{phase.code}: {phase.message}"] if phase.code else [],
            "end-time": _time(phase.end),
            "duration-in-seconds": int(phase.end - phase.start),
            "phase-status": phase.status,
        }
    return told


def _context(phase: Phase) -> str:
    return f"[{phase.code}: {phase.message}]" if phase.code else "[]"


def _time(seconds: float) -> str:
    """As in the guide's samples: `Sep 1, 2017 4:12:29 PM`."""
    at = datetime.fromtimestamp(seconds, UTC)
    hour = at.hour % 12 or 12
    return f"{at:%b} {at.day}, {at.year} {hour}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
