"""Running the steps, and telling how each went."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from lockgate.errors import LockgateError
from lockgate.processes.child import Running, TimedOutError, lines_of
from lockgate.processes.several import side_by_side
from lockgate.rehearsal.identity import Identity
from lockgate.rehearsal.journey import Event, Lane, Round, Step, Told
from lockgate.rehearsal.stage import Stage

_MODULES = {"aws": "awscli", "lockgate": "lockgate"}
_SAID = {
    "digest": re.compile(r"--digest ([0-9a-f]{64})"),
    "release": re.compile(r"^Release (\S+) succeeded", re.MULTILINE),
}
"""What later steps need of what one has said."""

_AT_ONCE = 2
"""Lanes that run at a time: each may have a Terraform, which takes a gigabyte."""

_STEP_SECONDS = 3600.0

_TAIL = 25
"""Lines of a failed step that are shown; all of them are in its log."""


@dataclass(frozen=True)
class Took:
    """A step that was done.

    Attributes:
        seconds: how long it took.
    """

    step: Event
    seconds: float


class FailedStepError(LockgateError):
    """A step did not do what it should; the rehearsal ends with it."""


def rehearse(stage: Stage, rounds: Iterable[Round], tell: Callable[[Took], None]) -> list[Took]:
    """Runs the steps of each round, some lanes at once.

    Args:
        stage: where; it has begun, and its webhook serves.
        rounds: what.
        tell: is told of each step that is done.

    Raises:
        FailedStepError: one fails, with the last of what it said; what runs beside it is ended.
    """
    run = _Rehearsal(stage, Identity(stage.project.platform, stage.endpoint_url), tell)
    for lanes in rounds:
        with closing(side_by_side(lanes, run.follow, _AT_ONCE)) as followed:
            for _ in followed:
                pass
    return run.done


@dataclass
class _Rehearsal:
    stage: Stage
    identity: Identity
    tell: Callable[[Took], None]
    done: list[Took] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def follow(self, lane: Lane, running: Running) -> None:
        """Does its steps; notes their processes."""
        name, webhook = self.stage.project.platform.name, self.stage.webhook.url
        known = {"commit": self.stage.head(), "platform": name, "webhook": webhook}
        for step in lane:
            started = time.monotonic()
            if isinstance(step, Told):
                _wait(self.stage, step, known)
            else:
                known |= self._run(step, next(self._numbers), known, running)
            took = Took(step, time.monotonic() - started)
            self.done.append(took)
            self.tell(took)

    def _run(self, step: Step, number: int, known: Mapping[str, str], running: Running) -> dict[str, str]:
        """Runs a command; what it said that later ones need."""
        stage, found = self.stage, {}
        if step.change:
            step.change(stage.root)
            found["commit"] = stage.commit(step.says)
        log = stage.folder / "logs" / f"{number:02}-{step.arguments[0]}-{step.account}.log"
        log.parent.mkdir(exist_ok=True)
        try:
            code = self._command(step, {**known, **found}, log, running)
        except TimedOutError:
            raise FailedStepError(
                f"{step.account}: {step.says} (as {step.who}): took over {_STEP_SECONDS:.0f} s and was ended",
                hint=f"What it said so far: {log}",
            ) from None
        said = log.read_text(encoding="utf-8", errors="replace")
        if code or step.expect not in said:
            missing = f"ended with exit code {code}" if code else f"did not say {step.expect!r}"
            tail = "\n".join(said.strip().splitlines()[-_TAIL:])
            raise FailedStepError(
                f"{step.account}: {step.says} (as {step.who}): {missing}\n{tail}", hint=f"All of it: {log}"
            )
        matches = ((name, pattern.search(said)) for name, pattern in _SAID.items())
        return found | {name: match[1] for name, match in matches if match}

    def _command(self, step: Step, known: Mapping[str, str], log: Path, running: Running) -> int:
        arguments = [Template(argument).substitute(known) for argument in step.arguments]
        credentials = self.identity.of(step.account, step.purpose, aws_cli=step.program == "aws")
        started = lines_of(
            [sys.executable, "-m", _MODULES[step.program], *arguments],
            cwd=self.stage.root,
            env=self.stage.environment(credentials),
            timeout=_STEP_SECONDS,
            stdin=subprocess.PIPE,
            running=running,
        )
        with log.open("w", encoding="utf-8") as file, started as (process, lines):
            assert process.stdin is not None
            # A command that reads nothing may have ended before.
            with suppress(BrokenPipeError):
                process.stdin.write(step.stdin)
                process.stdin.close()
            file.writelines(lines)
        return process.returncode


def _wait(stage: Stage, step: Told, known: Mapping[str, str]) -> None:
    message_id = Template(step.message_id).substitute(known)
    if not stage.webhook.was_told(message_id, step.seconds):
        heard = ", ".join(stage.webhook.ids()[-_TAIL:]) or "nothing"
        raise FailedStepError(
            f"{step.account}: {step.says}: it was not, after {step.seconds:.0f} s; it was told {heard}",
            hint="The notifier's log says what it did: /aws/lambda/<platform>-<environment>-notifier.",
        )
