"""The declarations: `platform.yaml` and each service's `service.yaml`."""

from lockgate.config.platform import TOOLING, Environment, Platform, Tooling
from lockgate.config.project import Declared, Project
from lockgate.config.service import Service

__all__ = ["TOOLING", "Declared", "Environment", "Platform", "Project", "Service", "Tooling"]
