"""Which secrets an environment's services have, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lockgate.aws import Aws
from lockgate.config import Service
from lockgate.config.secrets import Store, variable_of
from lockgate.contract import Contract, SecretContract
from lockgate.secrets.stores import Known, look


@dataclass(frozen=True)
class Listed:
    """A secret, as `secrets list` shows it.

    Attributes:
        id: what its store calls it; None where Terraform has not been applied for it.
        variable: environment variable of the service.
        known: what the store says; None where there is none yet.
    """

    service: str
    name: str
    store: Store
    variable: str
    id: str | None = None
    known: Known | None = None

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        known = self.known or Known(exists=False, has_value=False)
        return {
            "service": self.service,
            "name": self.name,
            "store": self.store,
            "id": self.id,
            "variable": self.variable,
            "provisioned": self.id is not None,
            "has_value": known.has_value,
            "changed": known.changed.isoformat() if known.changed else None,
            "rotation": known.rotation,
        }


def listed(aws: Aws, contract: Contract, services: Mapping[str, Service]) -> Iterator[Listed]:
    """Every secret that is declared or provisioned, by service and name.

    Raises:
        ClientError: a store does not say.
    """
    for service, declared in sorted(services.items()):
        provisioned = provisioned_of(contract, service)
        for name in sorted({*declared.secrets, *provisioned}):
            if name in provisioned:
                one = provisioned[name]
                yield Listed(service, name, one.store, one.variable, one.id, look(aws, one))
            else:
                wanted = declared.secrets[name]
                yield Listed(service, name, wanted.store, variable_of(name, wanted))


def provisioned_of(contract: Contract, service: str) -> dict[str, SecretContract]:
    """Secrets that Terraform has provisioned for a service, by name; none where it knows no such service."""
    found = contract.services.get(service)
    return {secret.name: secret for secret in found.secrets} if found else {}
