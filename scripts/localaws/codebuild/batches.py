"""Batches: several builds of one request, in the order that they depend on each other.

Source: user guide, "Batch build buildspec reference" (build-list and build-graph; build-matrix is refused).
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.codebuild import source
from localaws.codebuild.buildspec import BuildspecError, is_inline, parse
from localaws.codebuild.engine import Engine
from localaws.codebuild.model import (
    FAILED,
    FAULT,
    IN_PROGRESS,
    STOPPED,
    SUCCEEDED,
    Batch,
    Build,
    Group,
    Phase,
)
from localaws.codebuild.overrides import settings_of

log = logging.getLogger(__name__)

_ENVIRONMENT = {
    "compute-type": "computeTypeOverride",
    "fleet": "fleetOverride",
    "image": "imageOverride",
    "privileged-mode": "privilegedModeOverride",
    "type": "environmentTypeOverride",
}


@dataclass
class Batches:
    """The batches of one account in one region. Methods are called on the event loop.

    Args:
        engine: runs their builds.
    """

    engine: Engine
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, batch: Batch) -> None:
        """Begins a batch that was just made."""
        self.engine.region.batches[batch.batch_id] = batch
        self._enter(batch, "SUBMITTED")
        task = self.engine.loop.create_task(self._run(batch))
        self._tasks[batch.batch_id] = task

    def stop(self, batch: Batch) -> None:
        """Ends a batch and its builds; one that is over stays as it is."""
        task = self._tasks.get(batch.batch_id)
        if task and not batch.is_over:
            task.cancel()

    def break_off_unfinished(self) -> None:
        """Ends what an earlier run of the server has left."""
        for batch in self.engine.region.batches.values():
            if not batch.is_over and batch.batch_id not in self._tasks:
                self._close(batch, FAULT, "The embedded AWS ended while this batch ran.")

    async def end(self) -> None:
        """Ends all batches; their builds are the engine's to end."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=5)

    async def _run(self, batch: Batch) -> None:
        try:
            self._leave(batch, SUCCEEDED)
            self._enter(batch, "DOWNLOAD_BATCHSPEC")
            batch.fast_fail, batch.groups = await asyncio.to_thread(read_groups, batch, self.engine)
            self._leave(batch, SUCCEEDED)
            self._enter(batch, "IN_PROGRESS")
            failed = await self._build_all(batch)
            self._close(
                batch, FAILED if failed else SUCCEEDED, f"failed: {', '.join(failed)}" if failed else ""
            )
        except asyncio.CancelledError:
            for build in self._builds(batch):
                self.engine.stop(build)
            self._close(batch, STOPPED, "Build batch was stopped.")
        except (BuildspecError, source.SourceError, ClientError, BotoCoreError) as error:
            self._close(batch, FAILED, str(error), "YAML_FILE_ERROR")
        except Exception as error:
            log.exception("%s", batch.batch_id)
            self._close(batch, FAULT, f"{type(error).__name__}: {error}")

    async def _build_all(self, batch: Batch) -> list[str]:
        """Builds every group once those that it needs have succeeded; identifiers of those that failed."""
        tasks: dict[str, asyncio.Task[bool]] = {}
        for group in ordered(batch.groups):
            needed = [tasks[name] for name in group.depends_on]
            tasks[group.identifier] = self.engine.loop.create_task(self._build(batch, group, needed))
        try:
            await self._wait_for(batch, tasks)
        finally:
            for task in tasks.values():
                task.cancel()
        ignored = {group.identifier for group in batch.groups if group.ignore_failure}
        return [
            name
            for name, task in tasks.items()
            if name not in ignored and (task.cancelled() or not task.done() or not task.result())
        ]

    async def _wait_for(self, batch: Batch, tasks: Mapping[str, asyncio.Task[bool]]) -> None:
        """Until all are over; with fast-fail, until one has failed, whose fellows are stopped then."""
        waiting = set(tasks.values())
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if batch.fast_fail and not all(task.result() for task in done):
                for build in self._builds(batch):
                    self.engine.stop(build)
                return

    async def _build(self, batch: Batch, group: Group, needed: list[asyncio.Task[bool]]) -> bool:
        if needed and not all(await asyncio.gather(*needed)):
            return group.ignore_failure
        build = self._made(batch, group)
        group.builds.append(build.build_id)
        self.engine.start(build)
        while True:
            await self.engine.wait(build)
            again = build.following
            if again is None:
                return build.status == SUCCEEDED or group.ignore_failure
            build = self.engine.region.builds[again.partition(":build/")[2]]
            group.builds.append(build.build_id)

    def _made(self, batch: Batch, group: Group) -> Build:
        region, project = self.engine.region, {**batch.settings, "name": batch.project}
        return Build(
            build_id=f"{batch.project}:{uuid.uuid4()}",
            project=batch.project,
            number=region.next_number(batch.project),
            started=self.engine.now(),
            initiator=batch.initiator,
            request={"projectName": batch.project, **group.overrides},
            settings=settings_of(project, group.overrides),
            retry_limit=batch.settings.get("autoRetryLimit", 0),
            batch=self.engine.arn("build-batch", batch.batch_id),
            identifier=group.identifier,
        )

    def _builds(self, batch: Batch) -> list[Build]:
        builds = self.engine.region.builds
        return [builds[name] for group in batch.groups for name in group.builds if name in builds]

    def _enter(self, batch: Batch, kind: str) -> None:
        batch.phases.append(Phase(kind, self.engine.now(), IN_PROGRESS))

    def _leave(self, batch: Batch, status: str, message: str = "", code: str = "") -> None:
        phase = batch.phases[-1]
        phase.end, phase.status, phase.message, phase.code = self.engine.now(), status, message, code

    def _close(self, batch: Batch, status: str, message: str, code: str = "") -> None:
        self._leave(batch, status, message, code or ("BATCH_FAILED" if message else ""))
        self._enter(batch, status if status in (SUCCEEDED, STOPPED) else FAILED)
        self._leave(batch, status)
        batch.ended = batch.phases[-1].start
        batch.status = status


