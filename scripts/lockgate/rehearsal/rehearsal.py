"""Running the steps, one after the other, and telling how each went."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lockgate.errors import LockgateError
from lockgate.rehearsal.identity import Identity
from lockgate.rehearsal.journey import Step
from lockgate.rehearsal.stage import Stage

_DIGEST = re.compile(r"--digest ([0-9a-f]{64})")
_TAIL = 25
"""Lines of a failed step that are shown; all of them are in its log."""


@dataclass(frozen=True)
class Took:
    """A step that was done.

    Attributes:
        seconds: how long it took.
    """

    step: Step
    seconds: float


class FailedStepError(LockgateError):
    """A step did not do what it should; the rehearsal ends with it."""


def rehearse(stage: Stage, steps: Iterable[Step], tell: Callable[[Took], None]) -> list[Took]:
    """Runs the steps.

    Args:
        stage: where; it has begun.
        steps: what.
        tell: is told of each step that is done.

    Raises:
        FailedStepError: one fails, with the last of what it said.
    """
    identity = Identity(stage.project.platform, stage.endpoint_url)
    known = {"commit": stage.head(), "digest": ""}
    done = []
    for number, step in enumerate(steps, 1):
        if step.change:
            step.change(stage.root)
            known["commit"] = stage.commit(step.says)
        took = _run(stage, identity, step, number, known)
        tell(took)
        done.append(took)
    return done


def _run(stage: Stage, identity: Identity, step: Step, number: int, known: dict[str, str]) -> Took:
    credentials = (
        identity.job(step.account, step.purpose) if step.purpose else identity.administrator(step.account)
    )
    log = stage.folder / "logs" / f"{number:02}-{step.arguments[0]}-{step.account}.log"
    log.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    code = _lockgate(stage, step, known, credentials, log)
    seconds = time.monotonic() - started
    said = log.read_text(encoding="utf-8", errors="replace")
    if code or step.expect not in said:
        missing = f"did not say {step.expect!r}" if not code else f"ended with exit code {code}"
        tail = "\n".join(said.strip().splitlines()[-_TAIL:])
        raise FailedStepError(
            f"{step.account}: {step.says} (as {step.who}): {missing}\n{tail}", hint=f"All of it: {log}"
        )
    found = _DIGEST.search(said)
    if step.keeps_digest and found:
        known["digest"] = found[1]
    return Took(step, seconds)


def _lockgate(
    stage: Stage, step: Step, known: Mapping[str, str], credentials: Mapping[str, str], log: Path
) -> int:
    command = [sys.executable, "-m", "lockgate", *(argument.format(**known) for argument in step.arguments)]
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            command,
            cwd=stage.root,
            env=stage.environment(credentials),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode
