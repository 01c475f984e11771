"""Reading an AppSpec for ECS (user guide, "AppSpec 'resources' section for Amazon ECS deployments" and
"AppSpec 'hooks' section for an Amazon ECS deployment")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localaws.codedeploy.appspec import AppSpecError, hooks_of, load, lower, properties_of, require

HOOKABLE = (
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)

_NETWORK = {"subnets": "subnets", "securitygroups": "securityGroups", "assignpublicip": "assignPublicIp"}
_STRATEGY = {"base": "base", "capacityprovider": "capacityProvider", "weight": "weight"}


@dataclass(frozen=True)
class EcsAppSpec:
    """What an AppSpec says.

    Attributes:
        options: further members of CreateTaskSet: `platformVersion`, `networkConfiguration`,
            `capacityProviderStrategy`.
        hooks: functions by event.
    """

    definition: str
    container: str
    port: int
    options: dict[str, Any] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)


def read(content: str) -> EcsAppSpec:
    """Reads an AppSpec.

    Raises:
        AppSpecError: it cannot be used.
    """
    fields = load(content)
    properties = properties_of(fields, "AWS::ECS::Service")
    require(properties, ("TaskDefinition", "LoadBalancerInfo"))
    balancer = _mapping(properties["loadbalancerinfo"], "LoadBalancerInfo")
    require(balancer, ("ContainerName", "ContainerPort"))
    if not str(balancer["containerport"]).isdigit():
        raise AppSpecError(f"ContainerPort must be a number, not {balancer['containerport']}.")
    return EcsAppSpec(
        definition=str(properties["taskdefinition"]),
        container=str(balancer["containername"]),
        port=int(balancer["containerport"]),
        options=_options(properties),
        hooks=hooks_of(fields, HOOKABLE, "ECS"),
    )


def _options(properties: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if properties.get("platformversion"):
        options["platformVersion"] = str(properties["platformversion"])
    if properties.get("networkconfiguration"):
        network = _mapping(properties["networkconfiguration"], "NetworkConfiguration")
        vpc = _mapping(network.get("awsvpcconfiguration"), "AwsvpcConfiguration")
        options["networkConfiguration"] = {
            "awsvpcConfiguration": _renamed(vpc, _NETWORK, "AwsvpcConfiguration")
        }
    if properties.get("capacityproviderstrategy"):
        entries = properties["capacityproviderstrategy"]
        if not isinstance(entries, list):
            raise AppSpecError("CapacityProviderStrategy of the AppSpec file must be a list.")
        name = "CapacityProviderStrategy"
        options["capacityProviderStrategy"] = [
            _renamed(_mapping(one, name), _STRATEGY, name) for one in entries
        ]
    return options


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AppSpecError(f"{name} of the AppSpec file must be a mapping.")
    return lower(value)


def _renamed(given: dict[str, Any], names: dict[str, str], where: str) -> dict[str, Any]:
    unknown = given.keys() - names.keys()
    if unknown:
        raise AppSpecError(f"{where} of the AppSpec file has no {', '.join(sorted(unknown))}.")
    return {names[name]: value for name, value in given.items()}
