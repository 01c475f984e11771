"""The declarations: `platform.yaml` and each service's `service.yaml`."""

from lockgate.config.container_service import ContainerService
from lockgate.config.lambda_service import LambdaService
from lockgate.config.platform import TOOLING, Account, Environment, Platform, Tooling
from lockgate.config.project import Declared, Project
from lockgate.config.service import Service

__all__ = [
    "TOOLING",
    "Account",
    "ContainerService",
    "Declared",
    "Environment",
    "LambdaService",
    "Platform",
    "Project",
    "Service",
    "Tooling",
]
