"""An environment as verbs open it: `--env`, and everything behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from lockgate.aws import Aws
from lockgate.commands.options import environment_option, now
from lockgate.config import TOOLING, Account, Environment, Project
from lockgate.contract import Contract, read_contract
from lockgate.errors import UsageError
from lockgate.metrics.measured import tallies
from lockgate.metrics.reader import MetricsOutageError, Reader, Window
from lockgate.notify import Notifier, notifier_for
from lockgate.notify.marks import Marks
from lockgate.packaging.registry import Registry
from lockgate.packaging.store import ArtifactStore
from lockgate.release import lease
from lockgate.release.driver import TrafficDriver
from lockgate.release.drivers import driver_of
from lockgate.release.engine import Engine
from lockgate.release.forecast import Forecaster
from lockgate.release.judging import Judging
from lockgate.release.ledger import Ledger
from lockgate.release.looks import Looks
from lockgate.release.measuring import measured_of
from lockgate.release.model import Deployment, Phase, Release, Tally
from lockgate.release.plan import Planner

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class OpenedAccount:
    """An account of platform.yaml, with clients for it."""

    project: Project
    name: str
    account: Account
    aws: Aws

    @classmethod
    def tooling(cls) -> OpenedAccount:
        """Opens the account with what environments share.

        Raises:
            UsageError: platform.yaml has none.
        """
        project = Project.find(Path.cwd())
        account = project.platform.tooling
        if account is None:
            raise UsageError(
                f"{project.root / 'platform.yaml'} has no tooling account",
                hint="Add `tooling:` with its account_id there, or name an environment with ENV=: without a "
                "tooling account each has its own store and builds.",
            )
        return cls(project, TOOLING, account, Aws.connect(account, project.platform.region_of(TOOLING)))

    def checked(self) -> Self:
        """The same, once AWS has said that these credentials belong to the declared account."""
        self.aws.check_account(self.account.account_id, self.name)
        return self

    @property
    def own_store(self) -> ArtifactStore:
        """The artifact store in this account, known by its name before anything is read."""
        return ArtifactStore(self.aws.s3, self.project.platform.artifact_bucket_of(self.name))

    @property
    def registry(self) -> Registry:
        """Where images of this name's builds and releases are: in this account, or in the tooling account."""
        platform = self.project.platform
        repository = lambda service: platform.repository_of(self.name, service)  # noqa: E731
        return Registry(self.aws.ecr, platform.registry_of(self.name), repository)


@dataclass(frozen=True)
class Opened(OpenedAccount):
    """An environment, with everything that a verb may need of it; each part is made when it is first used."""

    environment: Environment

    @classmethod
    def named(cls, name: str) -> Opened:
        """Opens an environment of the repository that the current folder lies in."""
        project = Project.find(Path.cwd())
        environment = project.environment(name)
        aws = Aws.connect(environment, project.platform.region_of(name))
        return cls(project, name, environment, aws, environment)

    @cached_property
    def contract(self) -> Contract:
        return read_contract(self.aws.ssm, self.name)

    @property
    def store(self) -> ArtifactStore:
        """Where its releases come from: its own store, or the tooling account's."""
        return ArtifactStore(self.aws.s3, self.contract.platform.artifact_bucket)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.aws.dynamodb, self.contract.platform.ledger_table, self.name)

    @cached_property
    def looks(self) -> Looks:
        return Looks(self.aws.dynamodb, self.contract.platform.ledger_table, self.name)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.aws.cloudwatch)

    @property
    def minute(self) -> timedelta:
        """Length of a CodeDeploy minute here."""
        return timedelta(seconds=self.environment.minute_seconds)

    @property
    def planner(self) -> Planner:
        return Planner(
            environment=self.name,
            contract=self.contract,
            ledger=self.ledger,
            driver=lambda service: driver_of(self.aws, self.contract.service(service), "", now()),
            forecast=self.forecaster,
            now=now,
        )

    @cached_property
    def forecaster(self) -> Forecaster:
        return Forecaster(self.reader, self.minute)

    @property
    def engine(self) -> Engine:
        return Engine(
            ledger=self.ledger,
            drivers=self._drivers,
            tally=self._tally,
            judge=Judging(self.looks, self.reader, self.contract.service, self.minute),
            minute=self.minute,
            now=now,
            mark=Marks(self.aws, {"Environment": self.name, "Platform": self.project.platform.name}),
            notifier=self.notifier,
        )

    @cached_property
    def notifier(self) -> Notifier:
        return notifier_for(self.aws, self.contract.platform)

    def _drivers(self, release: Release) -> Mapping[str, TrafficDriver]:
        return {
            name: driver_of(
                self.aws,
                self.contract.service(name),
                release.release_id,
                release.created_at,
                ignore_alarms=release.ignore_alarms is not None,
            )
            for name in release.deployments
        }

    def _tally(self, deployment: Deployment, at: datetime) -> dict[str, Tally]:
        """Requests and errors since the deployment started; none where CloudWatch does not answer, since a
        metric outage is no reason to stop looking after a deployment."""
        versions = [v for v in (deployment.to_version, deployment.from_version) if v]
        start = deployment.times.get(Phase.STARTED)
        if start is None:
            return {}
        measured = measured_of(self.contract.service(deployment.service), deployment.target_groups)
        period = max(1, int(self.environment.minute_seconds))
        window = Window.whole(start, at + timedelta(seconds=period), period)
        try:
            counted = tallies(self.reader, measured, versions, window)
        except MetricsOutageError:
            return {}
        return {version: Tally(requests=n, errors=failed) for version, (n, failed) in counted.items()}


def opens(command: Command) -> Command:
    """Adds `--env` to a verb; what it names is opened and passed as the first argument, `opened`."""

    def run(environment: str, **rest: Any) -> Any:
        return command(Opened.named(environment), **rest)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return environment_option(run)  # type: ignore[return-value]


def operator() -> str:
    """Who runs this: the GitHub actor in a workflow, else the local user."""
    actor = os.environ.get("GITHUB_ACTOR")
    return f"{actor} (GitHub)" if actor else lease.mine(now()).holder.partition(" ")[0]
