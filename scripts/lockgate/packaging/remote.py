"""A build in CodeBuild: started with these sources, and followed to its end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lockgate.errors import LockgateError, RefusedError

if TYPE_CHECKING:
    from mypy_boto3_codebuild.client import CodeBuildClient
    from mypy_boto3_codebuild.type_defs import BuildTypeDef
    from mypy_boto3_logs.client import CloudWatchLogsClient

_LOOK = 2.0
"""Seconds between two looks at a build."""

_QUIET_LOOKS = 2
"""Looks without a new line after which the log of a build that is over counts as complete: CloudWatch Logs
shows an event some time after it was put."""


@dataclass
class RemoteBuild:
    """A build that runs in CodeBuild.

    Args:
        codebuild: a client.
        logs: a client of the same account.
        build_id: of the build.
    """

    codebuild: CodeBuildClient
    logs: CloudWatchLogsClient
    build_id: str
    _token: str | None = None
    _told: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def start(
        cls,
        codebuild: CodeBuildClient,
        logs: CloudWatchLogsClient,
        project: str,
        source: str,
        variables: Mapping[str, str],
    ) -> RemoteBuild:
        """Starts a build of a project.

        Args:
            codebuild: a client.
            logs: a client.
            project: its name.
            source: bucket and key of a zip, `bucket/key`.
            variables: environment variables that the build gets besides the project's; no secrets.

        Raises:
            RefusedError: there is no such project.
        """
        overrides: Any = [
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
        ]
        try:
            build = codebuild.start_build(
                projectName=project,
                sourceTypeOverride="S3",
                sourceLocationOverride=source,
                environmentVariablesOverride=overrides,
                idempotencyToken=uuid.uuid4().hex,
            )["build"]
        except codebuild.exceptions.ResourceNotFoundException as error:
            raise RefusedError(
                f"there is no CodeBuild project {project}",
                hint="Apply Terraform first: make apply STACK=tooling, or with ENV= where an environment has "
                "its own builds.",
            ) from error
        return cls(codebuild, logs, build["id"])

    def stop(self) -> None:
        """Asks CodeBuild to end it; `follow` sees how that went."""
        self.codebuild.stop_build(id=self.build_id)

    def follow(self, say: Callable[[str], None], sleep: Callable[[float], None]) -> BuildTypeDef:
        """Says each line of the log once, in order, as it comes; returns the build, once it is over.

        Args:
            say: takes a line.
            sleep: waits for so many seconds; what it raises ends the following, not the build.
        """
        quiet = 0
        while True:
            # Looked at before the log is read: what is over then has written everything.
            build = self.look()
            for phase in self._phases(build):
                say(phase)
            lines = list(self._lines(build))
            for line in lines:
                say(line)
            quiet = 0 if lines or not build["buildComplete"] else quiet + 1
            if quiet >= _QUIET_LOOKS:
                return build
            sleep(_LOOK)

    def look(self) -> BuildTypeDef:
        """The build as CodeBuild describes it."""
        found = self.codebuild.batch_get_builds(ids=[self.build_id])["builds"]
        if not found:
            raise LockgateError(
                f"CodeBuild does not know build {self.build_id} any more",
                hint="Somebody deleted it. Start it again.",
            )
        return found[0]

    def _phases(self, build: BuildTypeDef) -> Iterator[str]:
        for phase in build.get("phases", []):
            at = (phase["phaseType"], phase.get("phaseStatus", "IN_PROGRESS"))
            if at[1] != "IN_PROGRESS" and at not in self._told:
                self._told.add(at)
                yield f"{at[0]}: {at[1]} ({phase.get('durationInSeconds', 0)} s)"

    def _lines(self, build: BuildTypeDef) -> Iterator[str]:
        """Lines since the last call. A stream's end is where GetLogEvents returns the token that
        it was given (API reference, GetLogEvents)."""
        place = build.get("logs", {})
        if not place.get("groupName") or not place.get("streamName"):
            return
        while True:
            asked: Any = {"nextToken": self._token} if self._token else {}
            try:
                answer = self.logs.get_log_events(
                    logGroupName=place["groupName"],
                    logStreamName=place["streamName"],
                    startFromHead=True,
                    **asked,
                )
            except self.logs.exceptions.ResourceNotFoundException:
                return
            yield from (event.get("message", "").rstrip("\n") for event in answer["events"])
            before, self._token = self._token, answer["nextForwardToken"]
            if self._token == before:
                return


def failure(build: BuildTypeDef) -> LockgateError:
    """What a build that did not succeed ended with, and where to read more."""
    failed = next(
        (p for p in build.get("phases", []) if p.get("phaseStatus") not in ("SUCCEEDED", None)), None
    )
    contexts = failed.get("contexts", []) if failed else []
    why = "; ".join(c["message"].strip() for c in contexts if c.get("message"))
    where = f" in {failed['phaseType']}" if failed else ""
    link = build.get("logs", {}).get("deepLink", "CloudWatch Logs")
    ended = build["buildStatus"].lower().replace("_", " ")
    return LockgateError(
        f"build {build['id']} {ended}{where}: {why or 'no reason given'}", hint=f"Its log: {link}"
    )
