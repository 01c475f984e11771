"""One build, from its provisioning to its end, in a thread of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clients import Clients
from localaws.codebuild import deliveries, environment, source
from localaws.codebuild.buildspec import Buildspec, BuildspecError, OnFailure, PhaseSpec, is_inline, parse
from localaws.codebuild.journal import Failure, Journal
from localaws.codebuild.log import BuildLog, Masks
from localaws.codebuild.model import FAULT, STOPPED, SUCCEEDED, TIMED_OUT, Build
from localaws.codebuild.shell import InterruptedBuildError, Shell, reason
from localaws.codebuild.transitions import OF_COMMANDS, following

log = logging.getLogger(__name__)

_LATE = Failure("BUILD_TIMED_OUT", "Build has timed out. ", TIMED_OUT)
STOPPING = Failure("BUILD_STOPPED", "Build was stopped. ", STOPPED)
ENDING = Failure("INTERNAL_SERVICE_ERROR", "The embedded AWS ended while this build ran.", FAULT)

_TOLD = ("DOWNLOAD_SOURCE", *OF_COMMANDS, "UPLOAD_ARTIFACTS")
"""Phases whose end the log tells."""


class PhaseError(Exception):
    """A phase that has failed.

    Args:
        code: status code of its context.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Run:
    """A build that runs.

    Args:
        build: what is written down of it.
        arn: its ARN.
        project_arn: ARN of its project.
        clients: of its account.
        folder: for its sources, its home and its temporary files; empty.
        journal: writes down its phases.
        log: takes what it says.
        masks: hides secrets in all of that.
        deliver: takes care of reports and artifacts.
    """

    build: Build
    arn: str
    project_arn: str
    clients: Clients
    folder: Path
    journal: Journal
    log: BuildLog
    masks: Masks
    store_report: deliveries.StoreReport
    seconds: float
    _buildspec: Buildspec | None = None
    _shell: Shell | None = None
    _sources: dict[str, Path] = field(default_factory=dict)
    _ended_by: Failure | None = None

    def execute(self) -> None:
        """Runs it to its end."""
        self._deadline = time.monotonic() + self.seconds
        phase = "PROVISIONING"
        try:
            while phase != "COMPLETED":
                self.journal.enter(phase)
                failure = self._attempt(phase)
                self.journal.leave(failure)
                phase = self._after(phase, failure)
        finally:
            self._clean_up()
            self.journal.end(self._outcome())

    def stop(self, failure: Failure = STOPPING) -> None:
        """Ends it where it is; called from another thread, and safe to repeat."""
        self._ended_by = self._ended_by or failure
        if self._shell:
            self._shell.interrupt()

    @property
    def on_failure(self) -> OnFailure | None:
        """What the buildspec says of the phase that has failed."""
        failed = self.build.failure
        return self._spec(failed.kind).on_failure if failed else None

    def _attempt(self, phase: str) -> Failure | None:
        step: Callable[[], None] = {
            "PROVISIONING": self._provision,
            "DOWNLOAD_SOURCE": self._download,
            "UPLOAD_ARTIFACTS": self._upload,
            "FINALIZING": lambda: None,
        }.get(phase, lambda: self._commands(phase))
        failure: Failure | None = None
        try:
            if phase != "FINALIZING":
                self._refuse_ended()
            step()
        except InterruptedBuildError:
            failure = self._ended_by or _LATE
            self._ended_by = failure
        except PhaseError as error:
            failure = Failure(error.code, self.masks(error.message))
        except Exception as error:
            log.exception("%s: %s", self.build.build_id, phase)
            failure = Failure("INTERNAL_SERVICE_ERROR", self.masks(f"{type(error).__name__}: {error}"), FAULT)
        if phase in _TOLD:
            self._tell(phase, failure)
        return failure

    def _tell(self, phase: str, failure: Failure | None) -> None:
        self.log.say(f"Phase complete: {phase} State: {failure.status if failure else SUCCEEDED}")
        code, message = (failure.code, failure.message) if failure else ("", "")
        self.log.say(f"Phase context status code: {code} Message: {message}")

    def _after(self, phase: str, failure: Failure | None) -> str:
        if failure is None or phase == "FINALIZING":
            return following(phase, failed=failure is not None)
        if failure.status == STOPPED:
            return "COMPLETED"
        if failure.status != "FAILED":
            return "FINALIZING"
        return following(phase, failed=True, on_failure=self._spec(phase).on_failure)

    def _outcome(self) -> str:
        """The build's status. That a failure which the buildspec goes on after is one too is inferred."""
        statuses = [phase.status for phase in self.build.phases if phase.status not in (None, SUCCEEDED)]
        serious = [status for status in statuses if status not in ("FAILED", "IN_PROGRESS")]
        if "IN_PROGRESS" in statuses:
            return FAULT
        return (serious or statuses or [SUCCEEDED])[0] or SUCCEEDED

    def _refuse_ended(self) -> None:
        if self._ended_by or time.monotonic() >= self._deadline:
            raise InterruptedBuildError

    def _spec(self, phase: str) -> PhaseSpec:
        phases = self._buildspec.phases if self._buildspec else {}
        return phases.get(OF_COMMANDS.get(phase, ""), PhaseSpec())

    def _provision(self) -> None:
        for name in ("home", "tmp", "output"):
            (self.folder / name).mkdir(parents=True)
        image = self.build.settings["environment"]["image"]
        self.log.say(f"Running on the embedded AWS: as processes of this machine, not in {image}")
        for name in not_emulated(self.build.settings):
            self.log.say(f"{name} of the project is not emulated, and ignored")

    def _download(self) -> None:
        self.log.say("Phase is DOWNLOAD_SOURCE")
        settings = self.build.settings
        primary = self.folder / "src"
        self._sources = {"": primary}
        try:
            version = settings.get("sourceVersion")
            self.build.resolved_version = source.download(settings["source"], version, primary, self.clients)
            for other in settings.get("secondarySources", []):
                self._download_secondary(other)
        except source.SourceError as error:
            raise PhaseError("CLIENT_ERROR", str(error)) from error
        self.log.say(f"CODEBUILD_SRC_DIR={primary}")
        self._buildspec = self._read_buildspec(primary)
        self._begin_shell(self._buildspec, primary)
        counted = {name: len(phase.commands) for name, phase in self._buildspec.phases.items()}
        self.log.say(f"Phases found in YAML: {len(counted)}")
        for name, number in counted.items():
            self.log.say(f" {name.upper()}: {number} commands")

    def _download_secondary(self, other: dict[str, str]) -> None:
        identifier = other["sourceIdentifier"]
        versions = self.build.settings.get("secondarySourceVersions", [])
        version = next((v["sourceVersion"] for v in versions if v["sourceIdentifier"] == identifier), None)
        self._sources[identifier] = self.folder / f"src-{identifier}"
        source.download(other, version, self._sources[identifier], self.clients)

    def _read_buildspec(self, folder: Path) -> Buildspec:
        said = self.build.settings["source"].get("buildspec", "")
        try:
            found = parse(said if is_inline(said) else self._buildspec_file(said, folder))
        except BuildspecError as error:
            raise PhaseError("YAML_FILE_ERROR", str(error)) from error
        for name in found.ignored:
            self.log.say(f"{name} of the buildspec is not emulated, and ignored")
        return found

    def _buildspec_file(self, said: str, folder: Path) -> str:
        if said.startswith("arn:"):
            bucket, _, key = said.rpartition(":")[2].partition("/")
            try:
                body: bytes = self.clients.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                raise PhaseError("YAML_FILE_ERROR", f"{said}: {error}") from error
            return body.decode(errors="replace")
        path = folder / (said or "buildspec.yml")
        self.log.say(f"YAML location is {path}")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
            raise PhaseError("YAML_FILE_ERROR", f"stat {path}: {told}") from error

    def _begin_shell(self, buildspec: Buildspec, folder: Path) -> None:
        self.log.say("Processing environment variables")
        settings = self.build.settings["environment"].get("environmentVariables", [])
        try:
            declared = environment.declared(buildspec, settings)
            own = environment.resolve(declared, self.clients, self.masks.hide)
        except environment.UnresolvedError as error:
            raise PhaseError(error.code, error.message) from error
        variables = {
            **environment.of_machine(),
            **environment.of_account(self.clients),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            # The server's folder may lie in a repository, which is not the one that is built.
            "GIT_CEILING_DIRECTORIES": str(self.folder),
            **own,
            **environment.of_build(self.build, self.arn, self.project_arn, self._sources),
        }
        keeps, output = buildspec.version != "0.1", self.folder / "output"
        self._shell = Shell(buildspec.shell, keeps, output, self.log.write, self._deadline)
        self._shell.begin(variables, folder)
        self.log.say(f"Moving to directory {folder}")

    def _commands(self, phase: str) -> None:
        spec = self._spec(phase)
        self.log.say(f"Entering phase {phase}")
        failures = [self._run_all(spec.commands), self._run_all(spec.last)]
        for failure in failures:
            if failure:
                raise failure

    def _run_all(self, commands: tuple[str, ...]) -> PhaseError | None:
        """Runs commands up to the first that fails, and returns how it did."""
        assert self._shell is not None
        for command in commands:
            self.log.say(f"Running command {command}")
            status = self._shell.run(command)
            self.log.end_output()
            if status:
                why = reason(status)
                self.log.say(f"Command did not exit successfully {command} {why}")
                self._shell.set("CODEBUILD_BUILD_SUCCEEDING", "0")
                return PhaseError(
                    "COMMAND_EXECUTION_ERROR", f"Error while executing command: {command}. Reason: {why}"
                )
        return None

    def _upload(self) -> None:
        assert self._shell is not None
        assert self._buildspec is not None
        values = self._shell.values(self._buildspec.exported)
        self.build.exported = [{"name": name, "value": self.masks(value)} for name, value in values.items()]
        delivery = deliveries.Delivery(
            self.build, self.arn, self._buildspec, self._sources[""], self._shell, self.clients, self.log
        )
        delivery.reports(self.store_report, self.journal.now())
        try:
            delivery.artifacts()
        except deliveries.DeliveryError as error:
            raise PhaseError("CLIENT_ERROR", str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise PhaseError("CLIENT_ERROR", f"artifacts cannot be uploaded: {error}") from error

    def _clean_up(self) -> None:
        if self._shell:
            self._shell.close()
        self.log.close()


def not_emulated(settings: Mapping[str, Any]) -> list[str]:
    """Settings of a project that say something and change nothing here."""
    logs = settings.get("logsConfig", {}).get("s3Logs", {})
    said = {
        "cache": settings["cache"]["type"] != "NO_CACHE",
        "vpcConfig": bool(settings.get("vpcConfig")),
        "environment/fleet": bool(settings["environment"].get("fleet")),
        "fileSystemLocations": bool(settings.get("fileSystemLocations")),
        "logsConfig/s3Logs": logs.get("status") == "ENABLED",
    }
    return [name for name, is_said in said.items() if is_said]
