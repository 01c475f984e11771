"""A release while it runs: a live table on a terminal, one line a change in a log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from lockgate.release.engine import Engine
from lockgate.release.model import Deployment, Phase, Release, Tally
from lockgate.report import words

Tallies = dict[str, dict[str, Tally]]

_COLOURS = {
    Phase.SUCCEEDED: "green",
    Phase.BAKING: "green",
    Phase.CANARY: "cyan",
    Phase.STOPPING: "yellow",
    Phase.ROLLING_BACK: "yellow",
    Phase.ROLLED_BACK: "red",
    Phase.FAILED: "red",
}


@dataclass
class LineProgress:
    """One line for each change, with the time; nothing is repeated."""

    console: Console
    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, words: str) -> None:
        self.console.print(words, highlight=False, markup=False, soft_wrap=True)

    def update(self, release: Release, engine: Engine, tallies: Tallies) -> None:
        for name, deployment in release.deployments.items():
            clock = f"{engine.now():%H:%M:%S} {name}"
            self._changes(clock, deployment, engine, tallies.get(name, {}))

    def _changes(self, clock: str, deployment: Deployment, engine: Engine, tallies: dict[str, Tally]) -> None:
        seen = engine.seen.get(deployment.service)
        facts = {
            "phase": words.phase(deployment),
            "event": f"{words.events(seen)} is at work" if words.events(seen) else "",
            "weights": f"traffic {words.shares(seen.weights)}"
            if seen and not deployment.phase.is_over
            else "",
            "tallies": words.tally(tallies) if any(counts.requests for counts in tallies.values()) else "",
            "judge": "".join(words.judged(deployment)[-1:]),
            "cause": deployment.cause or "",
        }
        for kind, fact in facts.items():
            self._once(clock, deployment.service, kind, fact)

    def _once(self, clock: str, service: str, kind: str, fact: str) -> None:
        if fact and self._said.get((service, kind)) != fact:
            self._said[(service, kind)] = fact
            self.say(f"{clock}: {fact}")


@dataclass
class LiveProgress:
    """A table that is drawn again at each look; what ended stays above it."""

    console: Console
    _live: Live | None = None

    def __enter__(self) -> LiveProgress:
        self._live = Live(console=self.console, auto_refresh=False)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, words: str) -> None:
        self.console.print(words, highlight=False, markup=False, soft_wrap=True)

    def update(self, release: Release, engine: Engine, tallies: Tallies) -> None:
        if self._live:
            self._live.update(_table(release, engine, tallies), refresh=True)


def _table(release: Release, engine: Engine, tallies: Tallies) -> Table:
    table = Table(title=f"{release.kind} {release.release_id} → {release.environment}", expand=True)
    for column in ("service", "state", "traffic", "failed requests", "left"):
        table.add_column(column, overflow="fold")
    for name, deployment in release.deployments.items():
        seen = engine.seen.get(name)
        state = words.phase(deployment)
        event = words.events(seen)
        counts = tallies.get(name) or deployment.tallies
        table.add_row(
            name,
            f"[{_COLOURS.get(deployment.phase, 'default')}]{state}[/]"
            + (f"\n[dim]{event}[/]" if event and not deployment.phase.is_over else "")
            + "".join(
                f"\n[dim]{escape(line)}[/]" for line in (*words.judged(deployment)[-1:], *deployment.notes)
            ),
            words.shares(seen.weights).replace(", ", "\n") if seen else "",
            words.tally(counts).replace(", ", "\n"),
            _left(words.time_left(deployment, engine.now())),
        )
    return table


def _left(left: timedelta | None) -> str:
    return "" if left is None else f"{int(left.total_seconds()) // 60}:{int(left.total_seconds()) % 60:02}"


def progress_for(console: Console) -> LineProgress | LiveProgress:
    """A live table where there is somebody to see it."""
    return LiveProgress(console) if console.is_terminal else LineProgress(console)
