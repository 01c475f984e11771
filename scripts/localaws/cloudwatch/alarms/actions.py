"""Alarm actions: SNS topics and Lambda functions, called at the server's own endpoint, and events."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from localaws.cloudwatch.alarms import notifications
from localaws.cloudwatch.alarms.model import Alarm, State

log = logging.getLogger(__name__)

Report = Callable[[Alarm, str, str | None], None]
"""Takes an alarm, the ARN of an action that ran, and what went wrong with it."""

Emit = Callable[[str, str, dict[str, Any]], None]
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

    def __init__(self, endpoint: str, report: Report, emit: Emit | None = None) -> None:
        self._endpoint = endpoint
        self._report = report
        self.emit = emit
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, alarm: Alarm, before: State) -> None:
        """Starts what follows from the alarm's new state."""
        calls = [(arn, self._call(arn, alarm, before)) for arn in notifications.actions(alarm)]
        self._publish(alarm, before)
        # A context of its own: whose request brought the alarm here is no concern of the action.
        task = asyncio.get_running_loop().create_task(self._run(alarm, calls), context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _call(self, arn: str, alarm: Alarm, before: State) -> Callable[[], str | None]:
        """What an action does; prepared now, since the alarm may have changed when it runs."""
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "sns":
            subject, message = notifications.subject(alarm), notifications.message(alarm, before)
            return lambda: self._publish_message(alarm, arn, subject, message)
        if service == "lambda":
            payload = json.dumps(notifications.invocation(alarm, before)).encode()
            return lambda: self._invoke(alarm, arn, payload)
        return lambda: f"actions of {service or arn} are not run by the local CloudWatch, SNS and Lambda are"

    async def _run(self, alarm: Alarm, calls: list[tuple[str, Callable[[], str | None]]]) -> None:
        for arn, call in calls:
            error = await asyncio.to_thread(_attempt, call)
            if error:
                log.warning("alarm %s of %s: %s: %s", alarm.name, alarm.account, arn, error)
            self._report(alarm, arn, error)

    def _publish_message(self, alarm: Alarm, arn: str, subject: str, message: str) -> str | None:
        self._client("sns", alarm).publish(TopicArn=arn, Subject=subject, Message=message)
        return None

    def _invoke(self, alarm: Alarm, arn: str, payload: bytes) -> str | None:
        self._client("lambda", alarm).invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
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


def _attempt(call: Callable[[], str | None]) -> str | None:
    try:
        return call()
    except Exception as error:  # whatever it is, other actions and alarms go on
        return str(error)
