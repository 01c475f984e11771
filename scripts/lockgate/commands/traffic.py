"""`lockgate traffic`: a bounded load generator that sends what callers would, where callers would."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from types import TracebackType
from typing import Any

import click
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.httpsession import URLLib3Session

from lockgate.aws import Aws
from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, service_option
from lockgate.contract import ContainerContract, LambdaContract, ServiceContract
from lockgate.errors import RefusedError
from lockgate.report import words

DEFAULT_RATE = 20.0
"""Requests a second and service: enough that a canary of 10 % gets two of them."""

_WORKERS = 4


@dataclass
class Load:
    """Sends services' smoke events, and containers plain requests, at a steady rate from threads, while open.

    Args:
        opened: the environment.
        contracts: the services; functions without smoke events are left out.
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
        """A load for the named services that are provisioned and have something to be sent."""
        known = opened.contract.services
        found = (known[name] for name in names if name in known)
        return cls(opened, [one for one in found if isinstance(one, ContainerContract) or one.smoke], rate)

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
        send = _sender(self.opened.aws, contract)
        gap = _WORKERS / self.rate
        next_at = time.monotonic() + gap * number / _WORKERS
        while not self._stop.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + gap, time.monotonic() - gap)
            self.counts[(contract.service, *send())] += 1


def _sender(aws: Aws, contract: ServiceContract) -> Callable[[], tuple[str, str]]:
    """Sends one request when called; gives the version that answered, and how.

    Raises:
        TypeError: the service is of no known kind.
    """
    match contract:
        case LambdaContract():
            return _invoker(aws, contract)
        case ContainerContract():
            return _getter(contract)
    raise TypeError(type(contract))


def _invoker(aws: Aws, contract: LambdaContract) -> Callable[[], tuple[str, str]]:
    client = aws.lambda_
    payloads = cycle([json.dumps(smoke["event"]).encode() for smoke in contract.smoke])

    def send() -> tuple[str, str]:
        try:
            answer: Any = client.invoke(
                FunctionName=contract.function_name, Qualifier=contract.alias, Payload=next(payloads)
            )
            answer["Payload"].read()
        except (BotoCoreError, ClientError):
            return "?", "unreachable"
        return answer.get("ExecutedVersion", "?"), "failed" if answer.get("FunctionError") else "answered"

    return send


def _getter(contract: ContainerContract) -> Callable[[], tuple[str, str]]:
    """A load balancer does not say which version answered."""
    http = URLLib3Session(timeout=10)
    request = AWSRequest("GET", f"{contract.url.rstrip('/')}/").prepare()

    def send() -> tuple[str, str]:
        try:
            answer = http.send(request)
        except HTTPClientError:
            return "?", "unreachable"
        return "?", "failed" if answer.status_code >= 500 else "answered"

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
        what = f"{service} {words.short(version)}" if version else service
        console().print(f"{what}: {count} {outcome}")
