"""Old versions of Lambda functions.

Lambda keeps every version that was ever published, each with a copy of its code, until somebody deletes it or
the account's code storage is full (75 GB in a region; Lambda developer guide, "Lambda quotas").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lockgate.aws import Aws
from lockgate.contract import LambdaContract
from lockgate.prune.guards import Guards, carry_out, look, plan
from lockgate.prune.plan import Done, Item, Plan
from lockgate.release.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

KIND = "versions"
LATEST = "$LATEST"


@dataclass(frozen=True)
class Versions:
    """The published versions of one service's function.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        ledger: what was released.
    """

    aws: Aws
    contract: LambdaContract
    ledger: Ledger

    def plan(self, now: datetime, age: timedelta) -> Plan:
        """What would be deleted. Writes nothing."""
        items = tuple(
            Item(found["Version"], datetime.strptime(found["LastModified"], "%Y-%m-%dT%H:%M:%S.%f%z"))
            for found in self.published
        )
        return plan(self.contract.service, KIND, items, self._guards(), now - age)

    @cached_property
    def published(self) -> list[FunctionConfigurationTypeDef]:
        """What was published when this was first asked, without `$LATEST`."""
        pages = self.aws.lambda_.get_paginator("list_versions_by_function").paginate(
            FunctionName=self.contract.function_name
        )
        return [found for page in pages for found in page["Versions"] if found["Version"] != LATEST]

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes, as far as nothing has come into use."""
        return carry_out(planned, self._guards, self._delete)

    def _delete(self, version: str) -> Done:
        # Without a qualifier the whole function would go.
        assert version.isdecimal()
        errors = self.aws.lambda_.exceptions
        try:
            self.aws.lambda_.delete_function(FunctionName=self.contract.function_name, Qualifier=version)
        except errors.ResourceConflictException as error:
            return Done(version, f"Lambda refuses: {error.response['Error'].get('Message')}")
        except errors.ResourceNotFoundException:
            pass
        return Done(version)

    def _guards(self) -> Guards:
        return look(self.aws, self.contract, self.ledger, self._aliased)

    def _aliased(self) -> frozenset[str]:
        pages = self.aws.lambda_.get_paginator("list_aliases").paginate(
            FunctionName=self.contract.function_name
        )
        return frozenset(version for page in pages for alias in page["Aliases"] for version in _named(alias))


def _named(alias: Any) -> Iterator[str]:
    yield alias["FunctionVersion"]
    yield from (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
