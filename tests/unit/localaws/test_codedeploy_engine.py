"""The engine with services in memory that fail in ways which a real server hardly can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from localaws.clock import Clock
from localaws.codedeploy.configs import PREDEFINED
from localaws.codedeploy.engine import Engine
from localaws.codedeploy.model import Deployment, Event, Region

ROLE = "arn:aws:iam::111111111111:role/codedeploy"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
EVERY_EVENT = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]


def failure(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


@dataclass
class Fakes:
    """Lambda, CloudWatch and IAM as CodeDeploy sees them.

    Attributes:
        failing: errors to raise, by method; each is raised once for each of its entries.
    """

    account: str = "111111111111"
    region: str = "eu-west-1"
    version: str = "1"
    weights: dict[str, float] = field(default_factory=dict)
    revision: int = 0
    moves: list[tuple[str, dict[str, float]]] = field(default_factory=list)
    invoked: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    failing: dict[str, list[Exception]] = field(default_factory=dict)
    on_invoke: Callable[[dict[str, str]], None] = lambda _payload: None

    def _maybe_fail(self, method: str) -> None:
        if self.failing.get(method):
            raise self.failing[method].pop(0)

    def role_problem(self, arn: str) -> str | None:
        return None

    def managed_policies(self, arn: str) -> list[str]:
        return []

    def alias(self, function: str, alias: str) -> dict[str, Any]:
        self._maybe_fail("alias")
        routing = {"AdditionalVersionWeights": dict(self.weights)}
        return {
            "Name": alias,
            "FunctionVersion": self.version,
            "RoutingConfig": routing,
            "RevisionId": str(self.revision),
        }

    def version_of(self, function: str, version: str) -> dict[str, Any]:
        return {}

    def move(self, function: str, alias: dict[str, Any], version: str, extra: dict[str, float]) -> None:
        self._maybe_fail("move")
        if alias["RevisionId"] != str(self.revision):
            raise failure("PreconditionFailedException")
        self.version, self.weights, self.revision = version, dict(extra), self.revision + 1
        self.moves.append((version, dict(extra)))

    def alarm_states(self, names: list[str]) -> dict[str, str]:
        self._maybe_fail("alarm_states")
        return self.states

    def invoke_hook(self, function: str, payload: dict[str, str]) -> None:
        self._maybe_fail("invoke_hook")
        self.invoked.append(function)
        self.on_invoke(payload)


@dataclass
class Rig:
    """An engine in a region with one application and one group."""

    fakes: Fakes = field(default_factory=Fakes)
    minute: float = 0.02
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.region = Region(applications={"app": {}}, groups={"app/live": {}})

    def engine(self) -> Engine:
        return Engine(
            region=self.region,
            clients=_Adapter(self.fakes),  # type: ignore[arg-type]
            clock=Clock(self.minute),
            config=PREDEFINED.__getitem__,
            put_event=self.told.append,
        )

    def deployment(self, config: str = CANARY, **more: Any) -> Deployment:
        properties = {"Name": "f", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
        content: dict[str, Any] = {
            "version": 0.0,
            "Resources": [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
        }
        if "hooks" in more:
            content["Hooks"] = [more.pop("hooks")]
        settings = {
            "serviceRoleArn": ROLE,
            "autoRollbackConfiguration": {"enabled": True, "events": EVERY_EVENT},
            **more.pop("settings", {}),
        }
        made = Deployment("d-ABCDEFGHI", "app", "live", config, {}, json.dumps(content), 0.0, **more)
        made.settings = settings
        self.region.deployments[made.deployment_id] = made
        return made

    def run(self, deployment: Deployment) -> Deployment:
        """Runs it, and its rollback, to their ends."""

        async def go() -> None:
            engine = self.engine()
            engine.run(deployment)
            while engine._tasks:
                await asyncio.gather(*engine._tasks)

        asyncio.run(asyncio.wait_for(go(), 30))
        return deployment


class _Adapter:
    """Names the fakes' methods as the real clients have them."""

    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        self.version = fakes.version_of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fakes, name)


def test_moves_of_a_canary() -> None:
    rig = Rig()
    done = rig.run(rig.deployment())
    assert done.status == "Succeeded"
    assert rig.fakes.moves == [("1", {"2": 0.1}), ("2", {})]


def test_moves_of_a_linear_one() -> None:
    rig = Rig()
    rig.run(rig.deployment("CodeDeployDefault.LambdaLinear10PercentEvery1Minute"))
    assert rig.fakes.moves == [*(("1", {"2": n / 10}) for n in range(1, 10)), ("2", {})]


