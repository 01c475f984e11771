"""Running the builds of one account and region: a few at once, the others wait."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import shutil
import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.clients import Clients, acting_as
from localaws.codebuild import reports
from localaws.codebuild.events import log_group
from localaws.codebuild.journal import Failure, Journal
from localaws.codebuild.log import BuildLog, Event, Masks, Put
from localaws.codebuild.model import FAILED, FAULT, TIMED_OUT, Build, Region
from localaws.codebuild.run import ENDING, STOPPING, Run

log = logging.getLogger(__name__)

_ENDING_SECONDS = 20.0
"""How long a server that ends waits for its builds, which then are ended already."""


@dataclass
class Engine:
    """The builds of one account in one region. Methods are called on the event loop.

    Args:
        region: its records.
        clients: of the account.
        places: how many builds run at once, in the whole server.
        pool: threads for them.
        put_event: puts an event on the default bus; called on the event loop.
        now: returns seconds since the epoch.
        loop: the event loop.
    """

    region: Region
    clients: Clients
    places: asyncio.Semaphore
    pool: Executor
    put_event: Callable[[dict[str, Any]], None]
    now: Callable[[], float]
    loop: asyncio.AbstractEventLoop
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _runs: dict[str, Run] = field(default_factory=dict)
    _ending: bool = False

    def arn(self, kind: str, name: str) -> str:
        """ARN of a build, project, report group or report."""
        return f"arn:aws:codebuild:{self.clients.region}:{self.clients.account}:{kind}/{name}"

    def start(self, build: Build) -> asyncio.Task[None]:
        """Begins a build that was just made."""
        self.region.builds[build.build_id] = build
        stream = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {}).get("streamName")
        build.log_stream = f"{stream}/{build.uuid}" if stream else build.uuid
        journal = self._journal(build)
        journal.begin()
        task = self.loop.create_task(self._run(build, journal))
        task.add_done_callback(lambda ended: self._settle(build, journal, ended))
        self._tasks[build.build_id] = task
        return task

    def stop(self, build: Build) -> None:
        """Ends a build; one that is over stays as it is."""
        if build.is_over:
            return
        run = self._runs.get(build.build_id)
        if run:
            run.stop()
        else:
            self._tasks[build.build_id].cancel()

    async def wait(self, build: Build) -> None:
        """Until a build is over."""
        task = self._tasks.get(build.build_id)
        if task:
            await asyncio.wait([task])

    def break_off_unfinished(self) -> None:
        """Ends what an earlier run of the server has left: its processes ended with it."""
        for build in self.region.builds.values():
            if not build.is_over and build.build_id not in self._tasks:
                self._journal(build).break_off(FAULT, ENDING.code, ENDING.message)

    async def end(self) -> None:
        """Ends all builds, and waits until that is written down."""
        self._ending = True
        for run in list(self._runs.values()):
            run.stop(ENDING)
        tasks = [task for task in self._tasks.values() if not task.done()]
        for build_id, task in self._tasks.items():
            if build_id not in self._runs:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_ENDING_SECONDS)

    def _store_report_soon(self, group_arn: str, made: reports.Made) -> None:
        """From any thread."""
        self.loop.call_soon_threadsafe(self._store_report, group_arn, made)

    def _store_report(self, group_arn: str, made: reports.Made) -> None:
        """Keeps a report, and makes its group where there is none."""
        groups = self.region.report_groups
        if group_arn not in groups:
            groups[group_arn] = {
                "arn": group_arn,
                "name": group_arn.rpartition("/")[2],
                "type": "TEST",
                "exportConfig": {"exportConfigType": "NO_EXPORT"},
                "created": self.now(),
                "lastModified": self.now(),
                "tags": [],
                "status": "ACTIVE",
            }
        self.region.reports[made.report["arn"]] = made.report
        self.region.test_cases[made.report["arn"]] = made.cases

    def repeat(self, build: Build, initiator: str, *, by_itself: bool) -> Build:
        """A new build of the same request; it is not begun yet.

        Args:
            by_itself: whether it counts as an automatic repetition.
        """
        again = Build(
            build_id=f"{build.project}:{uuid.uuid4()}",
            project=build.project,
            number=self.region.next_number(build.project),
            started=self.now(),
            initiator=initiator,
            request=build.request,
            settings=build.settings,
            batch=build.batch,
            identifier=build.identifier,
        )
        if by_itself:
            again.attempt, again.retry_limit = build.attempt + 1, build.retry_limit
            again.previous = self.arn("build", build.build_id)
            build.following = self.arn("build", again.build_id)
        return again

    def _journal(self, build: Build) -> Journal:
        return Journal(build, self.arn("build", build.build_id), self._emit, self.now)

    def _emit(self, event: dict[str, Any]) -> None:
        """From any thread; events keep their order."""
        self.loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: dict[str, Any]) -> None:
        try:
            self.put_event(event)
        except RuntimeError:
            log.exception("an event of CodeBuild is lost")

    async def _run(self, build: Build, journal: Journal) -> None:
        if not await self._placed(build, journal):
            return
        try:
            await self._execute(build, journal)
        finally:
            self.places.release()
            self._runs.pop(build.build_id, None)

    async def _placed(self, build: Build, journal: Journal) -> bool:
        """Waits for a place; False when the build has ended instead."""
        minutes = build.settings["queuedTimeoutInMinutes"]
        try:
            async with asyncio.timeout(minutes * 60):
                await self.places.acquire()
        except TimeoutError:
            journal.break_off(TIMED_OUT, "BUILD_TIMED_OUT", "Build has timed out while it was queued. ")
            return False
        journal.leave(None)
        return True

    async def _execute(self, build: Build, journal: Journal) -> None:
        with acting_as(build.settings.get("serviceRole", "")):
            await self._execute_as_role(build, journal, contextvars.copy_context())

    async def _execute_as_role(self, build: Build, journal: Journal, acting: contextvars.Context) -> None:
        folder = Path(tempfile.mkdtemp(prefix="build-"))
        masks = Masks()
        run = Run(
            build=build,
            arn=journal.arn,
            project_arn=self.arn("project", build.project),
            clients=self.clients,
            folder=folder,
            journal=journal,
            log=BuildLog(self._log_writer(build), masks),
            masks=masks,
            store_report=self._store_report_soon,
            seconds=build.settings["timeoutInMinutes"] * 60,
        )
        self._runs[build.build_id] = run
        await self.loop.run_in_executor(self.pool, acting.run, run.execute)
        self._repeat_failed(build, run)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _repeat_failed(self, build: Build, run: Run) -> None:
        """Starts a failed build again where its project or its buildspec says so, and not too often."""
        failed, on_failure = build.failure, run.on_failure
        if self._ending or build.status != FAILED or failed is None:
            return
        if on_failure and on_failure.repeats(failed.message):
            build.retry_limit = on_failure.count
        if build.attempt < build.retry_limit:
            self.start(self.repeat(build, build.initiator, by_itself=True))

    def _settle(self, build: Build, journal: Journal, task: asyncio.Task[None]) -> None:
        """Ends a build that its task has left open: it was stopped while it waited for a place, or what is
        around its phases has failed."""
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("%s", build.build_id, exc_info=error)
        if build.is_over:
            return
        why = ENDING if self._ending else STOPPING
        if error:
            why = Failure("INTERNAL_SERVICE_ERROR", f"{type(error).__name__}: {error}", FAULT)
        journal.break_off(why.status, why.code, why.message)

    def _log_writer(self, build: Build) -> Put | None:
        config = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
        if config.get("status", "ENABLED") != "ENABLED":
            build.log_stream = None
            return None
        group, stream = log_group(build), build.log_stream
        names = {"logGroupName": group, "logStreamName": stream}
        logs = self.clients.client("logs")

        def put(events: list[Event]) -> None:
            try:
                logs.put_log_events(**names, logEvents=events)
            except logs.exceptions.ResourceNotFoundException:
                _make(logs, names)
                logs.put_log_events(**names, logEvents=events)

        return put


def _make(logs: Any, names: dict[str, Any]) -> None:
    """Makes the stream, and its group where there is none, as CodeBuild does."""
    try:
        _unless_there(logs.create_log_stream, **names)
    except logs.exceptions.ResourceNotFoundException:
        _unless_there(logs.create_log_group, logGroupName=names["logGroupName"])
        _unless_there(logs.create_log_stream, **names)


def _unless_there(create: Callable[..., Any], **names: Any) -> None:
    try:
        create(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
