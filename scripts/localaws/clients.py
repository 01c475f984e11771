"""A service as a client of the others, on the same endpoint and in the caller's account."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader


@dataclass
class Clients:
    """Clients of one account and region; safe to use from several threads.

    Args:
        endpoint: URL of the server.
        account: 12-digit account id, which is the access key here.
        region: name of the region.
    """

    endpoint: str
    account: str
    region: str
    _made: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A client, made once."""
        with self._lock:
            if service not in self._made:
                core = botocore.session.Session()
                core.register_component("data_loader", _loader())
                session = boto3.Session(self.account, "local", region_name=self.region, botocore_session=core)
                make: Any = session.client
                config = Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=60)
                self._made[service] = make(service, endpoint_url=self.endpoint, config=config)
            return self._made[service]


@cache
def _loader() -> Loader:
    """The service models, read once for all accounts: they are the greater part of a client."""
    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader
