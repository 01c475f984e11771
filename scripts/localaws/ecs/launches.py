"""From a task definition to what a task runner starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localaws.tasks.runner import Container, Launch

Secret = Callable[[str], str]
"""The value of a secret or parameter, by the `valueFrom` of a container definition."""


def problem(definition: Mapping[str, Any], load_balancers: Sequence[Mapping[str, Any]]) -> str | None:
    """Why a task definition does not fit the load balancers of a service, in ECS's words (recorded)."""
    containers = {one["name"]: one for one in definition["containerDefinitions"]}
    for balancer in load_balancers:
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            return f"The container {name} does not exist in the task definition."
        mapped = [mapping.get("containerPort") for mapping in containers[name].get("portMappings") or []]
        if port not in mapped:
            return f"The container {name} did not have a container port {port} defined."
    return None


def launch(
    task_id: str, definition: Mapping[str, Any], load_balancers: Sequence[Mapping[str, Any]], secret: Secret
) -> Launch:
    """A task as a runner takes it: the container behind the load balancer comes first, and has the ports.

    Args:
        secret: reads a secret; what it raises goes on to the caller.
    """
    served = [balancer["containerName"] for balancer in load_balancers]
    definitions = sorted(definition["containerDefinitions"], key=lambda one: one["name"] not in served)
    containers = tuple(_container(one, secret) for one in definitions)
    ports = tuple(sorted({balancer["containerPort"] for balancer in load_balancers}))
    return Launch(task_id, containers, ports)


def _container(definition: Mapping[str, Any], secret: Secret) -> Container:
    plain = [(one["name"], one.get("value", "")) for one in definition.get("environment") or []]
    secrets = [(one["name"], secret(one["valueFrom"])) for one in definition.get("secrets") or []]
    return Container(
        name=definition["name"],
        image=definition["image"],
        environment=tuple(sorted({**dict(plain), **dict(secrets)}.items())),
        command=tuple(definition.get("command") or ()),
        entry_point=tuple(definition.get("entryPoint") or ()),
        essential=definition.get("essential", True),
    )
