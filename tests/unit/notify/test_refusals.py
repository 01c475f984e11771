"""That a refusal is told, to whom it is refused as before, and to nobody in a dry run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.commands.finish import telling_refusals
from lockgate.errors import LockgateError, RefusedError
from lockgate.notify.events import ReleaseEvent


class Opened:
    """An environment with a bus, or with no contract."""

    name = "dev"

    def __init__(self, *, provisioned: bool = True) -> None:
        self.heard: list[ReleaseEvent] = []
        self._provisioned = provisioned

    @property
    def notifier(self) -> Any:
        if not self._provisioned:
            raise RefusedError("not provisioned", hint="Apply.")
        return SimpleNamespace(tell=self._tell)

    def _tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:
        self.heard += events
        return ()


def refuse(opened: Opened, error: LockgateError, *, dry_run: bool = False) -> list[str | None]:
    """Reasons that are told of when an error comes up."""
    with pytest.raises(type(error)) as raised, telling_refusals(opened, dry_run=dry_run):  # type: ignore[arg-type]
        raise error
    assert raised.value is error
    return [event.reason for event in opened.heard]


def test_a_refusal_is_told() -> None:
    assert refuse(Opened(), RefusedError("an alarm is red", hint="Wait.")) == ["an alarm is red"]


def test_a_dry_run_is_told_to_nobody() -> None:
    assert refuse(Opened(), RefusedError("an alarm is red", hint="Wait."), dry_run=True) == []


def test_another_error_is_no_refusal() -> None:
    assert refuse(Opened(), LockgateError("AWS is out", hint="Wait.")) == []


def test_without_a_contract_there_is_nobody_to_tell() -> None:
    assert refuse(Opened(provisioned=False), RefusedError("not provisioned", hint="Apply.")) == []
