"""Where CloudWatch has the traffic of a service: behind its alias, or behind its load balancer."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.contract import ContainerContract, LambdaContract, ServiceContract
from lockgate.metrics.lambda_alias import Alias
from lockgate.metrics.load_balancer import LoadBalancer
from lockgate.metrics.measured import Measured


def measured_of(contract: ServiceContract, target_groups: Mapping[str, str] | None = None) -> Measured:
    """What the platform measures of a service.

    Args:
        contract: the service.
        target_groups: of a container, by version; needed for series of one version.

    Raises:
        TypeError: it is of no known kind.
    """
    match contract:
        case LambdaContract():
            return Alias(contract.function_name, contract.alias)
        case ContainerContract():
            return LoadBalancer(contract.load_balancer, dict(target_groups or {}))
    raise TypeError(type(contract))
