"""Running a buildspec's commands as processes of this machine.

Each command is a script of its own, as CodeBuild's agent has it. With version 0.2 the script begins with what
the one before has left: its environment, variables that were not exported included, and its folder. With 0.1
every command begins in the same place (user guide, "Shells and commands in build environments").

All processes of a build are in one process group, whose first process is a keeper: it holds the read end of a
pipe to this server, and ends the group when the pipe is closed. So nothing outlives a build, also not the
death of the server.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KEEPER = 'trap "" TERM INT HUP QUIT; read -r _; kill -KILL 0'
_LOOK = 0.02
"""Seconds between two looks at whether a command has ended."""

_BLOCK = 65536
"""Bytes that a pipe holds (pipe(7)), and that are read at once."""


class InterruptedBuildError(RuntimeError):
    """The build was stopped, or its time was over."""


class ProcessGroup:
    """The processes of one build."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def number(self) -> int:
        """Id of the process group."""
        return self._keeper.pid

    def end(self) -> None:
        """Ends every process of it; safe to repeat."""
        if self._keeper.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.number, signal.SIGKILL)
            self._keeper.wait()
        if self._keeper.stdin:
            self._keeper.stdin.close()


@dataclass
class Shell:
    """Where the commands of one build run.

    Args:
        program: the shell, such as "sh" or "bash".
        keeps: whether a command begins where the one before ended.
        folder: for its scripts and what they leave.
        write: takes what commands print.
        deadline: when the build's time is over, as `time.monotonic` counts.
    """

    program: str
    keeps: bool
    folder: Path
    write: Callable[[bytes], None]
    deadline: float
    group: ProcessGroup = field(default_factory=ProcessGroup)
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path = shutil.which(self.program) or "/bin/sh"
        self._read, self._write = os.pipe()

    @property
    def _environment(self) -> Path:
        return self.folder / "env.sh"

    @property
    def _place(self) -> Path:
        return self.folder / "dir.txt"

    def begin(self, environment: Mapping[str, str], directory: Path) -> None:
        """Says what the first command finds."""
        self._environment.write_text("".join(_export(name, value) for name, value in environment.items()))
        self._place.write_text(f"{directory}\n")

    def set(self, name: str, value: str) -> None:
        """Changes a variable for the commands that follow."""
        with self._environment.open("a") as file:
            file.write(_export(name, value))

    def run(self, command: str) -> int:
        """Runs a command; its exit status, negative where a signal ended it.

        Raises:
            InterruptedBuildError: it was ended from outside.
        """
        script = self.folder / "script.sh"
        script.write_text(self._script(command))
        self._refuse_interrupted()
        try:
            process = subprocess.Popen(
                [self._path, str(script)],
                stdin=subprocess.DEVNULL,
                stdout=self._write,
                stderr=subprocess.STDOUT,
                env={},
                process_group=self.group.number,
            )
        except (OSError, subprocess.SubprocessError):
            self._refuse_interrupted()
            raise
        status = self._wait(process)
        self._refuse_interrupted()
        self.set("CODEBUILD_LAST_EXIT", str(status))
        return status

    def values(self, names: Iterable[str]) -> dict[str, str]:
        """What variables hold now; those that are not set are left out."""
        wanted = list(names)
        asked = "".join(f"printf '%s\\0' \"${{{name}+x}}${{{name}-}}\"\n" for name in wanted)
        answer = self._asked(asked).split("\0")
        return {
            name: value.removeprefix("x")
            for name, value in zip(wanted, answer, strict=False)
            if value.startswith("x")
        }

    def expanded(self, text: str) -> str:
        """A text as the shell expands it inside quotation marks."""
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return self._asked(f'printf %s "{quoted}"')

    def interrupt(self) -> None:
        """Ends what runs; called from another thread."""
        self.interrupted = True
        self.group.end()

    def close(self) -> None:
        """Ends what is left; nothing can be run afterwards."""
        self.group.end()
        for end in (self._read, self._write):
            with contextlib.suppress(OSError):
                os.close(end)

    @property
    def is_late(self) -> bool:
        """Whether the build's time is over."""
        return time.monotonic() >= self.deadline

    def _script(self, command: str) -> str:
        environment, place = shlex.quote(str(self._environment)), shlex.quote(str(self._place))
        keep = f"codebuild_keep() {{ export -p > {environment}; pwd > {place}; }}; trap codebuild_keep EXIT"
        # Three lines, so that a shell's complaint names line 4 as on AWS.
        lines = (
            f'. {environment}; cd "$(/bin/cat {place})" || exit 1',
            keep if self.keeps else ":",
            "set -a",
            command,
        )
        return "\n".join(lines) + "\n"

    def _asked(self, script: str) -> str:
        text = f". {shlex.quote(str(self._environment))}\n{script}"
        done = subprocess.run([self._path, "-c", text], env={}, capture_output=True, check=False, timeout=60)
        return done.stdout.decode(errors="replace")

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Passes on what is printed until the process has ended. A process that it leaves running may hold
        the pipe open, so the end of the pipe is not waited for."""
        while process.poll() is None:
            self._pass_on(_LOOK)
            if self.interrupted or self.is_late:
                self.interrupt()
                process.kill()
        self._drain()
        return process.returncode

    def _drain(self) -> None:
        """Passes on what the pipe holds once a command has ended, and no more than it can hold: a process
        that goes on printing would keep the build here."""
        left = _BLOCK
        while left > 0 and (taken := self._pass_on(0)):
            left -= taken

    def _pass_on(self, seconds: float) -> int:
        """Passes on what is there, or comes in time; how many bytes that were."""
        readable, _, _ = select.select([self._read], [], [], seconds)
        if not readable:
            return 0
        data = os.read(self._read, _BLOCK)
        self.write(data)
        return len(data)

    def _refuse_interrupted(self) -> None:
        if self.is_late and not self.interrupted:
            self.interrupt()
        if self.interrupted:
            raise InterruptedBuildError


def _export(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}\n"


def reason(status: int) -> str:
    """Why a command ended, as CodeBuild's agent says it."""
    if status < 0:
        return f"signal: {signal.strsignal(-status) or -status}".lower()
    return f"exit status {status}"
