"""A service as a client of the others, on the same endpoint and in the caller's account."""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

ROOT_SECRET = "local"
"""What an account's own key signs with."""

Credentials = tuple[str, str, str | None]
"""Access key, secret key, session token."""

SessionOf = Callable[[str], Credentials]
"""Gives credentials of a role by its ARN, for some time longer than they are kept here."""

KEPT_SECONDS = 1800
"""How long a client of a role is used before another one is made."""

_acting: contextvars.ContextVar[str | None] = contextvars.ContextVar("acting", default=None)


@contextlib.contextmanager
def acting_as(role_arn: str) -> Iterator[None]:
    """Lets calls be made under a role, as an AWS service makes them, where the server enforces IAM.

    Args:
        role_arn: the service role, which trusts the service.
    """
    token = _acting.set(role_arn or None)
    try:
        yield
    finally:
        _acting.reset(token)


@dataclass
class Clients:
    """Clients of one account and region; safe to use from several threads.

    Args:
        endpoint: URL of the server.
        account: 12-digit account id, which is the access key here.
        region: name of the region.
        session_of: gives credentials of a role; None where nothing is enforced: the account does all.
    """

    endpoint: str
    account: str
    region: str
    session_of: SessionOf | None = None
    _made: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A client, made once for each role that is acted under."""
        return self._client(service, _acting.get() if self.session_of else None)

    def own(self, service: str) -> Any:
        """A client for what AWS finds out by itself, without permission of the role that is acted under."""
        return self._client(service, None)

    def _client(self, service: str, role: str | None) -> Any:
        key = f"{role} {int(time.time() // KEPT_SECONDS)} {service}" if role else service
        with self._lock:
            if key not in self._made:
                core = botocore.session.Session()
                core.register_component("data_loader", _loader())
                access_key, secret_key, token = self._credentials(role)
                session = boto3.Session(
                    access_key, secret_key, token, region_name=self.region, botocore_session=core
                )
                make: Any = session.client
                config = Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=60)
                self._made[key] = make(service, endpoint_url=self.endpoint, config=config)
            return self._made[key]

    def credentials(self) -> Credentials:
        """What calls are signed with: the role that is acted under, or the account's own key."""
        return self._credentials(_acting.get())

    def _credentials(self, role_arn: str | None) -> Credentials:
        if role_arn and self.session_of:
            return self.session_of(role_arn)
        return self.account, ROOT_SECRET, None


@cache
def _loader() -> Loader:
    """The service models, read once for all accounts: they are the greater part of a client."""
    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader
