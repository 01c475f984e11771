"""Who drives a release: one process at a time, and whoever comes next when that one is gone."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from datetime import datetime, timedelta

import psutil

from lockgate.release.model import Lease

LENGTH = timedelta(seconds=60)
"""Time after which another machine may take over from a holder that says nothing more. Long enough for a
slow call to AWS, short enough to wait for."""


def mine(now: datetime, token: str | None = None) -> Lease:
    """A lease for this process, new or renewed.

    Args:
        now: the time.
        token: the token of the lease that is renewed.
    """
    pid = os.getpid()
    host = socket.gethostname()
    return Lease(
        holder=f"{_user()}@{host} pid {pid}",
        host=host,
        pid=pid,
        process_started=_started(pid) or "",
        token=token or secrets.token_hex(8),
        expires_at=now + LENGTH,
    )


def is_free(lease: Lease | None, now: datetime) -> bool:
    """Whether anybody may take the lease: it has run out, or its holder on this machine is dead."""
    if lease is None or now >= lease.expires_at:
        return True
    return lease.host == socket.gethostname() and _started(lease.pid) != lease.process_started


def wants_renewal(lease: Lease, now: datetime) -> bool:
    """Whether less than half of the lease is left."""
    return lease.expires_at - now < LENGTH / 2


def _started(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
