"""Running the steps, and telling how each went."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from lockgate.errors import LockgateError
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
        FailedStepError: one fails, with the last of what it said.
    """
    run = _Rehearsal(stage, Identity(stage.project.platform, stage.endpoint_url), tell)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for lanes in rounds:
            list(pool.map(run.follow, lanes))
    return run.done


@dataclass
class _Rehearsal:
    stage: Stage
    identity: Identity
    tell: Callable[[Took], None]
    done: list[Took] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def follow(self, lane: Lane) -> None:
        """Does its steps."""
        name, webhook = self.stage.project.platform.name, self.stage.webhook.url
        known = {"commit": self.stage.head(), "platform": name, "webhook": webhook}
        for step in lane:
            started = time.monotonic()
            if isinstance(step, Told):
                _wait(self.stage, step, known)
            else:
                known |= _run(self.stage, self.identity, step, next(self._numbers), known)
            took = Took(step, time.monotonic() - started)
            self.done.append(took)
            self.tell(took)


def _wait(stage: Stage, step: Told, known: Mapping[str, str]) -> None:
    message_id = Template(step.message_id).substitute(known)
    if not stage.webhook.was_told(message_id, step.seconds):
        heard = ", ".join(stage.webhook.ids()[-_TAIL:]) or "nothing"
        raise FailedStepError(
            f"{step.account}: {step.says}: it was not, after {step.seconds:.0f} s; it was told {heard}",
            hint="The notifier's log says what it did: /aws/lambda/<platform>-<environment>-notifier.",
        )


def _run(
    stage: Stage, identity: Identity, step: Step, number: int, known: Mapping[str, str]
) -> dict[str, str]:
    """Runs a command; what it said that later ones need."""
    found = {}
    if step.change:
        step.change(stage.root)
        found["commit"] = stage.commit(step.says)
    log = stage.folder / "logs" / f"{number:02}-{step.arguments[0]}-{step.account}.log"
    log.parent.mkdir(exist_ok=True)
    code = _command(stage, identity, step, {**known, **found}, log)
    said = log.read_text(encoding="utf-8", errors="replace")
    if code or step.expect not in said:
        missing = f"did not say {step.expect!r}" if not code else f"ended with exit code {code}"
        tail = "\n".join(said.strip().splitlines()[-_TAIL:])
        raise FailedStepError(
            f"{step.account}: {step.says} (as {step.who}): {missing}\n{tail}", hint=f"All of it: {log}"
        )
    matches = ((name, pattern.search(said)) for name, pattern in _SAID.items())
    return found | {name: match[1] for name, match in matches if match}


def _command(stage: Stage, identity: Identity, step: Step, known: Mapping[str, str], log: Path) -> int:
    arguments = [Template(argument).substitute(known) for argument in step.arguments]
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, "-m", _MODULES[step.program], *arguments],
            cwd=stage.root,
            env=stage.environment(identity.of(step.account, step.purpose, aws_cli=step.program == "aws")),
            input=step.stdin.encode(),
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode
