"""Writing down what happens to a build, and telling EventBridge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.codebuild import events
from localaws.codebuild.model import IN_PROGRESS, SUCCEEDED, Build, Phase


@dataclass(frozen=True)
class Failure:
    """Why a phase did not succeed.

    Attributes:
        code: status code of its context, such as "COMMAND_EXECUTION_ERROR".
        status: FAILED, FAULT, STOPPED or TIMED_OUT.
    """

    code: str
    message: str
    status: str = "FAILED"


@dataclass(frozen=True)
class Journal:
    """The phases of one build.

    Args:
        emit: takes an event as PutEvents has it; called from any thread.
        now: returns seconds since the epoch.
    """

    build: Build
    arn: str
    emit: Callable[[dict[str, Any]], None]
    now: Callable[[], float]

    def begin(self) -> None:
        """The build was submitted, and waits."""
        self.enter("SUBMITTED")
        self.emit(events.state_change(self.build, self.arn))
        self.leave(None)
        self.enter("QUEUED")

    def enter(self, kind: str) -> None:
        """A phase begins."""
        self.build.phases.append(Phase(kind, self.now(), None if kind == "COMPLETED" else IN_PROGRESS))

    def leave(self, failure: Failure | None) -> None:
        """The current phase is over."""
        phase = self.build.phases[-1]
        phase.end = self.now()
        phase.code, phase.message = (failure.code, failure.message) if failure else ("", "")
        phase.status = failure.status if failure else SUCCEEDED
        self.emit(events.phase_change(self.build, phase, self.arn))

    def end(self, status: str) -> None:
        """The build is over; what was uploaded has to be written down before."""
        self.enter("COMPLETED")
        self.build.ended = self.build.phases[-1].start
        self.build.status = status
        self.emit(events.state_change(self.build, self.arn))

    def break_off(self, status: str, code: str, message: str) -> None:
        """Ends a build in the phase where it is, whatever that was."""
        self.leave(Failure(code, message, status))
        self.end(status)
