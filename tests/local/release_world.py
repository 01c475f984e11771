"""A repository of its own, released to an embedded AWS of its own with the real command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import yaml

REPOSITORY = Path(__file__).parents[2]
ACCOUNT = "111111111111"
REGION = "eu-west-1"
FUNCTION = "lockgate-local-hello-api"
SERVICE = "hello-api"
MINUTE = 1.0
"""Real seconds of one AWS minute of these tests."""

PAST = 12.0
"""Seconds of traffic before a release that is judged: bounds of latency come from there."""

HOOK_SEES_IT = "raise RuntimeError('broken for everybody')"
CUSTOMERS_SEE_IT = "if context.invoked_function_arn.endswith(':live'): raise RuntimeError('broken')"
"""The hook invokes the version itself, customers go through the alias."""

OBSERVED = {
    # A minute of one second has few requests, fewer still where the machine is busy.
    "alarms": {"minimum_requests": 3},
    # Alarms, the hook and people decide here; the judge only looks.
    "judge": "observe",
}

_BINARIES = Path(sys.executable).parent
_PATIENCE = 120.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what AWS, git and make would take from it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
    return {**kept, "PYTHONUNBUFFERED": "1", "AWS_EC2_METADATA_DISABLED": "true", **extra}


@dataclass
class Running:
    """A command that runs; its output is read line by line."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def line(self, pattern: str) -> str:
        """Reads until a line matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended ({self.process.wait()}) without {pattern!r}:\n{self.output}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, once it is over."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout
        return self.process.wait(_PATIENCE)


@dataclass
class ReleaseWorld:
    """A copy of what a release reads, and the environment `local` in it.

    Args:
        root: the copied repository.
        port: of its embedded AWS.
    """

    root: Path
    port: int
    _changes: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def make(
        cls,
        root: Path,
        declared: Mapping[str, Any] = OBSERVED,
        services: Iterable[str] = (SERVICE, "release-hook"),
    ) -> ReleaseWorld:
        """Copies the repository's declarations, stacks and services.

        Args:
            root: an empty folder.
            declared: what the service declares besides what its file in the repository says.
            services: names of the services.
        """
        ignored = shutil.ignore_patterns(".terraform", "__pycache__")
        for name in ("terraform", "schemas", *(f"lambdas/{service}" for service in services)):
            shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
        platform = yaml.safe_load((REPOSITORY / "platform.yaml").read_text())
        port = free_port()
        platform["environments"]["local"] |= {
            "endpoint_url": f"http://127.0.0.1:{port}",
            "minute_seconds": MINUTE,
        }
        (root / "platform.yaml").write_text(yaml.safe_dump(platform, sort_keys=False))
        world = cls(root, port)
        if declared:
            world.declare(declared)
        return world

    def declare(self, declared: Mapping[str, Any]) -> None:
        """Gives the service's declaration other values; the next release applies Terraform where it must."""
        declaration = self.root / "lambdas" / SERVICE / "service.yaml"
        service = yaml.safe_load(declaration.read_text()) | declared
        declaration.write_text(yaml.safe_dump(service, sort_keys=False))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, verb: str, *arguments: str) -> Running:
        """Begins `lockgate VERB --env local ...`."""
        return self.lockgate(verb, "--env", "local", *arguments)

    def lockgate(self, *arguments: str, **environment: str) -> Running:
        """Begins `lockgate ...`."""
        return self.begin(str(_BINARIES / "lockgate"), *arguments, **environment)

    def begin(self, *command: str, **environment: str) -> Running:
        """Begins a command in the repository."""
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(process)

    def side_by_side(self, *commands: tuple[str, ...]) -> list[str]:
        """Runs several `lockgate ...` at the same time to their good ends; what each said."""
        started = [self.lockgate(*command) for command in commands]
        codes = [running.ended() for running in started]
        assert not any(codes), "\n".join(running.output for running in started)
        return [running.output for running in started]

    def run(self, verb: str, *arguments: str, expect: int = 0) -> str:
        """Runs `lockgate VERB --env local ...` to its end; what it said."""
        running = self.start(verb, *arguments)
        code = running.ended()
        assert code == expect, running.output
        assert "Traceback" not in running.output
        return running.output

    def read(self, verb: str, *arguments: str) -> Any:
        """What a verb says as JSON."""
        return json.loads(self.run(verb, "--json", *arguments))

    def aws(self, *arguments: str) -> Any:
        """Runs the AWS CLI; its answer."""
        running = self.begin(
            str(_BINARIES / "aws"),
            *arguments,
            "--endpoint-url",
            self.endpoint,
            "--output",
            "json",
            AWS_ACCESS_KEY_ID=ACCOUNT,
            AWS_SECRET_ACCESS_KEY="local",
            AWS_DEFAULT_REGION=REGION,
        )
        assert running.ended() == 0, running.output
        return json.loads(running.output or "null")

    def client(self, service: str) -> Any:
        session: Any = boto3.Session(ACCOUNT, "local", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)

    def change(self, statement: str = "") -> None:
        """Gives the service other code; `statement` is run at the beginning of each invocation."""
        original = (REPOSITORY / "lambdas" / SERVICE / "src" / "app.py").read_text()
        changed = original.replace(
            "    return app.resolve", f"    {statement or 'pass'}\n    return app.resolve"
        )
        assert changed != original
        self.write(f"{changed}# change {next(self._changes)}\n")

    def write(self, source: str) -> None:
        """Gives the service this code."""
        (self.root / "lambdas" / SERVICE / "src" / "app.py").write_text(source)

    def alias(self) -> tuple[str, dict[str, float]]:
        """Version of the alias, and the shares of further ones."""
        found = self.client("lambda").get_alias(FunctionName=FUNCTION, Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def last(self) -> Any:
        """The last release, as the ledger has it."""
        return self.read("history", "--limit", "1")[0]

    def deployments_of(self, release_id: str) -> list[Any]:
        """CodeDeploy's deployments that a release has created."""
        codedeploy = self.client("codedeploy")
        ids = codedeploy.list_deployments(applicationName=FUNCTION, deploymentGroupName="live")["deployments"]
        infos = [codedeploy.get_deployment(deploymentId=found)["deploymentInfo"] for found in ids]
        return [info for info in infos if release_id in info.get("description", "")]

    @contextmanager
    def traffic(self, rate: float) -> Iterator[None]:
        """Sends requests from now on, for long enough that there is a past when the block begins."""
        running = self.start("traffic", "--service", SERVICE, "--rate", str(rate), "--seconds", "600")
        try:
            time.sleep(PAST)
            yield
        finally:
            running.signal(signal.SIGTERM)
            running.ended()

    def wait_for_quiet_alarms(self) -> None:
        """Until no alarm of an earlier test is red."""
        alarms = self.client("cloudwatch")
        end = time.monotonic() + _PATIENCE
        while alarms.describe_alarms(StateValue="ALARM")["MetricAlarms"]:
            assert time.monotonic() < end, "an alarm stays red"
            time.sleep(0.2)


@contextmanager
def released(
    root: Path, declared: Mapping[str, Any] = OBSERVED, statement: str | None = None
) -> Iterator[ReleaseWorld]:
    """A world in which the first release has succeeded, of code that begins with `statement`."""
    world = ReleaseWorld.make(root, declared)
    if statement is not None:
        world.change(statement)
    try:
        world.run("deploy")
        yield world
    finally:
        world.lockgate("local", "down").ended()
