"""Which version an alias runs ("Implement Lambda canary deployments using a weighted alias", AWS Lambda
Developer Guide): each invocation by itself, with the probability of the version's weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.wire import ServiceError

LATEST = "$LATEST"

Record = Mapping[str, Any]
"""A function as MiniStack keeps it: `versions` by number, each with its `config`."""


def weights(alias: Mapping[str, Any]) -> dict[str, float]:
    """Additional versions of an alias and their shares, from CreateAlias' and UpdateAlias' RoutingConfig."""
    routing = alias.get("RoutingConfig") or {}
    return dict(routing.get("AdditionalVersionWeights") or {})


def choose_version(alias: Mapping[str, Any], draw: float) -> str:
    """The version that one invocation of an alias runs.

    Args:
        alias: as GetAlias answers it.
        draw: a random number from 0 up to, but not including, 1.
    """
    for version, weight in weights(alias).items():
        if draw < weight:
            return version
        draw -= weight
    main: str = alias.get("FunctionVersion", LATEST)
    return main


def check_alias(function: Record, arn: str, alias: Mapping[str, Any]) -> None:
    """Refuses an alias that Lambda would refuse.

    Rules: AliasRoutingConfiguration (Lambda API reference) and the developer guide's chapter on weighted
    aliases: at most two versions, both published, with the same execution role and dead-letter queue.
    The codes are Lambda's; the words are ours.

    Args:
        arn: unqualified ARN of the function.
        alias: main version and routing as they would become.

    Raises:
        ServiceError: ResourceNotFoundException or InvalidParameterValueException.
    """
    main = alias.get("FunctionVersion", LATEST)
    extra = weights(alias)
    for version in (main, *extra):
        if version != LATEST and version not in function["versions"]:
            raise ServiceError("ResourceNotFoundException", f"Function not found: {arn}:{version}", 404)
    if problem := _routing_problem(function, main, extra):
        raise ServiceError("InvalidParameterValueException", problem)


def _routing_problem(function: Record, main: str, extra: Mapping[str, float]) -> str | None:
    if not extra:
        return None
    if len(extra) > 1:
        return "An alias can point to at most two versions: AdditionalVersionWeights takes one."
    if LATEST in (main, *extra):
        return "$LATEST is not supported for an alias pointing to more than 1 version."
    ((version, weight),) = extra.items()
    if version == main:
        return f"Version {version} is the alias's main version already and cannot have a weight, too."
    if not 0.0 <= weight <= 1.0:
        return f"The weight of version {version} must be from 0.0 to 1.0, not {weight}."
    one, other = (function["versions"][name]["config"] for name in (main, version))
    for key, what in (("Role", "execution role"), ("DeadLetterConfig", "dead-letter queue")):
        if (one.get(key) or None) != (other.get(key) or None):
            return f"Versions {main} and {version} of one alias must have the same {what}."
    return None
