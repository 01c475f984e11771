"""All alarms of all accounts and regions, and their history."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from localaws.cloudwatch.alarms.model import Alarm, State

_HISTORY_LENGTH = 2000


@dataclass(frozen=True)
class HistoryItem:
    """One entry of an alarm's history; `at` in seconds since the epoch, `data` is JSON."""

    account: str
    region: str
    alarm: str
    kind: str
    item: str
    summary: str
    data: str
    at: float


class AlarmBook:
    """All alarms of all accounts and regions. Used on the event loop only."""

    def __init__(self) -> None:
        self._alarms: dict[tuple[str, str, str], Alarm] = {}
        self._history: deque[HistoryItem] = deque(maxlen=_HISTORY_LENGTH)

    def __iter__(self) -> Iterator[Alarm]:
        """Every alarm, as it is now: alarms may come and go meanwhile."""
        return iter(list(self._alarms.values()))

    def find(self, account: str, region: str, name: str) -> Alarm | None:
        """An alarm by its name."""
        return self._alarms.get((account, region, name))

    def of(self, account: str, region: str) -> list[Alarm]:
        """Alarms of an account and region, by name."""
        found = [alarm for alarm in self if (alarm.account, alarm.region) == (account, region)]
        return sorted(found, key=lambda alarm: alarm.name)

    def put(self, alarm: Alarm) -> None:
        """Adds an alarm or replaces the one of its name."""
        self._alarms[alarm.account, alarm.region, alarm.name] = alarm

    def remove(self, alarm: Alarm) -> None:
        """Removes an alarm."""
        self._alarms.pop((alarm.account, alarm.region, alarm.name), None)

    def record(self, alarm: Alarm, item: str, summary: str, data: Mapping[str, Any], at: float) -> None:
        """Adds to an alarm's history; `item` is a HistoryItemType."""
        text = json.dumps(data, default=str)
        entry = HistoryItem(alarm.account, alarm.region, alarm.name, alarm.kind, item, summary, text, at)
        self._history.append(entry)

    def history(self, account: str, region: str) -> list[HistoryItem]:
        """History of an account and region, the oldest first."""
        return [item for item in self._history if (item.account, item.region) == (account, region)]

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON data."""
        return {"alarms": [asdict(a) for a in self], "history": [asdict(h) for h in self._history]}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Takes what `snapshot` gave."""
        for entry in data.get("alarms", ()):
            self.put(Alarm(**{**entry, "state": State(**entry["state"])}))
        self._history.extend(HistoryItem(**entry) for entry in data.get("history", ()))
