"""What there is to say about a release, from its record alone.

A pure function: whoever goes on with a release after a crash finds the same events with the same ids, and
says those that the record does not know as told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lockgate.notify.events import TEXT_LIMIT, Kind, ReleaseEvent, Severity, VerdictNumbers
from lockgate.release.judgement import Conclusion, Stage
from lockgate.release.model import Deployment, Phase, Release, Status
from lockgate.report import words

_BAD_VERDICTS = (Conclusion.WORSE, Conclusion.TRAFFIC_MISMATCH)

_ENDS = {
    Status.SUCCEEDED: Severity.INFO,
    Status.ROLLED_BACK: Severity.WARNING,
    Status.FAILED: Severity.CRITICAL,
}


def events_of(release: Release) -> list[ReleaseEvent]:
    """Everything that has happened in a release so far, the oldest first."""
    found = [
        *_of_release(release),
        *(e for d in release.deployments.values() for e in _of_service(release, d)),
    ]
    ended = ended_id(release)
    return sorted(found, key=lambda event: (event.id == ended, event.at))


def ended_id(release: Release) -> str:
    """Id of the event that says how a release ended."""
    return f"{release.release_id}/{Kind.ENDED}"


def severity_of_end(release: Release) -> Severity:
    """Whom the end of a release concerns. Others should know of a roll-back that somebody asked for."""
    if release.status is Status.SUCCEEDED and release.kind == "rollback":
        return Severity.WARNING
    return _ENDS[release.status]


def refused(environment: str, by: str, message: str, at: datetime) -> ReleaseEvent:
    """That nothing was released, and why. No release has an id then; the time and the words make one."""
    digest = hashlib.sha256(message.encode()).hexdigest()[:8]
    return ReleaseEvent(
        id=f"{environment}-{at:%Y%m%dt%H%M%S}-{digest}/{Kind.REFUSED}",
        kind=Kind.REFUSED,
        severity=Severity.WARNING,
        text=f"A release to {environment} was refused; nothing was written.",
        environment=environment,
        at=at,
        by=by,
        reason=message[:TEXT_LIMIT],
    )


def _of_release(release: Release) -> Iterator[ReleaseEvent]:
    if release.ignore_alarms is not None and release.kind == "deploy":
        yield _event(
            release,
            Kind.BREAK_GLASS,
            Severity.CRITICAL,
            release.created_at,
            f"{release.by} releases {', '.join(release.deployments)} although alarms are red.",
            reason=release.ignore_alarms,
        )
    if release.status is not Status.RUNNING:
        yield _event(
            release,
            Kind.ENDED,
            severity_of_end(release),
            release.ended_at or release.created_at,
            words.outcome(release),
            status=release.status,
            reason="\n".join([*filter(None, [release.reason]), *words.permissions(release)]) or None,
        )


def _of_service(release: Release, deployment: Deployment) -> Iterator[ReleaseEvent]:
    name, times = deployment.service, deployment.times
    if Phase.STARTED in times:
        versions = f"{words.short(deployment.from_version)} → {words.short(deployment.to_version)}"
        text = f"{name}: CodeDeploy {deployment.deployment_id} started: {versions}."
        yield _event(release, Kind.STARTED, Severity.INFO, times[Phase.STARTED], text, deployment)
    if Phase.CANARY in times and deployment.strategy != "all_at_once":
        share = f"{deployment.percentage} % of the traffic"
        text = f"{name}: version {deployment.to_version} gets {share}; it is judged beside the old one."
        yield _event(release, Kind.CANARY, Severity.INFO, times[Phase.CANARY], text, deployment)
    yield from _verdicts(release, deployment)
    promoted = times.get(Phase.BAKING, times.get(Phase.SUCCEEDED))
    if promoted and deployment.deployment_id:
        text = f"{name}: version {deployment.to_version} serves everything."
        yield _event(release, Kind.PROMOTED, Severity.INFO, promoted, text, deployment)
    yield from _bad_end(release, deployment)


def _verdicts(release: Release, deployment: Deployment) -> Iterator[ReleaseEvent]:
    """The judge's last word on each stage that is over."""
    for stage, judgement in deployment.judgements.items():
        over = deployment.phase not in (Phase.STARTED, Phase.CANARY)
        if stage is Stage.BAKE:
            over = deployment.phase is not Phase.BAKING and over
        if not over:
            continue
        yield _event(
            release,
            Kind.VERDICT,
            Severity.WARNING if judgement.conclusion in _BAD_VERDICTS else Severity.INFO,
            judgement.judged_until or deployment.times[deployment.phase],
            f"{deployment.service}: judge of the {stage}: {judgement}",
            deployment,
            part=str(stage),
            verdict=VerdictNumbers(
                stage=stage,
                conclusion=judgement.conclusion,
                rollback=judgement.rollback,
                reason=judgement.reason[:TEXT_LIMIT],
                minutes=judgement.minutes,
            ),
        )


def _bad_end(release: Release, deployment: Deployment) -> Iterator[ReleaseEvent]:
    kinds = {
        Phase.ROLLED_BACK: (Kind.ROLLED_BACK, Severity.WARNING),
        Phase.FAILED: (Kind.FAILED, Severity.CRITICAL),
    }
    if deployment.phase in kinds:
        kind, severity = kinds[deployment.phase]
        text = f"{deployment.service}: {words.phase(deployment)}."
        at = deployment.times[deployment.phase]
        yield _event(release, kind, severity, at, text, deployment, reason=deployment.cause)


def _event(
    release: Release,
    kind: Kind,
    severity: Severity,
    at: datetime,
    text: str,
    deployment: Deployment | None = None,
    *,
    part: str | None = None,
    **more: Any,
) -> ReleaseEvent:
    of_service: dict[str, Any] = {}
    if deployment is not None:
        names = ("service", "from_version", "to_version", "deployment_id", "tallies")
        of_service = {name: getattr(deployment, name) for name in names}
    path = (release.release_id, of_service.get("service"), kind, part)
    reason = more.pop("reason", None)
    return ReleaseEvent(
        id="/".join(str(step) for step in path if step),
        kind=kind,
        severity=severity,
        text=text[:TEXT_LIMIT],
        environment=release.environment,
        release_id=release.release_id,
        at=at,
        by=release.by,
        commit=release.commit,
        reason=reason[:TEXT_LIMIT] if reason else None,
        **of_service,
        **more,
    )
