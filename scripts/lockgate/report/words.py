"""Sentences about releases, the same ones on a terminal, in a log and in a notification."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from lockgate.release.driver import Observation
from lockgate.release.judgement import Stage
from lockgate.release.model import Deployment, Phase, Release, Status, Tally
from lockgate.release.permission import Approvals, BreakGlass

Value = TypeVar("Value")


def _newest_first(by_version: dict[str, Value]) -> list[tuple[str, Value]]:
    """Versions are numbers without leading zeros: the longer one is the newer one."""
    return sorted(by_version.items(), key=lambda item: (len(item[0]), item[0]), reverse=True)


def short(version: str | None) -> str:
    """`v3`; what has a name of its own, such as `web-bootstrap:1`, is called by that."""
    return f"v{version}" if version is None or version.isdecimal() else version


def shares(weights: dict[str, float]) -> str:
    """`v3 10 %, v2 90 %`."""
    return ", ".join(f"{short(version)} {100 * share:.0f} %" for version, share in _newest_first(weights))


def tally(tallies: dict[str, Tally]) -> str:
    """`v3 2/48 failed, v2 0/430 failed`."""
    return ", ".join(
        f"{short(version)} {counts.errors}/{counts.requests} failed"
        for version, counts in _newest_first(tallies)
    )


_PHASES = {
    Phase.PENDING: "waiting for its turn",
    Phase.PREPARED: "version {0.to_version} is published",
    Phase.STARTED: "CodeDeploy {0.deployment_id} started: {from_} → {to}",
    Phase.CANARY: "version {0.to_version} gets traffic",
    Phase.BAKING: "version {0.to_version} serves everything; watching it for {0.bake_minutes} min",
    Phase.SUCCEEDED: "succeeded: version {0.to_version} serves everything",
    Phase.STOPPING: "stopping, to go back",
    Phase.ROLLING_BACK: "going back to version {0.from_version}",
    Phase.ROLLED_BACK: "rolled back: version {0.from_version} serves everything",
    Phase.NOT_STARTED: "not started",
    Phase.FAILED: "failed: wants a look",
}


def phase(deployment: Deployment) -> str:
    """What a phase means for this deployment, as a sentence."""
    names = {"from_": short(deployment.from_version), "to": short(deployment.to_version)}
    return _PHASES[deployment.phase].format(deployment, **names)


def time_left(deployment: Deployment, now: datetime) -> timedelta | None:
    """Time until the deployment's phase should end, as far as that is planned."""
    ends = {Phase.BAKING: deployment.bake_until, Phase.CANARY: deployment.canary_until}
    end = ends.get(deployment.phase)
    return None if end is None else max(end - now, timedelta())


def judged(deployment: Deployment) -> list[str]:
    """What the judge said last in each stage: `judge of the canary: not proven: ...`."""
    only = ", only observing" if deployment.judge and deployment.judge.mode == "observe" else ""
    return [
        f"judge of the {stage}{only}: {deployment.judgements[stage]}"
        for stage in Stage
        if stage in deployment.judgements
    ]


def events(seen: Observation | None) -> str:
    """`BeforeAllowTraffic InProgress`: the lifecycle event that is at work, if any."""
    running = [event.name for event in seen.events if event.status == "InProgress"] if seen else []
    return running[-1] if running else ""


def outcome(release: Release) -> str:
    """How a release ended, in one sentence."""
    names = ", ".join(release.deployments)
    match release.status:
        case Status.SUCCEEDED if release.kind == "rollback":
            return f"Release {release.release_id} went back as asked: {names}."
        case Status.SUCCEEDED:
            return f"Release {release.release_id} succeeded: {names}."
        case Status.ROLLED_BACK:
            return f"Release {release.release_id} was rolled back: {names}."
        case Status.FAILED:
            return f"Release {release.release_id} failed and wants a look: {names}."
        case Status.RUNNING:
            return f"Release {release.release_id} is running: {names}."


def break_glass(broken: BreakGlass, by: str) -> str:
    """Why somebody went past which rule."""
    past = "; ".join(broken.overrode) or "nothing stood in the way"
    return f"Break-glass by {by}: {broken.reason} (past: {past})."


def approved(approvals: Approvals) -> str:
    """Who has approved it in GitHub, and where to look."""
    if approvals.unknown is not None:
        return f"Who approved it is not known: {approvals.unknown}: {approvals.run_url}"
    given = [
        f"{one.by} ({' '.join(one.comment.split())})" if one.comment else one.by for one in approvals.given
    ]
    return f"Approved by {', '.join(given) or 'nobody'}: {approvals.run_url}"


def permissions(release: Release) -> list[str]:
    """By whose word a release ran, where the ledger has it."""
    said = [approved(release.approvals)] if release.approvals else []
    return [*said, *([break_glass(release.break_glass, release.by)] if release.break_glass else [])]
