"""Telling triggers and the event bus what has happened to a deployment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.codedeploy import notifications
from localaws.codedeploy.clients import DeployClients
from localaws.codedeploy.model import Deployment
from localaws.codedeploy.platforms import Blocking

log = logging.getLogger(__name__)


@dataclass
class Teller:
    """Tells in the background; failures are logged.

    Args:
        clients: calls to the other services.
        put_event: puts an event on the account's default bus.
        blocking: runs a call in a thread.
        in_background: runs a coroutine by itself.
    """

    clients: DeployClients
    put_event: Callable[[dict[str, Any]], None]
    blocking: Blocking
    in_background: Callable[[Any], None]
    _publishing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def tell(self, deployment: Deployment, kind: str) -> None:
        """Tells of an event, such as "DeploymentStart"."""
        account, region = self.clients.account, self.clients.region
        event = notifications.event(deployment, kind, account, region)
        if event:
            try:
                self.put_event(event)
            except Exception:
                log.exception("deployment %s: the event bus", deployment.deployment_id)
        for topic, message in notifications.publications(deployment, kind, account, region):
            self.in_background(self._publish(topic, message))

    async def _publish(self, topic: str, message: dict[str, str]) -> None:
        try:
            async with self._publishing:
                await self.blocking(self._send, topic, message)
        except (ClientError, BotoCoreError) as error:
            log.warning("%s was not told: %s: %s", topic, message["Subject"], error)

    def _send(self, topic: str, message: dict[str, str]) -> None:
        self.clients.client("sns").publish(TopicArn=topic, **message)
