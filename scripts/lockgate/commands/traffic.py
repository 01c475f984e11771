"""`lockgate traffic`: a bounded load generator that sends smoke events through the alias."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, service_option
from lockgate.contract import ServiceContract
from lockgate.errors import RefusedError

DEFAULT_RATE = 20.0
"""Requests a second and service: enough that a canary of 10 % gets two of them."""

_WORKERS = 4


@dataclass
class Load:
    """Sends one service's smoke events at a steady rate from a few threads, while open.

    Args:
        opened: the environment.
        contracts: the services; those without smoke events are left out.
        rate: requests a second, for each service.
    """

    opened: Opened
    contracts: list[ServiceContract]
    rate: float = DEFAULT_RATE
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def of(cls, opened: Opened, names: list[str], rate: float = DEFAULT_RATE) -> Load:
        """A load for the named services that are provisioned and have smoke events."""
        known = opened.contract.services
        return cls(opened, [known[name] for name in names if name in known and known[name].smoke], rate)

    def __enter__(self) -> Load:
        for contract in self.contracts:
            for number in range(_WORKERS):
                work = threading.Thread(
                    target=self._work,
                    args=(contract, number),
                    name=f"traffic-{contract.service}-{number}",
                    daemon=True,
                )
                work.start()
                self._threads.append(work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=2)

    def _work(self, contract: ServiceContract, number: int) -> None:
        send = self._sender(contract)
        gap = _WORKERS / self.rate
        next_at = time.monotonic() + gap * number / _WORKERS
        while not self._stop.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + gap, time.monotonic() - gap)
            self.counts[(contract.service, *send())] += 1

    def _sender(self, contract: ServiceContract) -> Callable[[], tuple[str, str]]:
        client = self.opened.aws.lambda_
        payloads = [json.dumps(smoke["event"]).encode() for smoke in contract.smoke]
        position = iter(range(10**12))

        def send() -> tuple[str, str]:
            try:
                answer: Any = client.invoke(
                    FunctionName=contract.function_name,
                    Qualifier=contract.alias,
                    Payload=payloads[next(position) % len(payloads)],
                )
                answer["Payload"].read()
            except (BotoCoreError, ClientError):
                return "?", "unreachable"
            return answer.get("ExecutedVersion", "?"), "failed" if answer.get("FunctionError") else "answered"

        return send


@click.command()
@opens
@service_option
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 500),
    default=DEFAULT_RATE,
    show_default=True,
    help="Requests a second.",
)
@click.option("--seconds", type=click.IntRange(1, 3600), default=60, show_default=True, help="For how long.")
def traffic(opened: Opened, services: tuple[str, ...], rate: float, seconds: int) -> None:
    """Send each service's smoke events through its alias; only to an embedded AWS."""
    if not opened.environment.is_embedded:
        raise RefusedError(
            f"{opened.name} is a real account: synthetic traffic belongs to an embedded AWS",
            hint="Use ENV=local, or a load tester that you have agreed on with the service's owner.",
        )
    names = list(opened.project.services(opened.name, services))
    opened.checked()
    with Load.of(opened, names, rate) as load:
        if not load.contracts:
            raise RefusedError(
                f"none of {', '.join(names)} has smoke events", hint="Add `smoke:` to a service.yaml."
            )
        time.sleep(seconds)
    for (service, version, outcome), count in sorted(load.counts.items()):
        console().print(f"{service} v{version}: {count} {outcome}")
