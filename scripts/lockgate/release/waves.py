"""The order of services in a release: a service comes after its hook and after what it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from lockgate.config import Service
from lockgate.errors import UsageError


def waves(services: Mapping[str, Service]) -> dict[str, int]:
    """Number of each service's wave, from 0. What a service needs and is not in `services` does not count.

    Raises:
        UsageError: services depend on each other in a circle.
    """
    sorter = TopologicalSorter(
        {
            name: {needed for names in service.references.values() for needed in names} & services.keys()
            for name, service in services.items()
        }
    )
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise UsageError(
            f"services depend on each other in a circle: {circle}",
            hint="Remove one of these from depends_on or hook in a service.yaml.",
        ) from error
    found: dict[str, int] = {}
    number = 0
    while sorter.is_active():
        ready = sorter.get_ready()
        found.update(dict.fromkeys(ready, number))
        sorter.done(*ready)
        number += 1
    return found
