"""Telling people how a release ended, over the environment's SNS topic."""

from __future__ import annotations

import logging

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.aws import Aws
from lockgate.release.model import Release
from lockgate.report import words

log = logging.getLogger(__name__)

_SUBJECT_LIMIT = 100
"""Characters of a subject that SNS takes (API reference, Publish)."""


def announce(aws: Aws, topic_arn: str, release: Release) -> None:
    """Publishes the outcome of a release. A release does not fail because nobody could be told."""
    subject = f"{release.environment}: {release.kind} {release.release_id} {release.status}"
    lines = [words.outcome(release), *(release.reason or "").splitlines(), f"By {release.by}."]
    try:
        aws.sns.publish(TopicArn=topic_arn, Subject=subject[:_SUBJECT_LIMIT], Message="\n".join(lines))
    except (BotoCoreError, ClientError) as error:
        log.warning("the outcome could not be announced on %s: %s", topic_arn, error)
