"""Telling people and programs what happens in releases: on the environment's event bus, and where it has
none, the outcome on its topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.aws import Aws
from lockgate.contract import PlatformContract
from lockgate.notify.notifier import EventBridge, Nobody
from lockgate.notify.notifier import Notifier as Notifier
from lockgate.notify.telling import ended_id, severity_of_end
from lockgate.release.model import Release
from lockgate.release.permission import BreakGlass
from lockgate.report import words

log = logging.getLogger(__name__)

_SUBJECT_LIMIT = 100
"""Characters of a subject that SNS takes (API reference, Publish)."""


def notifier_for(aws: Aws, contract: PlatformContract) -> Notifier:
    """What tells of the releases of an environment."""
    return EventBridge(aws.events, contract.event_bus) if contract.event_bus else Nobody()


def announce(aws: Aws, contract: PlatformContract, release: Release) -> None:
    """Publishes the outcome of a release on a topic, unless the bus has it, whose rules do that. A release
    does not fail because nobody could be told."""
    topic_arn = contract.topic(severity_of_end(release))
    if topic_arn is None or ended_id(release) in release.told:
        return
    subject = f"{release.environment}: {release.kind} {release.release_id} {release.status}"
    lines = [words.outcome(release), *(release.reason or "").splitlines(), f"By {release.by}."]
    _publish(aws, topic_arn, subject, [*lines, *words.permissions(release)])


def announce_break_glass(
    aws: Aws, topic_arn: str, environment: str, what: str, by: str, broken: BreakGlass
) -> bool:
    """Publishes that somebody goes past a freeze or a promotion rule, before it happens.

    Args:
        aws: clients of the environment's account.
        topic_arn: its topic.
        environment: its name.
        what: what begins, such as `deploy 20261124t101500-3f9a`.
        by: who does it.
        broken: why, and past what.

    Returns:
        Whether SNS has taken it.
    """
    lines = [f"In {environment}, {what} begins by break-glass.", words.break_glass(broken, by)]
    return _publish(aws, topic_arn, f"{environment}: break-glass: {what}", lines)


def _publish(aws: Aws, topic_arn: str, subject: str, lines: Iterable[str]) -> bool:
    try:
        aws.sns.publish(TopicArn=topic_arn, Subject=subject[:_SUBJECT_LIMIT], Message="\n".join(lines))
    except (BotoCoreError, ClientError) as error:
        log.warning("%r could not be announced on %s: %s", subject, topic_arn, error)
        return False
    return True
