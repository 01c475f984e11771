"""Alarm actions: publishing to SNS at the server's own endpoint, from a thread, and events."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config

from localaws.cloudwatch import notifications
from localaws.cloudwatch.alarms import Alarm, State

log = logging.getLogger(__name__)

Report = Callable[[Alarm, str, str | None], None]
"""Takes an alarm, the ARN of an action that ran, and what went wrong with it."""

Emit = Callable[[str, str, Mapping[str, Any]], None]
"""Puts an entry, as PutEvents has it, on the default bus of an account and region.

PutEvents itself refuses sources that begin with "aws.", on AWS as in MiniStack.
"""


class Actions:
    """Runs the actions of alarms without keeping the event loop waiting.

    Args:
        endpoint: URL of the server.
        report: called on the event loop after each action.

    Attributes:
        emit: where alarm state changes are published as events; None publishes none.
    """

    def __init__(self, endpoint: str, report: Report) -> None:
        self._endpoint = endpoint
        self._report = report
        self.emit: Emit | None = None
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, alarm: Alarm, before: State) -> None:
        """Starts what follows from the alarm's new state."""
        message = notifications.message(alarm, before)
        self._publish(alarm, before)
        # A context of its own: whose request brought the alarm here is no concern of the action.
        work = self._run(alarm, notifications.actions(alarm), notifications.subject(alarm), message)
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, alarm: Alarm, arns: list[str], subject: str, message: str) -> None:
        for arn in arns:
            error = await asyncio.to_thread(self._act, alarm, arn, subject, message)
            if error:
                log.warning("alarm %s of %s: %s: %s", alarm.name, alarm.account, arn, error)
            self._report(alarm, arn, error)

    def _act(self, alarm: Alarm, arn: str, subject: str, message: str) -> str | None:
        if arn.split(":")[2:3] != ["sns"]:
            return "actions other than SNS topics are not run locally"
        try:
            self._client("sns", alarm).publish(TopicArn=arn, Subject=subject, Message=message)
        except Exception as error:  # whatever it is, other actions and alarms go on
            return str(error)
        return None

    def _publish(self, alarm: Alarm, before: State) -> None:
        if self.emit is None:
            return
        try:
            self.emit(alarm.account, alarm.region, notifications.event(alarm, before))
        except Exception:
            log.exception("the event of alarm %s was not published", alarm.arn)

    def _client(self, service: str, alarm: Alarm) -> Any:
        session = boto3.session.Session(
            aws_access_key_id=alarm.account, aws_secret_access_key="local", region_name=alarm.region
        )
        config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 2})
        factory: Any = session.client
        return factory(service, endpoint_url=self._endpoint, config=config)

    async def finish(self) -> None:
        """Gives up actions that still run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
