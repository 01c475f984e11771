"""Deployment configurations: the predefined ones, checks of new ones, and the schedule of traffic shifts.

Source: CodeDeploy user guide, "Working with deployment configurations in CodeDeploy".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.wire import ServiceError

PREFIX = "CodeDeployDefault."
MAX_MINUTES = 2880
"""Between the first and the last shift of a Lambda or ECS deployment (user guide, "CodeDeploy quotas")."""


@dataclass(frozen=True)
class Shift:
    """A shift of traffic: `percent` for the target version, `minutes` after the first shift."""

    minutes: int
    percent: float


def schedule(routing: dict[str, Any]) -> list[Shift]:
    """The shifts of a traffic routing configuration; the first is made at once, the last gives 100 %.

    Canary has exactly two, linear equal increments.
    """
    if routing["type"] == "TimeBasedCanary":
        canary = routing["timeBasedCanary"]
        return [Shift(0, canary["canaryPercentage"]), Shift(canary["canaryInterval"], 100)]
    if routing["type"] == "TimeBasedLinear":
        linear = routing["timeBasedLinear"]
        step, every = linear["linearPercentage"], linear["linearInterval"]
        count = -(-100 // step)
        return [Shift(number * every, min(100, (number + 1) * step)) for number in range(count)]
    return [Shift(0, 100)]


def check(name: str, platform: str, routing: dict[str, Any] | None) -> None:
    """Refuses a new configuration that CodeDeploy would not take.

    Raises:
        ServiceError: with the error code of the service model.
    """
    if name.startswith(PREFIX):
        raise ServiceError(
            "InvalidDeploymentConfigNameException", f"The prefix {PREFIX} is reserved for CodeDeploy."
        )
    if platform not in ("Lambda", "ECS"):
        message = f"The compute platform {platform} is not emulated here: Lambda and ECS are."
        raise ServiceError("InvalidComputePlatformException", message)
    wrong = _wrong(routing or {})
    if wrong:
        raise ServiceError("InvalidTrafficRoutingConfigurationException", wrong)


def _wrong(routing: dict[str, Any]) -> str | None:
    kind = routing.get("type")
    if kind == "AllAtOnce":
        return None
    key, prefix = {
        "TimeBasedCanary": ("timeBasedCanary", "canary"),
        "TimeBasedLinear": ("timeBasedLinear", "linear"),
    }.get(str(kind), ("", ""))
    if not key:
        return f"{kind} is not a type of traffic routing."
    percentage = routing.get(key, {}).get(f"{prefix}Percentage", 0)
    interval = routing.get(key, {}).get(f"{prefix}Interval", 0)
    if not 1 <= percentage <= 99:
        return f"{prefix}Percentage must be from 1 to 99."
    if interval < 1 or schedule(routing)[-1].minutes > MAX_MINUTES:
        return f"{prefix}Interval must be at least 1, and the last shift at most {MAX_MINUTES} minutes late."
    return None


def _canary(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }


def _linear(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes},
    }


_ROUTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"LambdaCanary10Percent{n}Minutes": ("Lambda", _canary(10, n)) for n in (5, 10, 15, 30)},
    **{
        f"LambdaLinear10PercentEvery{n}Minute{'s' if n > 1 else ''}": ("Lambda", _linear(10, n))
        for n in (1, 2, 3, 10)
    },
    "LambdaAllAtOnce": ("Lambda", {"type": "AllAtOnce"}),
    **{f"ECSCanary10Percent{n}Minutes": ("ECS", _canary(10, n)) for n in (5, 15)},
    **{f"ECSLinear10PercentEvery{n}Minutes": ("ECS", _linear(10, n)) for n in (1, 3)},
    "ECSAllAtOnce": ("ECS", {"type": "AllAtOnce"}),
}

_HOSTS = {
    "AllAtOnce": {"type": "FLEET_PERCENT", "value": 0},
    "HalfAtATime": {"type": "FLEET_PERCENT", "value": 50},
    "OneAtATime": {"type": "HOST_COUNT", "value": 1},
}

PREDEFINED: dict[str, dict[str, Any]] = {
    **{
        f"{PREFIX}{name}": {
            "deploymentConfigId": f"00000000-0000-0000-0000-{number:012}",
            "deploymentConfigName": f"{PREFIX}{name}",
            "computePlatform": platform,
            "trafficRoutingConfig": routing,
        }
        for number, (name, (platform, routing)) in enumerate(_ROUTINGS.items())
    },
    **{
        f"{PREFIX}{name}": {
            "deploymentConfigId": f"00000000-0000-0000-0001-{number:012}",
            "deploymentConfigName": f"{PREFIX}{name}",
            "computePlatform": "Server",
            "minimumHealthyHosts": hosts,
        }
        for number, (name, hosts) in enumerate(_HOSTS.items())
    },
}
