"""Deployments outlive the server: it is ended or killed in their middle, and started again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from localaws import lifecycle
from localaws.settings import Settings
from tests.local.codedeploy_world import MINUTE, REPORTING_HOOK, SILENT_HOOK, World, until

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

LONG_CANARY = "CodeDeployDefault.LambdaCanary10Percent30Minutes"


class Server:
    """A server whose home stays while its process comes and goes."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, port=0, minute_seconds=MINUTE)
        self.running = lifecycle.up(self.settings)

    def again(self, world: World) -> World:
        """The world after a new start, on whatever port."""
        self.running = lifecycle.up(self.settings)
        return World(self.running.endpoint, account=world.account)

    def end(self) -> None:
        lifecycle.down(self.settings)

    def kill(self) -> None:
        """As the kernel does it."""
        os.kill(self.running.pid, signal.SIGKILL)
        until(lambda: lifecycle.status(self.settings) is None, "the server is gone")

    def saved(self, deployment: str, what: Callable[[dict[str, object]], bool]) -> None:
        """Waits until the state file has it."""
        path = self.settings.state_dir / "localaws-codedeploy.json"

        def look() -> bool:
            if not path.exists():
                return False
            accounts = json.loads(path.read_bytes()).values()
            found = [a["deployments"][deployment] for a in accounts if deployment in a["deployments"]]
            return bool(found) and what(found[0])

        until(look, f"{deployment} is saved")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "localaws")


@pytest.fixture(autouse=True)
def ended(server: Server) -> object:
    yield
    server.end()


def test_a_canary_goes_on_where_it_was(server: Server) -> None:
    world = World(server.running.endpoint).prepared()
    version = world.publish()
    deployment = world.deploy(version, LONG_CANARY)
    world.shifting(version)
    started = world.info(deployment)["startTime"]
    server.end()
    world = server.again(world)
    assert world.info(deployment)["status"] == "InProgress"
    assert world.alias() == ("1", {version: 0.1})
    info = world.ended(deployment)
    assert (info["status"], info["startTime"]) == ("Succeeded", started)
    assert (info["completeTime"] - started).total_seconds() >= 30 * MINUTE
    assert world.alias() == (version, {})


def test_a_canary_survives_a_kill(server: Server) -> None:
    world = World(server.running.endpoint).prepared()
    version = world.publish()
    deployment = world.deploy(version, LONG_CANARY)
    world.shifting(version)
    server.saved(deployment, lambda record: record["shifted"] == 1)
    server.kill()
    world = server.again(world)
    world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    assert world.rolled_back(world.ended(deployment))["status"] == "Succeeded"
    assert world.alias() == ("1", {})
    assert len(world.codedeploy.list_deployments()["deployments"]) == 2


def test_a_hook_that_ended_with_the_server_is_asked_again(server: Server) -> None:
    world = World(server.running.endpoint).prepared()
    version = world.publish()
    hook = world.publish_function("CodeDeployHook_check", SILENT_HOOK)
    deployment = world.deploy(version, hooks={"BeforeAllowTraffic": hook})
    until(lambda: world.events(deployment)["BeforeAllowTraffic"] == "InProgress", "the hook is awaited")
    server.end()
    world = server.again(world)
    world.functions.delete_function(FunctionName=hook)
    world.publish_function(hook, REPORTING_HOOK % "Succeeded")
    server.end()
    world = server.again(world)
    assert world.ended(deployment)["status"] == "Succeeded"


def test_what_was_made_is_still_there(server: Server) -> None:
    world = World(server.running.endpoint).prepared()
    version = world.publish()
    deployment = world.deploy(version)
    before = world.ended(deployment)
    group = {"applicationName": "app", "deploymentGroupName": "live"}
    kept = world.codedeploy.get_deployment_group(**group)["deploymentGroupInfo"]
    server.end()
    world = server.again(world)
    assert world.info(deployment) == before
    assert world.codedeploy.get_deployment_group(**group)["deploymentGroupInfo"] == kept
