"""Dashboards: named JSON texts of an account, the same in all its regions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from localaws.cloudwatch import widgets
from localaws.cloudwatch.alarms.model import partition

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_WIDGETS = ("alarm", "custom", "explorer", "log", "metric", "text")
_MOST_WIDGETS = 500
_COLUMNS = 24


@dataclass
class Dashboard:
    """A dashboard; `modified` in seconds since the epoch, `body` as it was put."""

    account: str
    region: str
    name: str
    body: str
    modified: float
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The dashboard's ARN, which has no region."""
        return f"arn:{partition(self.region)}:cloudwatch::{self.account}:dashboard/{self.name}"

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.body.encode())


class DashboardBook:
    """All dashboards of all accounts. Used on the event loop only."""

    def __init__(self) -> None:
        self._dashboards: dict[tuple[str, str], Dashboard] = {}

    def __iter__(self) -> Iterator[Dashboard]:
        return iter(list(self._dashboards.values()))

    def find(self, account: str, name: str) -> Dashboard | None:
        """A dashboard by its name."""
        return self._dashboards.get((account, name))

    def of(self, account: str) -> list[Dashboard]:
        """Dashboards of an account, by name."""
        return sorted((one for one in self if one.account == account), key=lambda one: one.name)

    def put(self, dashboard: Dashboard) -> None:
        """Adds a dashboard or replaces the one of its name."""
        self._dashboards[dashboard.account, dashboard.name] = dashboard

    def remove(self, dashboard: Dashboard) -> None:
        """Removes a dashboard."""
        self._dashboards.pop((dashboard.account, dashboard.name), None)

    def snapshot(self) -> list[dict[str, Any]]:
        """Everything as JSON data."""
        return [asdict(dashboard) for dashboard in self]

    def restore(self, data: list[dict[str, Any]]) -> None:
        """Takes what `snapshot` gave."""
        for entry in data:
            self.put(Dashboard(**entry))


def name_problem(name: str) -> str | None:
    """What is wrong with a name (PutDashboard)."""
    if _NAME.fullmatch(name):
        return None
    return f"The value {name} for field DashboardName contains invalid characters or is too long."


def problems(body: str) -> list[tuple[str, str]]:
    """What is wrong with a body: path and message ("Dashboard body structure and syntax")."""
    try:
        content = json.loads(body)
    except ValueError:
        return [("/", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(content, dict):
        return [("/", "The field DashboardBody must be a valid JSON object")]
    listed = content.get("widgets", [])
    if not isinstance(listed, list):
        return [("/widgets", "Should be an array")]
    if len(listed) > _MOST_WIDGETS:
        return [("/widgets", f"Should NOT have more than {_MOST_WIDGETS} items")]
    return [found for number, widget in enumerate(listed) for found in _widget(f"/widgets/{number}", widget)]


def _widget(at: str, widget: object) -> Iterator[tuple[str, str]]:
    if not isinstance(widget, Mapping):
        yield at, "Should be an object"
        return
    if widget.get("type") not in _WIDGETS:
        yield f"{at}/type", f"Should be one of {', '.join(_WIDGETS)}"
    properties = widget.get("properties")
    if isinstance(properties, Mapping):
        yield from widgets.problems(f"{at}/properties", widget.get("type"), properties)
    else:
        yield f"{at}/properties", "Should be an object"
    for name, least, most in (
        ("x", 0, _COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, _COLUMNS),
        ("height", 1, 1000),
    ):
        value = widget.get(name, least)
        if isinstance(value, bool) or not isinstance(value, int) or value < least or (most and value > most):
            yield (
                f"{at}/{name}",
                f"Should be an integer of at least {least}" + (f", at most {most}" if most else ""),
            )
    x, width = widget.get("x", 0), widget.get("width", 6)
    if isinstance(x, int) and isinstance(width, int) and x + width > _COLUMNS:
        yield f"{at}/width", f"Should end within {_COLUMNS} columns"
