"""The end of a build: its reports and its artifacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.clients import Clients
from localaws.codebuild import artifacts, reports
from localaws.codebuild.buildspec import Buildspec, FileSet
from localaws.codebuild.log import BuildLog
from localaws.codebuild.model import Build
from localaws.codebuild.shell import Shell

StoreReport = Callable[[str, reports.Made], object]
"""Takes the ARN of a group, which is made if need be, and a report of it. Called from any thread."""


class DeliveryError(Exception):
    """Artifacts that are not there, or have no place to go."""


@dataclass(frozen=True)
class Delivery:
    """What is to be delivered of one build, whose commands are over."""

    build: Build
    arn: str
    buildspec: Buildspec
    sources: Path
    shell: Shell
    clients: Clients
    log: BuildLog

    def reports(self, store: StoreReport, now: float) -> None:
        """Makes the reports that the buildspec names. One that cannot be made fails no build."""
        for name, spec in self.buildspec.reports.items():
            if spec.file_format != "JUNITXML":
                self.log.say(f"Report {name}: {spec.file_format} is not emulated, and ignored")
                continue
            group = name if name.startswith("arn:") else self._group_arn(name)
            try:
                files = artifacts.selected(spec, self.sources, self._expand)
                made = reports.make(files.values(), group, self.arn, now)
            except (artifacts.NoFilesError, reports.ReportError) as error:
                self.log.say(f"Report {name}: {error}")
                continue
            store(group, made)
            self.build.reports.append(made.report["arn"])
            self.log.say(f"Report {name}: {made.report['testSummary']['total']} test cases")

    def _group_arn(self, name: str) -> str:
        """A group that is only named belongs to the project (user guide, "Report group naming")."""
        prefix = self.arn.partition(":build/")[0]
        return f"{prefix}:report-group/{self.build.project}-{name}"

    def artifacts(self) -> None:
        """Uploads the artifacts, and writes down where they are.

        Raises:
            DeliveryError: there are none, or the project's kind of artifacts is not emulated.
            ClientError: S3 does not take them.
        """
        settings = self.build.settings
        found = self._upload(settings["artifacts"], self.buildspec.artifacts)
        self.build.artifacts = found or {"location": ""}
        for config in settings.get("secondaryArtifacts", []):
            spec = self.buildspec.secondary.get(config["artifactIdentifier"])
            uploaded = self._upload(config, spec)
            if uploaded:
                self.build.secondary_artifacts = [*self.build.secondary_artifacts, uploaded]

    def _upload(self, config: dict[str, Any], spec: FileSet | None) -> dict[str, Any] | None:
        if config["type"] == "NO_ARTIFACTS":
            return None
        if config["type"] != "S3":
            raise DeliveryError(f"artifacts of type {config['type']} are not emulated; use S3")
        if spec is None:
            raise DeliveryError("no matching artifact paths found: the buildspec names no files for them")
        try:
            files = artifacts.selected(spec, self.sources, self._expand)
        except artifacts.NoFilesError as error:
            raise DeliveryError(str(error)) from error
        self.log.say(f"Found {len(files)} file(s)")
        name = config.get("name") or self.build.project
        if config.get("overrideArtifactName") and spec.name:
            name = self.shell.expanded(spec.name)
        return artifacts.upload(config, files, self.build.uuid, name, self.clients)

    def _expand(self, text: str) -> str:
        return self.shell.expanded(text) if "$" in text else text
