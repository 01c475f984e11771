"""A webhook that can be out: it refuses, fails or hangs, and takes messages again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from lockgate.rehearsal.webhook import Webhook as Answering
from lockgate.rehearsal.webhook import serving

Mood = Literal["well", "failing", "busy", "hanging", "refusing"]
_STATUSES = {"failing": 503, "busy": 429, "hanging": 503, "refusing": 404}


class Webhook(Answering):
    """Attributes:
    mood: how it answers.
    tries: requests so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mood: Mood = "well"
        self.tries = 0

    def answer(self, body: dict[str, Any]) -> int:
        self.tries += 1
        mood = self.mood
        if mood == "well":
            return super().answer(body)
        if mood == "hanging":
            time.sleep(10)
        return _STATUSES[mood]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """One that answers, while the block lasts."""
    server = Webhook()
    with serving(server):
        yield server
