"""Where release events go: a seam of one method, with an event bus behind it, or nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.notify.events import DETAIL_TYPE, SOURCE, ReleaseEvent

log = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0
"""How long a bus that did not answer is left alone: a release must not wait for it at each step."""

_AT_ONCE = 10
"""Entries that PutEvents takes (EventBridge API reference, PutEvents)."""


class Notifier(Protocol):
    """Says what happens in releases. Safe to repeat; never fails, and never makes a release wait long."""

    def tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:
        """Says these; the ids of those that need not be said again."""


class Nobody:
    """Tells nobody: for environments without a bus."""

    def tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:  # noqa: ARG002
        return ()


class PutsEvents(Protocol):
    """What EventBridge's client does here."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        """See EventBridge's API reference, PutEvents."""


@dataclass
class EventBridge:
    """Puts events on the environment's bus.

    Args:
        client: with short timeouts and without retries: the next step of the release tries again.
        bus: name of the bus, from the contract.
        clock: seconds that only go forward.
    """

    client: PutsEvents
    bus: str
    clock: Callable[[], float] = time.monotonic
    _told: set[str] = field(default_factory=set)
    _silent_until: float = 0.0

    def tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:
        """Puts what this process has not put before; where the bus does not take it, that is a warning."""
        new = [event for event in events if event.id not in self._told]
        if new and self.clock() >= self._silent_until:
            for start in range(0, len(new), _AT_ONCE):
                self._put(new[start : start + _AT_ONCE])
        return [event.id for event in events if event.id in self._told]

    def _put(self, events: list[ReleaseEvent]) -> None:
        try:
            answers = self.client.put_events(Entries=[self._entry(event) for event in events])["Entries"]
        except (BotoCoreError, ClientError) as error:
            self._warn(f"{len(events)} release events could not be put on bus {self.bus}: {error}")
            return
        self._told |= {event.id for event, answer in zip(events, answers, strict=True) if _taken(answer)}
        problems = {answer["ErrorMessage"] for answer in answers if not _taken(answer)}
        if problems:
            self._warn(f"bus {self.bus} did not take release events: {_joined(problems)}")

    def _warn(self, message: str) -> None:
        log.warning("%s; the release goes on", message)
        self._silent_until = self.clock() + PAUSE_SECONDS

    def _entry(self, event: ReleaseEvent) -> dict[str, Any]:
        return {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": event.model_dump_json(exclude_none=True),
            "Time": event.at,
        }


def _taken(answer: Mapping[str, Any]) -> bool:
    return not answer.get("ErrorCode")


def _joined(problems: Iterable[str]) -> str:
    return "; ".join(sorted(problems))
