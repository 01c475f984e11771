"""Facts about processes and ports, without any dependency. Linux by /proc, elsewhere by ps and lsof."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from localaws.settings import HOST

_LISTEN = "0A"


@dataclass(frozen=True)
class Holder:
    """Who listens on a port; `pid` is None where it belongs to somebody else."""

    pid: int | None
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else self.name


def start_mark(pid: int) -> str | None:
    """When the process began, as an opaque text; None when it does not run.

    A pid alone is no identity: after a reboot it may be somebody else's.
    """
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
        return None
    answer = _output("ps", "-o", "stat=,lstart=", "-p", str(pid))
    return None if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def port_holder(port: int) -> Holder | None:
    """Who listens on this TCP port of the loopback address; None when nobody does."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        if probe.connect_ex((HOST, port)):
            return None
    pid = _listener_linux(port) if Path("/proc/net/tcp").exists() else _listener_lsof(port)
    return Holder(pid, _name(pid) if pid else "another process")


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        return " ".join(word for word in words if word)[:120] or f"process {pid}"
    return _output("ps", "-o", "command=", "-p", str(pid))[:120] or f"process {pid}"


def _listener_linux(port: int) -> int | None:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _has_socket(folder / "fd", inodes):
            return int(folder.name)
    return None


def _has_socket(folder: Path, sockets: set[str]) -> bool:
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):
                if str(entry.readlink()) in sockets:
                    return True
    return False


def _listener_lsof(port: int) -> int | None:
    words = _output("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t").split()
    return int(words[0]) if words and words[0].isdigit() else None


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError:
        return ""
    return done.stdout.strip()
