"""Which load balancer and listener a request is for.

A listener has two addresses on the embedded AWS. The one of AWS is the load balancer's DNS name with the
listener's port, which has to come in the Host header, since nothing resolves that name:
`curl -H "Host: <DNS name>:<port>" http://127.0.0.1:4566/path`. The other works as it is:
`curl http://127.0.0.1:4566/_alb/<DNS name>:<port>/path`. Without a port it is 80's listener, and in the
second form the load balancer's name does, where only one account and region has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str, str]
"""Account, region and ARN."""


@dataclass(frozen=True)
class Found:
    """A load balancer.

    Attributes:
        record: as MiniStack keeps it.
        port: that the request was for; None where it named none.
    """

    account: str
    region: str
    record: dict[str, Any]
    port: int | None


def find(host: str, balancers: Iterable[tuple[Key, dict[str, Any]]]) -> Found | None:
    """The load balancer of a host with or without port, in whichever account and region it is."""
    name, _, port = host.partition(":")
    name = name.lower()
    found = [(key, record) for key, record in balancers if name in _names(record)]
    exact = [(key, record) for key, record in found if record["DNSName"].lower() == name]
    chosen = exact or found
    if len(chosen) != 1:
        return None
    (account, region, _arn), record = chosen[0]
    return Found(account, region, record, int(port) if port.isdigit() else None)


def _names(record: Mapping[str, Any]) -> tuple[str, ...]:
    name = record["LoadBalancerName"].lower()
    return record["DNSName"].lower(), name, f"{name}.alb.localhost"


def full_name(arn: str, kind: str) -> str:
    """What CloudWatch has in a dimension: the end of an ARN after `loadbalancer/`, or from `targetgroup/`
    (Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load Balancer")."""
    tail = arn.partition(f":{kind}/")[2]
    return tail if kind == "loadbalancer" else f"{kind}/{tail}"