def read_groups(batch: Batch, engine: Engine) -> tuple[bool, list[Group]]:
    """Whether the first failure ends a batch, and its groups, from the buildspec of its sources.

    Raises:
        BuildspecError: there is no buildspec, or none with a batch that can be run.
        SourceError: the sources cannot be had.
    """
    settings = batch.settings
    said = settings["source"].get("buildspec", "")
    with tempfile.TemporaryDirectory(prefix="batch-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "src"
        if not is_inline(said):
            source.download(settings["source"], settings.get("sourceVersion"), folder, engine.clients)
            try:
                said = (folder / (said or "buildspec.yml")).read_text(encoding="utf-8")
            except OSError as error:
                raise BuildspecError(f"{said or 'buildspec.yml'}: {error.strerror}") from error
    return groups_of(parse(said).batch)


def groups_of(tree: Mapping[str, Any]) -> tuple[bool, list[Group]]:
    """The same, from the `batch` of a buildspec.

    Raises:
        BuildspecError: it has no builds, or some that cannot be run.
    """
    if "build-matrix" in tree:
        raise BuildspecError("batch/build-matrix: is not emulated; use build-list or build-graph")
    items = [*(tree.get("build-list") or []), *(tree.get("build-graph") or [])]
    if not items:
        raise BuildspecError("batch: must have a build-list or a build-graph")
    groups = [_group(item) for item in items]
    names = [group.identifier for group in groups]
    if len(set(names)) < len(names):
        raise BuildspecError("batch: two builds have the same identifier")
    ordered(groups)
    return str(tree.get("fast-fail", "false")).lower() == "true", groups


def _group(item: Any) -> Group:
    if not isinstance(item, dict) or not item.get("identifier"):
        raise BuildspecError("batch: every build must have an identifier")
    env = item.get("env") or {}
    overrides = {to: env[name] for name, to in _ENVIRONMENT.items() if name in env}
    if "privilegedModeOverride" in overrides:
        overrides["privilegedModeOverride"] = overrides["privilegedModeOverride"].lower() == "true"
    if "buildspec" in item:
        overrides["buildspecOverride"] = item["buildspec"]
    overrides["environmentVariablesOverride"] = [
        {"name": name, "value": value, "type": "PLAINTEXT"}
        for name, value in (env.get("variables") or {}).items()
    ]
    return Group(
        identifier=item["identifier"],
        depends_on=list(item.get("depend-on") or []),
        ignore_failure=str(item.get("ignore-failure", "false")).lower() == "true",
        overrides=overrides,
    )


def ordered(groups: list[Group]) -> list[Group]:
    """Groups behind those that they depend on.

    Raises:
        BuildspecError: they depend on each other, or on one that is not there.
    """
    left, found, known = list(groups), list[Group](), set[str]()
    while left:
        ready = [group for group in left if known.issuperset(group.depends_on)]
        if not ready:
            raise BuildspecError(
                f"batch: {', '.join(group.identifier for group in left)} depend on each other, or on a build "
                f"that is not there"
            )
        found += ready
        known |= {group.identifier for group in ready}
        left = [group for group in left if group.identifier not in known]
    return found
