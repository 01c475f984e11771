"""What an operation works with, and what several of them need."""

from __future__ import annotations

import base64
import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from localaws.codedeploy.configs import PREDEFINED
from localaws.codedeploy.engine import Engine
from localaws.codedeploy.model import Deployment, Region
from localaws.wire import ServiceError

Params = dict[str, Any]

PAGE = 100
"""Entries of a list in one answer (API reference, ListDeployments)."""


@dataclass(frozen=True)
class Context:
    """The account and region that ask.

    Args:
        account: 12-digit account id.
        region_name: name of the region.
        region: its records.
        engine: runs its deployments.
        now: seconds since the epoch.
        content: text of the revision, where the request names one in S3.
    """

    account: str
    region_name: str
    region: Region
    engine: Engine
    now: float
    content: str | None = None

    def application(self, name: str) -> dict[str, Any]:
        """An application.

        Raises:
            ServiceError: there is none of that name.
        """
        if name not in self.region.applications:
            raise ServiceError("ApplicationDoesNotExistException", f"No application found for name: {name}")
        return self.region.applications[name]

    def group(self, application: str, name: str) -> dict[str, Any]:
        """A deployment group.

        Raises:
            ServiceError: there is none of that name, or no such application.
        """
        self.application(application)
        found = self.region.groups.get(f"{application}/{name}")
        if found is None:
            raise ServiceError(
                "DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}"
            )
        return found

    def config(self, name: str) -> dict[str, Any]:
        """A deployment configuration, predefined or not.

        Raises:
            ServiceError: there is none of that name.
        """
        found = PREDEFINED.get(name) or self.region.configs.get(name)
        if found is None:
            raise ServiceError(
                "DeploymentConfigDoesNotExistException", f"No Deployment Config found for name: {name}"
            )
        return found

    def deployment(self, deployment_id: str) -> Deployment:
        """A deployment.

        Raises:
            ServiceError: there is none of that id.
        """
        found = self.region.deployments.get(deployment_id)
        if found is None:
            raise ServiceError(
                "DeploymentDoesNotExistException", f"The deployment {deployment_id} could not be found"
            )
        return found

    def revision(self, params: Params) -> dict[str, Any] | None:
        """The revision that CreateDeployment asks for: the last successful one where it names none."""
        named: dict[str, Any] | None = params.get("revision")
        if named:
            return named
        group = self.region.groups.get(f"{params['applicationName']}/{params.get('deploymentGroupName')}", {})
        last: dict[str, Any] | None = group.get("targetRevision")
        return last

    def with_content(self, content: str | None) -> Context:
        """The same with the text of the revision."""
        return replace(self, content=content)

    def arn(self, kind: str, name: str) -> str:
        """ARN of an application or a deployment group."""
        return f"arn:aws:codedeploy:{self.region_name}:{self.account}:{kind}:{name}"


Operation = Callable[[Context, Params], Params]


def time(seconds: float | None) -> datetime | None:
    """A time as the wire has it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def without_none(data: dict[str, Any]) -> dict[str, Any]:
    """Members that have a value: AWS leaves out the others."""
    return {name: value for name, value in data.items() if value is not None}


def page(names: Sequence[str], token: str | None, key: str, *, in_order: bool = True) -> Params:
    """One page of a list, with the token of the next one: the last name that was given.

    Args:
        names: the whole list.
        token: `nextToken` of the request.
        key: member of the answer that has the names.
        in_order: whether the names are sorted: then a page goes on although its last name is gone.

    Raises:
        ServiceError: the token is none that a page has given.
    """
    start = 0 if token is None else _after(names, token, in_order)
    answer: Params = {key: list(names[start : start + PAGE])}
    if start + PAGE < len(names):
        answer["nextToken"] = base64.urlsafe_b64encode(names[start + PAGE - 1].encode()).decode()
    return answer


def _after(names: Sequence[str], token: str, in_order: bool) -> int:
    try:
        last = base64.urlsafe_b64decode(token.encode()).decode()
        return bisect.bisect_right(names, last) if in_order else names.index(last) + 1
    except ValueError:
        raise ServiceError("InvalidNextTokenException", f"The next token {token} is invalid") from None
