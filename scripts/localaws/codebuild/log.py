"""A build's log: lines with CodeBuild's prefix, what commands print, and no secret in either.

Lines go to CloudWatch Logs as they come, in batches within the quotas of PutLogEvents (API reference: 1 MiB
and 10,000 events a batch; CloudWatch Logs user guide, "quotas": 1 MiB an event).
"""

from __future__ import annotations

import codecs
import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

Event = dict[str, object]
Put = Callable[[list[Event]], None]

_SECONDS = 0.25
"""How long a line may wait for others."""

_LONGEST = 200_000
"""Characters of one event."""

_BATCH = 500_000
"""Characters of one batch; with four bytes for a character it still fits."""

_EVENTS = 5_000
_MASK = "***"
_SHORTEST_LINE = 4
"""Characters of a line of a secret that is hidden alone: shorter ones are in every log by chance."""


class Masks:
    """Hides secrets, as CodeBuild does with values from Secrets Manager."""

    def __init__(self) -> None:
        self._hidden: list[str] = []

    def hide(self, value: str) -> None:
        """Hides a value from now on, and each line of it: logs are written by lines."""
        lines = [line for line in value.splitlines() if len(line) >= _SHORTEST_LINE]
        wanted = {value, *lines} if value.strip() else set(lines)
        self._hidden = sorted({*self._hidden, *wanted}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with asterisks for what is hidden."""
        for value in self._hidden:
            text = text.replace(value, _MASK)
        return text


class BuildLog:
    """Collects lines and puts them, from a thread of its own.

    Args:
        put: sends events; None where the log is disabled.
        mask: hides secrets.
    """

    def __init__(self, put: Put | None, mask: Callable[[str], str]) -> None:
        self._put = put
        self._mask = mask
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._rest = ""
        self._waiting: list[Event] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="codebuild-log", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """A line of CodeBuild's own."""
        self.end_output()
        stamp = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        self._add(f"[Container] {stamp} {text}")

    def write(self, data: bytes) -> None:
        """What a command has printed; a line is put when it is complete."""
        *lines, self._rest = (self._rest + self._decode(data)).split("\n")
        for line in lines:
            self._add(line)

    def end_output(self) -> None:
        """Puts a line that nothing has ended."""
        rest, self._rest = self._rest + self._decode(b"", True), ""
        if rest:
            self._add(rest)

    def close(self) -> None:
        """Puts what is left."""
        self.end_output()
        self._ending.set()
        self._thread.join()

    def _add(self, text: str) -> None:
        text = self._mask(text.rstrip("\r"))
        now = int(time.time() * 1000)
        parts = [text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST)] or [""]
        with self._lock:
            self._waiting += [{"timestamp": now, "message": f"{part}\n"} for part in parts]

    def _run(self) -> None:
        while not self._ending.wait(_SECONDS):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._lock:
            events, self._waiting = self._waiting, []
        if self._put is None:
            return
        for batch in batches(events):
            try:
                self._put(batch)
            except (BotoCoreError, ClientError):
                log.exception("%d lines of a build's log are lost", len(batch))


def batches(events: Iterable[Event]) -> Iterable[list[Event]]:
    """Events in the batches that PutLogEvents takes, in their order."""
    batch: list[Event] = []
    size = 0
    for event in events:
        length = len(str(event["message"]))
        if batch and (size + length > _BATCH or len(batch) == _EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch
