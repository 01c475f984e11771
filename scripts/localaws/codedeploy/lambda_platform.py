"""The Lambda platform: one function's alias moves from one published version to another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localaws.codedeploy import outcomes
from localaws.codedeploy.appspec import AppSpecError, read
from localaws.codedeploy.clients import DeployClients
from localaws.codedeploy.model import Deployment
from localaws.codedeploy.platforms import Blocking, Pause
from localaws.codedeploy.traffic import Routing, is_foreign, routing

log = logging.getLogger(__name__)

EVENTS = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
"""Events of the target. The user guide's picture also has Start and End; GetDeploymentTarget of real
deployments lists these three (recorded, docs/fidelity.md)."""

_ATTEMPTS = 3
"""How often an alias is read and moved again when somebody changed it in between."""


@dataclass
class LambdaPlatform:
    """Deployments to Lambda.

    Args:
        clients: calls to the other services.
        blocking: runs such a call in a thread: it is answered by the very server that waits for it.
    """

    clients: DeployClients
    blocking: Blocking
    events: tuple[str, ...] = EVENTS

    async def read(self, deployment: Deployment) -> None:
        """Fills in function, alias, versions and hooks; a rollback has no hooks (recorded)."""
        try:
            spec = read(deployment.content)
        except AppSpecError as error:
            raise outcomes.invalid_configuration(str(error)) from error
        deployment.function, deployment.alias = spec.function, spec.alias
        deployment.current_version, deployment.target_version = spec.current_version, spec.target_version
        deployment.hooks = {} if deployment.undoes else dict(spec.hooks)

    async def check(self, deployment: Deployment) -> None:
        """Compares the AppSpec with the alias and its versions."""
        name = deployment.function
        alias = await self.blocking(self.clients.alias, name, deployment.alias)
        if alias is None:
            raise outcomes.missing_function(
                name, f"function {name} or its alias {deployment.alias} is missing"
            )
        if deployment.undoes:
            return
        problem = misfit(deployment, Routing.of(alias))
        if problem:
            raise problem
        if await self.blocking(self.clients.version, name, deployment.target_version) is None:
            raise outcomes.missing_function(name, f"version {deployment.target_version} is missing")

    async def before(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """Lambda waits for nothing but hooks."""

    async def at(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """An event without a hook has no work."""

    async def finish(self, deployment: Deployment, pause: Pause) -> None:
        """Nothing is left."""

    async def observe(self, deployment: Deployment) -> None:
        """GetDeploymentTarget shows only what the deployment knows itself."""

    async def move(self, deployment: Deployment, percent: float) -> None:
        """Sets the alias, unless somebody else has pointed it to a version that is not the deployment's."""
        wanted = routing(deployment.current_version, deployment.target_version, percent)
        for attempt in range(_ATTEMPTS):
            alias = await self.blocking(self.clients.alias, deployment.function, deployment.alias)
            if alias is None:
                raise outcomes.missing_function(deployment.function, f"alias {deployment.alias} is missing")
            found = Routing.of(alias)
            if found == wanted:
                return
            if is_foreign(found, deployment.current_version, deployment.target_version):
                raise outcomes.invalid_configuration(
                    "The Lambda function alias was changed while traffic was being shifted.", f"it is {found}"
                )
            if await self._set(deployment, alias, wanted, last=attempt == _ATTEMPTS - 1):
                return

    async def _set(self, deployment: Deployment, alias: dict[str, Any], wanted: Routing, last: bool) -> bool:
        move = self.clients.move
        try:
            await self.blocking(move, deployment.function, alias, wanted.version, wanted.extra)
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailedException" and not last:
                return False
            raise refused(deployment, error) from error
        return True


def misfit(deployment: Deployment, found: Routing) -> outcomes.Ended | None:
    """Why an alias cannot be deployed to, if so.

    Sources: public wording for the alias's version and for equal versions (docs/fidelity.md); user guide,
    "Troubleshoot AWS Lambda deployment issues", for an alias that still has weights (words inferred).
    """
    current, target = deployment.current_version, deployment.target_version
    if found.version != current:
        return outcomes.invalid_configuration(
            "The Lambda function alias version does not match the current version in AppSpec file.",
            f"alias {deployment.alias} is on version {found.version}, the AppSpec says {current}",
        )
    if found.extra:
        versions = " and ".join([found.version, *found.extra])
        return outcomes.invalid_configuration(
            f"The Lambda function alias already shifts traffic between versions {versions}."
        )
    if target == current:
        return outcomes.invalid_configuration("", f"current and target version are both {current}")
    return None


def refused(deployment: Deployment, error: ClientError) -> outcomes.Ended:
    """How a deployment ends when Lambda refuses to move the alias (codes: API reference, ErrorInformation;
    which one for which refusal is inferred)."""
    code = error.response["Error"]["Code"]
    if code == "ResourceNotFoundException":
        return outcomes.missing_function(deployment.function, str(error))
    if code in ("AccessDeniedException", "AccessDenied"):
        return outcomes.Ended("IAM_ROLE_PERMISSIONS", str(error))
    if code in ("TooManyRequestsException", "ThrottlingException"):
        return outcomes.Ended("THROTTLED", str(error))
    return outcomes.invalid_configuration(str(error))
