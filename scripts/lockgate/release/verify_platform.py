"""What is looked at before a release on one compute platform only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.contract import ContainerContract, LambdaContract, ServiceContract
from lockgate.errors import LockgateError
from lockgate.metrics.load_balancer import dimension_of
from lockgate.release.codedeploy import running_deployments
from lockgate.release.ecs_service import EcsService
from lockgate.release.findings import Finding, Level

_HOOK = "CodeDeployHook_"
"""Start of the name of a function that CodeDeploy calls itself, by that name and through no alias (CodeDeploy
user guide, "AppSpec 'hooks' section for an AWS Lambda deployment")."""


class PlatformChecks(Protocol):
    """What differs between Lambda and ECS."""

    @property
    def measured(self) -> list[dict[str, str]]:
        """Dimensions of metrics that see the service's traffic: an alarm on others never goes red."""

    def serving(self) -> Finding:
        """Whether something serves that a deployment can start from."""


def checks_of(aws: Aws, contract: ServiceContract, apply_hint: str) -> PlatformChecks:
    """The checks for a service.

    Raises:
        TypeError: it is of no known kind.
    """
    match contract:
        case LambdaContract():
            return _LambdaChecks(aws, contract, apply_hint)
        case ContainerContract():
            return _EcsChecks(aws, contract, apply_hint)
    raise TypeError(type(contract))


@dataclass(frozen=True)
class _LambdaChecks:
    aws: Aws
    contract: LambdaContract
    apply_hint: str

    @property
    def measured(self) -> list[dict[str, str]]:
        function = self.contract.function_name
        if function.startswith(_HOOK):
            return [{"FunctionName": function}]
        return [{"FunctionName": function, "Resource": f"{function}:{self.contract.alias}"}]

    def serving(self) -> Finding:
        """Whether the alias serves one version, or is in the middle of a deployment."""
        name = f"{self.contract.function_name}:{self.contract.alias}"
        try:
            alias = self.aws.lambda_.get_alias(
                FunctionName=self.contract.function_name, Name=self.contract.alias
            )
        except ClientError as error:
            return self._problem("alias", f"{name}: {error}", self.apply_hint)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        if not weights:
            return self._ok("alias", f"{name} serves version {alias['FunctionVersion']}")
        if running_deployments(self.aws, self.contract):
            return self._ok("alias", f"{name} is in the middle of a deployment")
        others = ", ".join(weights)
        return self._problem(
            "alias",
            f"{name} was left with two versions: {alias['FunctionVersion']} and {others}. Every deployment "
            "fails until that is cleared",
            f"aws lambda update-alias --function-name {self.contract.function_name} --name "
            f"{self.contract.alias} --routing-config 'AdditionalVersionWeights={{}}' --revision-id "
            f"{alias['RevisionId']}",
        )

    def _ok(self, check: str, detail: str) -> Finding:
        return Finding(self.contract.service, check, Level.OK, detail)

    def _problem(self, check: str, detail: str, hint: str) -> Finding:
        return Finding(self.contract.service, check, Level.PROBLEM, detail, hint)


@dataclass(frozen=True)
class _EcsChecks:
    aws: Aws
    contract: ContainerContract
    apply_hint: str

    @property
    def measured(self) -> list[dict[str, str]]:
        balancer = {"LoadBalancer": self.contract.load_balancer}
        groups = map(dimension_of, self.contract.target_groups)
        return [balancer, *({**balancer, "TargetGroup": group} for group in groups)]

    def serving(self) -> Finding:
        """Whether the listener sends everything to one version, or is in the middle of a deployment."""
        name, service = f"{self.contract.cluster}/{self.contract.ecs_service}", self.contract.service
        try:
            state = EcsService(self.aws, self.contract).state()
        except (ClientError, LockgateError) as error:
            return Finding(service, "ECS service", Level.PROBLEM, f"{name}: {error}", self.apply_hint)
        if len(state.weights) == 1:
            return Finding(service, "ECS service", Level.OK, f"{name} serves version {state.version}")
        if running_deployments(self.aws, self.contract):
            return Finding(service, "ECS service", Level.OK, f"{name} is in the middle of a deployment")
        shares = ", ".join(f"{version} {100 * share:.0f} %" for version, share in state.weights.items())
        return Finding(
            service,
            "ECS service",
            Level.PROBLEM,
            f"{name} was left with two versions: {shares}",
            f"Give listener {self.contract.listener_arn} back to one target group (aws elbv2 "
            "modify-listener), then run it again.",
        )
