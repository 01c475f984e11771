"""What to do next with one deployment: a pure function of what is written, what is seen, and the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from lockgate.release.driver import Observation, Outcome
from lockgate.release.judgement import Conclusion, Judgement, Stage, Terms
from lockgate.release.model import Deployment, Phase

SETTLE_MINUTES = 0.25
"""Minutes to wait, after a deployment has ended badly, for CodeDeploy's own roll-back to show up. CodeDeploy
starts it in a moment; looking too early would start a second one."""


MARGIN_MINUTES = 0.5
"""How long before CodeDeploy moves the rest of the traffic the judge's last word counts: stopping takes a
poll and a call."""


def decide(deployment: Deployment, seen: Observation, now: datetime, minute: timedelta) -> Deployment:
    """The deployment in the phase that follows from what is seen; the same one when nothing changed.

    Args:
        deployment: as the ledger has it; its phase is one in which CodeDeploy is involved.
        seen: what the driver observed.
        now: the time.
        minute: length of a CodeDeploy minute.
    """
    if seen.undo_id and not deployment.undo_id:
        deployment = deployment.but(undo_id=seen.undo_id)
    if deployment.phase is Phase.BAKING:
        return _baking(deployment, seen, now)
    if deployment.phase is Phase.ROLLING_BACK:
        return _rolling_back(deployment, seen, now, minute)
    if seen.outcome is Outcome.SUCCEEDED and _not_yet_judged(deployment):
        return deployment.enter(Phase.CANARY, now, canary_until=now)
    if seen.outcome is Outcome.SUCCEEDED:
        return _promoted(deployment, seen, now, minute)
    if seen.outcome is Outcome.ENDED_BADLY:
        return deployment.enter(Phase.ROLLING_BACK, now, cause=seen.problem)
    if deployment.phase is Phase.STARTED and deployment.to_version in seen.weights:
        until = (seen.shifted_at or now) + _minutes_to_shift(deployment) * minute
        return deployment.enter(Phase.CANARY, now, canary_until=until)
    return deployment


def _not_yet_judged(deployment: Deployment) -> bool:
    """Whether a canary went by while nobody watched: it is judged before it counts as promoted."""
    return (
        deployment.phase is Phase.STARTED and bool(deployment.judge) and deployment.strategy != "all_at_once"
    )


def _minutes_to_shift(deployment: Deployment) -> int:
    """From the first shift to the last."""
    steps = 1 if deployment.strategy == "canary" else -(-100 // deployment.percentage) - 1
    return steps * deployment.interval_minutes


def condemned(
    deployment: Deployment, now: datetime, minute: timedelta, *, promoted: bool = False
) -> str | None:
    """Why the judge sends a deployment back, or None.

    Evidence counts at once; what is not proven counts when the interval is almost over.

    Args:
        deployment: with its last judgement.
        now: the time.
        minute: length of a CodeDeploy minute.
        promoted: CodeDeploy has moved the rest of the traffic before the judge had the last word, as when
            nobody watched. It counts all the same.
    """
    stage = {Phase.CANARY: Stage.CANARY, Phase.BAKING: Stage.BAKE}.get(deployment.phase)
    terms = deployment.judge
    if stage is None or terms is None or terms.mode != "enforce":
        return None
    judgement = deployment.judgements.get(stage)
    if judgement and judgement.rollback:
        return f"judge: {judgement}"
    last_word = deployment.canary_until and deployment.canary_until - MARGIN_MINUTES * minute
    if stage is Stage.CANARY and (promoted or (last_word and now >= last_word)):
        return _at_the_end(judgement, terms)
    return None


def _at_the_end(judgement: Judgement | None, terms: Terms) -> str | None:
    policy = terms.policy
    if judgement is None:
        rollback = policy.on_inconclusive == "rollback"
        return "nothing was judged, and on_inconclusive says rollback" if rollback else None
    if judgement.outage:
        if judgement.conclusion is Conclusion.PROVEN_GOOD or terms.on_metrics_outage == "promote":
            return None
        return f"the metrics are out, and on_metrics_outage says rollback: {judgement}"
    if judgement.conclusion is Conclusion.TRAFFIC_MISMATCH and policy.on_traffic_mismatch == "rollback":
        return f"judge: {judgement}"
    if judgement.conclusion is not Conclusion.PROVEN_GOOD and policy.on_inconclusive == "rollback":
        return f"the interval is over, and on_inconclusive says rollback: {judgement}"
    return None


def _promoted(deployment: Deployment, seen: Observation, now: datetime, minute: timedelta) -> Deployment:
    if deployment.phase is Phase.STOPPING:
        return deployment.enter(Phase.ROLLING_BACK, now)
    if not seen.serves_only(deployment.to_version):
        cause = (
            f"CodeDeploy says that {deployment.deployment_id} succeeded, but {_shares(seen.weights)} serves "
            f"instead of version {deployment.to_version}: somebody else moved the traffic"
        )
        return deployment.enter(Phase.FAILED, now, cause=cause)
    if deployment.bake_minutes == 0:
        return deployment.enter(Phase.SUCCEEDED, now)
    return deployment.enter(Phase.BAKING, now, bake_until=now + deployment.bake_minutes * minute)


def _baking(deployment: Deployment, seen: Observation, now: datetime) -> Deployment:
    if seen.outcome is Outcome.ENDED_BADLY:
        return deployment.enter(Phase.ROLLING_BACK, now, cause=seen.problem)
    if not seen.serves_only(deployment.to_version):
        cause = f"somebody else moved the traffic during the bake: {_shares(seen.weights)} serves"
        return deployment.enter(Phase.FAILED, now, cause=cause)
    if seen.red_alarms:
        cause = f"alarm {', '.join(seen.red_alarms)} went red during the bake"
        return deployment.enter(Phase.ROLLING_BACK, now, cause=cause)
    if deployment.bake_until is not None and now >= deployment.bake_until:
        return deployment.enter(Phase.SUCCEEDED, now)
    return deployment


def _rolling_back(deployment: Deployment, seen: Observation, now: datetime, minute: timedelta) -> Deployment:
    if seen.undo is Outcome.RUNNING or seen.outcome is Outcome.RUNNING:
        return deployment
    settled = seen.undo is not None or seen.ended_at is None or now - seen.ended_at >= SETTLE_MINUTES * minute
    if settled and seen.serves_only(deployment.from_version):
        return deployment.enter(Phase.ROLLED_BACK, now)
    return deployment


def wants_own_rollback(deployment: Deployment, seen: Observation, now: datetime, minute: timedelta) -> bool:
    """Whether traffic is not where it should be, and nobody is moving it back."""
    if deployment.phase is not Phase.ROLLING_BACK or seen.serves_only(deployment.from_version):
        return False
    if Outcome.RUNNING in (seen.undo, seen.outcome):
        return False
    if seen.undo is Outcome.ENDED_BADLY or seen.outcome is Outcome.SUCCEEDED:
        return True
    return seen.ended_at is None or now - seen.ended_at >= SETTLE_MINUTES * minute


def _shares(weights: dict[str, float]) -> str:
    return ", ".join(f"version {version} at {100 * share:.0f} %" for version, share in weights.items())
