"""Where the embedded AWS lives and listens: flags, then environment, then defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.tasks.runner import DEFAULT as DEFAULT_RUNNER

HOST = "127.0.0.1"
"""The only address that is ever bound: nothing here authenticates."""


class SettingsError(ValueError):
    """A setting cannot be used; says which, and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """What one embedded AWS is started with.

    Attributes:
        home: folder of its state, log and pid file.
        port: TCP port; 0 takes a free one, which the pid file then tells.
        minute_seconds: real seconds that one AWS minute lasts.
        region: the region of requests that name none.
        task_runner: what runs the tasks of ECS: auto, docker, none, or `module:factory`.
        enforce: whether IAM decides who may do what. Without it whoever asks may do everything.
        snapshot_seconds: real seconds between two looks for something to save.
    """

    home: Path = Path(".lockgate/localaws")
    port: int = 4566
    minute_seconds: float = 5.0
    region: str = "eu-west-1"
    task_runner: str = DEFAULT_RUNNER
    enforce: bool = False
    snapshot_seconds: float = 10.0

    @property
    def state_dir(self) -> Path:
        """JSON state of every service, one file each."""
        return self.home / "state"

    @property
    def objects_dir(self) -> Path:
        """S3 objects, written when they are put."""
        return self.home / "s3"

    @property
    def tmp_dir(self) -> Path:
        """Unpacked function code; emptied at each start."""
        return self.home / "tmp"

    @property
    def log_file(self) -> Path:
        """Everything the server and its function processes say."""
        return self.home / "localaws.log"

    @property
    def decisions_file(self) -> Path:
        """What was asked of IAM, and how it was decided, where it enforces: one line of JSON each."""
        return self.home / "decisions.jsonl"

    @property
    def pid_file(self) -> Path:
        """Which process serves; written by that process."""
        return self.home / "localaws.pid.json"

    @property
    def lock_file(self) -> Path:
        """Held while a server is started or ended, so that two commands do not do it at once."""
        return self.home / "localaws.lock"

    @classmethod
    def resolve(
        cls,
        home: str | Path | None = None,
        port: int | None = None,
        minute_seconds: float | None = None,
        task_runner: str | None = None,
        enforce: bool | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Settings from flags, else `LOCALAWS_HOME`, `LOCALAWS_PORT`, `LOCALAWS_MINUTE`,
        `LOCALAWS_TASK_RUNNER`, `LOCALAWS_ENFORCE`, else defaults.

        Raises:
            SettingsError: a value is not a port or not a duration.
        """
        port_text = str(port) if port is not None else environ.get("LOCALAWS_PORT") or str(cls.port)
        minute_text = (
            f"{minute_seconds:g}"
            if minute_seconds is not None
            else environ.get("LOCALAWS_MINUTE") or f"{cls.minute_seconds:g}"
        )
        return cls(
            home=Path(home or environ.get("LOCALAWS_HOME") or cls.home).absolute(),
            port=_port(port_text),
            minute_seconds=_minute(minute_text),
            task_runner=task_runner or environ.get("LOCALAWS_TASK_RUNNER") or cls.task_runner,
            enforce=_flag(environ.get("LOCALAWS_ENFORCE") or "") if enforce is None else enforce,
        )


def _port(text: str) -> int:
    if text.isdigit() and int(text) <= 65535:
        return int(text)
    raise SettingsError(f"the port must be a number from 0 to 65535, not {text!r}")


def _flag(text: str) -> bool:
    if text.lower() in ("", "0", "false"):
        return False
    if text.lower() in ("1", "true"):
        return True
    raise SettingsError(f"LOCALAWS_ENFORCE must be true or false, not {text!r}")


def _minute(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds <= 3600:
        return seconds
    raise SettingsError(f"an AWS minute must last more than 0 and at most 3600 seconds, not {text!r}")
