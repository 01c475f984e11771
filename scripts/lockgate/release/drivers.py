"""The traffic driver of a service, by what it runs on."""

from __future__ import annotations

from datetime import datetime

from lockgate.aws import Aws
from lockgate.contract import ContainerContract, LambdaContract, ServiceContract
from lockgate.release.codedeploy_ecs import EcsDriver
from lockgate.release.codedeploy_lambda import LambdaDriver
from lockgate.release.driver import TrafficDriver


def driver_of(
    aws: Aws, contract: ServiceContract, release_id: str, since: datetime, *, ignore_alarms: bool = False
) -> TrafficDriver:
    """The driver of a service for one release.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        release_id: marks the deployments, so that they are found again.
        since: when the release was created.
        ignore_alarms: whether a red alarm may not stop the deployment.

    Raises:
        TypeError: the service is of no known kind.
    """
    match contract:
        case LambdaContract():
            return LambdaDriver(aws, contract, release_id, since, ignore_alarms)
        case ContainerContract():
            return EcsDriver(aws, contract, release_id, since, ignore_alarms)
    raise TypeError(type(contract))