def test_a_change_of_the_alias_in_between_is_read_again() -> None:
    rig = Rig(Fakes(failing={"move": [failure("PreconditionFailedException")]}))
    assert rig.run(rig.deployment()).status == "Succeeded"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (failure("TooManyRequestsException"), "THROTTLED"),
        (failure("AccessDeniedException"), "IAM_ROLE_PERMISSIONS"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1"), "INTERNAL_ERROR"),
    ],
)
def test_a_move_that_fails_ends_it_and_rolls_it_back(error: Exception, code: str) -> None:
    rig = Rig(Fakes(failing={"move": [error]}))
    done = rig.run(rig.deployment())
    assert (done.status, done.error_code) == ("Failed", code)
    assert done.undone_by
    assert rig.region.deployments[done.undone_by].status == "Succeeded"
    assert (rig.fakes.version, rig.fakes.weights) == ("1", {})


@pytest.mark.parametrize(("ignore", "status"), [(True, "Succeeded"), (False, "Stopped")])
def test_alarms_that_cannot_be_read(ignore: bool, status: str) -> None:
    alarms = {"enabled": True, "ignorePollAlarmFailure": ignore, "alarms": [{"name": "a"}]}
    rig = Rig(Fakes(states={"a": "OK"}, failing={"alarm_states": [failure("InternalServiceError")]}))
    assert rig.run(rig.deployment(settings={"alarmConfiguration": alarms})).status == status


def test_a_hook_that_cannot_be_invoked() -> None:
    rig = Rig(Fakes(failing={"invoke_hook": [failure("ResourceNotFoundException")]}))
    done = rig.run(rig.deployment(hooks={"BeforeAllowTraffic": "h"}))
    assert done.error_code == "HOOK_EXECUTION_FAILURE"
    assert "cannot be invoked" in done.event("BeforeAllowTraffic").message


def test_a_hook_that_never_reports_has_its_hour_of_the_clock() -> None:
    rig = Rig()
    done = rig.run(rig.deployment(hooks={"BeforeAllowTraffic": "h"}))
    assert done.error_code == "HOOK_EXECUTION_FAILURE"
    event = done.event("BeforeAllowTraffic")
    assert (event.status, event.error_code) == ("Failed", "ScriptTimedOut")
    assert event.start is not None
    assert event.end is not None
    assert event.end - event.start >= 60 * rig.minute


def test_a_rollback_asks_no_hooks() -> None:
    rig = Rig()
    rig.fakes.on_invoke = lambda payload: setattr(
        rig.region.deployments[payload["DeploymentId"]].executions[-1], "status", "Failed"
    )
    done = rig.run(rig.deployment(hooks={"AfterAllowTraffic": "h"}))
    assert rig.fakes.invoked == ["h"]
    assert done.undone_by
    assert rig.fakes.moves[-1] == ("1", {})


@pytest.mark.parametrize(
    ("missing", "code"),
    [("applications", "APPLICATION_MISSING"), ("groups", "DEPLOYMENT_GROUP_MISSING")],
)
def test_what_was_deleted_before_the_start(missing: str, code: str) -> None:
    rig = Rig()
    made = rig.deployment()
    getattr(rig.region, missing).clear()
    done = rig.run(made)
    assert (done.status, done.error_code, done.undone_by) == ("Failed", code, None)


def test_a_bus_that_takes_nothing_harms_nothing() -> None:
    rig = Rig()
    rig.told = _Refusing()
    assert rig.run(rig.deployment()).status == "Succeeded"


class _Refusing(list[dict[str, Any]]):
    def append(self, _event: dict[str, Any]) -> None:
        raise RuntimeError("no")


@pytest.mark.parametrize("moved", [False, True], ids=["before", "after"])
def test_a_shift_that_was_not_written_down_is_made_again(moved: bool) -> None:
    """The server was killed around the move of the alias: what was saved says that no shift was made."""
    rig = Rig()
    if moved:
        rig.fakes.weights = {"2": 0.1}
    made = rig.deployment(checked=True, started=0.0, status="InProgress")
    made.function, made.alias, made.current_version, made.target_version = "f", "live", "1", "2"
    made.events = [Event(name) for name in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")]
    assert rig.run(made).status == "Succeeded"
    assert (rig.fakes.version, rig.fakes.weights) == ("2", {})
