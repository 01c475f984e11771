"""The declarations: `platform.yaml` and each service's `service.yaml`."""

from lockgate.config.platform import Environment, Platform
from lockgate.config.project import Declared, Project
from lockgate.config.service import Service

__all__ = ["Declared", "Environment", "Platform", "Project", "Service"]
