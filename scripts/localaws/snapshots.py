"""Saving state while the server runs, so that a kill -9 loses seconds and not the day."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from localaws.service import Part

log = logging.getLogger(__name__)

Content = Callable[[], bytes]
"""Gives a state file's content; empty when there is nothing to save."""

_ATTEMPTS = 5


class Snapshots:
    """Writes every service's state to its own file, in one step, and only when it has changed.

    Args:
        folder: where the files are.
        services: services of our own, saved as `localaws-<name>.json`.
        writers: gives, for each other state file, the function that renders it.
    """

    def __init__(
        self, folder: Path, services: Sequence[Part], writers: Callable[[], Mapping[str, Content]]
    ) -> None:
        self._folder = folder
        self._services = services
        self._writers = writers
        self._written: dict[str, bytes] = {}
        self._dirty = False
        self._saving = asyncio.Lock()

    def touch(self) -> None:
        """Says that something may have changed."""
        self._dirty = True

    def restore(self) -> None:
        """Gives each service of our own what was saved last."""
        for service in self._services:
            path = self._path(_file_key(service))
            if path.exists():
                service.restore(json.loads(path.read_bytes()))

    async def run(self, seconds: float) -> None:
        """Saves every `seconds` when something may have changed, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            if self._dirty:
                await self.save()

    async def save(self) -> None:
        """Saves now. A service that cannot be saved is logged, and does not stop the others.

        Our own services are seen first and written last: whoever dies in between leaves a CodeDeploy that
        knows less than the aliases show, and shifts again, and not one that believes in a shift which is
        nowhere.
        """
        async with self._saving:
            self._dirty = False
            own = {_file_key(service): service.snapshot() for service in self._services}
            for key, content in self._writers().items():
                await asyncio.to_thread(self._save, key, content)
            for key, state in own.items():
                await asyncio.to_thread(self._save, key, partial(_json, state))

    def _save(self, key: str, content: Content) -> None:
        try:
            data = _render(content)
        except Exception:
            log.exception("the state of %s was not saved", key)
            return
        digest = hashlib.sha256(data).digest()
        if data and self._written.get(key) != digest:
            _replace(self._path(key), data)
            self._written[key] = digest

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _file_key(service: Part) -> str:
    return f"localaws-{service.name}"


def _json(state: Any) -> bytes:
    return json.dumps(state).encode()


def _render(content: Content) -> bytes:
    """Requests go on meanwhile: a store that changes while it is copied is copied again."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(RuntimeError):
            return content()
    return content()


def _replace(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
