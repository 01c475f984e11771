"""Starting, finding and ending the one server process of a home folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from localaws.processes import port_holder, start_mark
from localaws.settings import HOST, Settings

HEALTH_PATH = "/_localaws/health"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
# What would send the server or its functions to another AWS, or change MiniStack behind our back.
_FOREIGN_PREFIXES = ("AWS_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "GATEWAY_PORT", "EDGE_PORT", "SERVICES")


class LifecycleError(Exception):
    """The server cannot be started or ended; says what is in the way and what to do."""


class PortTakenError(LifecycleError):
    """Something else listens on the port."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        endpoint: URL for `--endpoint-url`.
        pid: process id.
        minute_seconds: real seconds of one AWS minute.
        home: its home folder.
        version: version of the embedded AWS.
        task_runner: what runs the tasks of ECS; "none" where nothing does.
        enforces: IAM decides who may do what.
        started: it was started by this call.
    """

    endpoint: str
    pid: int
    minute_seconds: float
    home: str
    version: str
    task_runner: str
    enforces: bool
    started: bool = False

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps({"running": True, **asdict(self)})


@dataclass(frozen=True)
class PidRecord:
    """What the pid file tells about the process that serves a home folder."""

    pid: int
    start_mark: str
    port: int

    def write(self, path: Path) -> None:
        """Replaces the file in one step."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> PidRecord | None:
        """The record of a process that still runs; None otherwise."""
        try:
            record = cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return record if start_mark(record.pid) == record.start_mark else None


def health(port: int, timeout: float = 2.0) -> dict[str, Any] | None:
    """What the server on a port says about itself; None when none of ours answers."""
    url = f"http://{HOST}:{port}{HEALTH_PATH}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as answer:
            said = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return None
    return said if isinstance(said, dict) and said.get("name") == "localaws" else None


def status(settings: Settings) -> Running | None:
    """The server of this home folder; None when it does not run or does not answer."""
    record = PidRecord.read(settings.pid_file)
    said = health(record.port) if record else None
    if record is None or said is None or said.get("pid") != record.pid or not said.get("ready"):
        return None
    return Running(
        endpoint=f"http://{HOST}:{record.port}",
        pid=record.pid,
        minute_seconds=float(said["minute_seconds"]),
        home=str(settings.home),
        version=str(said["version"]),
        task_runner=str(said["task_runner"]),
        enforces=bool(said["enforces"]),
    )


def up(settings: Settings) -> Running:
    """Starts the server of this home folder, unless it runs already.

    Raises:
        PortTakenError: something else listens on the port.
        LifecycleError: it runs with other settings, or does not come up.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with _exclusive(settings):
        running = _wait_for_starting(settings)
        if running:
            return _matching(running, settings)
        _refuse_taken_port(settings)
        return _start(settings)


def down(settings: Settings, *, wipe: bool = False) -> int | None:
    """Ends the server of this home folder, which saves its state; returns its pid, if it ran.

    Args:
        wipe: delete state, objects and log afterwards.

    Raises:
        LifecycleError: the process does not end.
    """
    if not settings.home.exists():
        return None
    with _exclusive(settings):
        record = PidRecord.read(settings.pid_file)
        if record:
            _end(record)
        settings.pid_file.unlink(missing_ok=True)
        shutil.rmtree(settings.tmp_dir, ignore_errors=True)
        if wipe:
            for folder in (settings.state_dir, settings.objects_dir):
                shutil.rmtree(folder, ignore_errors=True)
            for file in (settings.log_file, settings.decisions_file):
                file.unlink(missing_ok=True)
    return record.pid if record else None


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what belongs to another AWS; function processes inherit it."""
    return {name: value for name, value in environ.items() if not name.startswith(_FOREIGN_PREFIXES)}


@contextlib.contextmanager
def _exclusive(settings: Settings) -> Iterator[None]:
    with settings.lock_file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wait_for_starting(settings: Settings) -> Running | None:
    deadline = time.monotonic() + START_SECONDS
    while PidRecord.read(settings.pid_file) and time.monotonic() < deadline:
        running = status(settings)
        if running:
            return running
        time.sleep(0.1)
    return None


def _matching(running: Running, settings: Settings) -> Running:
    port = int(running.endpoint.rpartition(":")[2])
    if settings.port not in (0, port):
        raise LifecycleError(
            f"the embedded AWS of {settings.home} already runs on port {port} (pid {running.pid}), "
            f"not on {settings.port}. Use that port, end it with `python -m localaws down "
            f"--home {settings.home}`, or choose another --home."
        )
    if running.minute_seconds != settings.minute_seconds:
        raise LifecycleError(
            f"the embedded AWS of {settings.home} already runs with {running.minute_seconds:g} seconds "
            f"a minute, not {settings.minute_seconds:g}. End it with `python -m localaws down "
            f"--home {settings.home}` and start it again; state is kept."
        )
    if running.enforces != settings.enforce:
        how = "with" if running.enforces else "without"
        raise LifecycleError(
            f"the embedded AWS of {settings.home} already runs {how} enforcing IAM. End it with "
            f"`python -m localaws down --home {settings.home}` and start it again; state is kept."
        )
    return running


def _refuse_taken_port(settings: Settings) -> None:
    holder = port_holder(settings.port) if settings.port else None
    if holder is None:
        return
    said = health(settings.port)
    who = f"another embedded AWS, of {said['home']} (pid {said['pid']})" if said else str(holder)
    raise PortTakenError(
        f"port {settings.port} is taken by {who}. End that, or choose another port with --port "
        f"or LOCALAWS_PORT."
    )


def _start(settings: Settings) -> Running:
    command = [sys.executable, "-m", "localaws", "serve", "--home", str(settings.home)]
    command += ["--port", str(settings.port), "--minute", f"{settings.minute_seconds:g}"]
    command += ["--task-runner", settings.task_runner]
    command += ["--enforce" if settings.enforce else "--no-enforce"]
    before = settings.log_file.stat().st_size if settings.log_file.exists() else 0
    with settings.log_file.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=settings.home,
            env=clean_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        running = status(settings)
        if running and running.pid == process.pid:
            return Running(**{**asdict(running), "started": True})
        time.sleep(0.05)
    raise _not_started(settings, process, before)


def _not_started(settings: Settings, process: subprocess.Popen[bytes], before: int) -> LifecycleError:
    code = process.poll()
    if code is None:
        process.kill()
        process.wait()
        what = f"did not answer within {START_SECONDS:g} seconds and was ended"
    else:
        what = f"ended with status {code}"
    with settings.log_file.open("rb") as log:
        log.seek(before)
        lines = log.read().decode(errors="replace").strip().splitlines()
    said = f" Its last words: {lines[-1].strip()}" if lines else ""
    return LifecycleError(f"the embedded AWS {what}.{said} See {settings.log_file}.")


def _end(record: PidRecord) -> None:
    for signum, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, signum)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(record.pid, os.WNOHANG)
            if start_mark(record.pid) != record.start_mark:
                return
            time.sleep(0.05)
    raise LifecycleError(f"the embedded AWS (pid {record.pid}) does not end. End it by hand.")
