"""The server process: MiniStack and our own services on one port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, MutableMapping, Sequence
from importlib.metadata import version
from typing import Any

from localaws import cloudwatch, codebuild, codedeploy, ecs, ministack_patches
from localaws.authorization.decisions import Decisions
from localaws.balancing.balancer import Balancer
from localaws.clients import SessionOf
from localaws.clock import Clock
from localaws.cloudwatch.service import CloudWatch
from localaws.codebuild.service import CodeBuild
from localaws.codedeploy.service import CodeDeploy
from localaws.ecs.service import Ecs
from localaws.lifecycle import HEALTH_PATH, PidRecord
from localaws.ministack_patches import (
    authorization,
    balancers,
    execution_roles,
    functions,
    gateway,
    logs,
    network,
    registry,
    secrets,
    trails,
)
from localaws.processes import port_holder, start_mark
from localaws.service import Part
from localaws.settings import HOST, Settings
from localaws.snapshots import Snapshots
from localaws.tasks.runner import TaskRunner, find
from localaws.whole_answers import send_whole_answers

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
_QUIET_METHODS = ("GET", "HEAD", "OPTIONS")


class PortInUseError(RuntimeError):
    """The port belongs to another process."""


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then saves state and ends every function process.

    Raises:
        PortInUseError: the port is taken.
        RunnerError: there is no such task runner.
    """
    runner = find(settings.task_runner, settings.home, os.environ.get("DOCKER_HOST"))
    for folder in (settings.state_dir, settings.objects_dir):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(settings.tmp_dir, ignore_errors=True)
    settings.tmp_dir.mkdir()
    listener = _bind(settings.port)
    port: int = listener.getsockname()[1]
    os.environ.update(gateway.environment(settings, port))
    tempfile.tempdir = str(settings.tmp_dir)
    _raise_file_limit()
    ministack_patches.check_contract()
    logging.getLogger("localaws").setLevel(logging.INFO)
    asyncio.run(_Server(settings, listener, runner).run())


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise PortInUseError(
            f"port {port} of {HOST} is taken by {port_holder(port) or error}. "
            f"End that, or choose another port with --port or LOCALAWS_PORT."
        ) from None
    return listener


def _raise_file_limit() -> None:
    """Each warm function process takes three descriptors; 1024 are soon used."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def build_services(
    clock: Clock, endpoint: str, session_of: SessionOf | None = None
) -> tuple[CloudWatch, CodeDeploy, CodeBuild]:
    """The services that MiniStack lacks or that replace its own.

    Args:
        session_of: gives credentials of a service role, where IAM is enforced.
    """
    return (
        cloudwatch.build(clock, endpoint),
        codedeploy.build(clock, endpoint, session_of),
        codebuild.build(clock, endpoint, session_of),
    )


class _Server:
    """One server: its services, its snapshots, and the order in which they start and end."""

    def __init__(self, settings: Settings, listener: socket.socket, runner: TaskRunner) -> None:
        self._settings = settings
        self._listener = listener
        self._port: int = listener.getsockname()[1]
        endpoint = gateway.endpoint(self._port)
        clock = Clock(settings.minute_seconds)
        session_of = authorization.session_of if settings.enforce else None
        self._services = build_services(clock, endpoint, session_of)
        self._balancer = Balancer(clock, self._services[0], self._locate, balancers.target_groups)
        self._ecs: Ecs = ecs.build(clock, endpoint, runner, self._balancer.state)
        self._parts: tuple[Part, ...] = (*self._services, self._ecs)
        self._snapshots = Snapshots(settings.state_dir, self._parts, gateway.state_writers)
        self._ready = False

    def _locate(self, account: str, region: str, address: str, port: int) -> tuple[str, int]:
        return self._ecs.locate(account, region, address, port)

    def _patch(self) -> None:
        """Joins the services to MiniStack, and mends what it does otherwise than AWS."""
        for service in self._services:
            gateway.register(service)
        gateway.put_before(self._ecs.name, self._ecs.before)
        balancers.balance(self._balancer)
        metrics = self._services[0]
        logs.redirect_metrics(metrics)
        logs.pass_on_logs(metrics)
        logs.let_logs_grow()
        functions.weigh_aliases()
        functions.read_code_of_other_accounts()
        registry.keep_image_layers()
        network.complete_networks()
        secrets.know_empty_secrets()
        trails.keep_what_trails_are_made_with()
        functions.measure_functions(metrics)
        if self._settings.enforce:
            _, deployments, _ = self._services
            decisions = Decisions(self._settings.decisions_file)
            authorization.know_managed_policies()
            may_do = authorization.ask_as_aws_does(deployments.group_of, decisions)
            execution_roles.ask_execution_roles(may_do)

    async def run(self) -> None:
        """Serves until a signal comes."""
        from hypercorn.asyncio import serve as serve_asgi
        from hypercorn.config import Config

        self._patch()
        self._snapshots.restore()
        app = Application(gateway.asgi_app(), self._health, self._snapshots.touch)
        config = Config()
        config.bind = [f"fd://{self._listener.fileno()}"]
        config.keep_alive_timeout = 75
        config.graceful_timeout = 3
        config.loglevel = "WARNING"
        send_whole_answers()
        ending = _signalled()
        self._write_pid_file()
        starting = asyncio.create_task(self._start_services(app))
        try:
            await serve_asgi(app, config, shutdown_trigger=lambda: self._until(ending, starting))
        finally:
            await asyncio.to_thread(functions.end_functions)
            self._settings.pid_file.unlink(missing_ok=True)

    async def _until(self, ending: asyncio.Event, starting: asyncio.Task[None]) -> None:
        saving = asyncio.create_task(self._snapshots.run(self._settings.snapshot_seconds))
        await ending.wait()
        log.info("ending")
        for task in (saving, starting):
            task.cancel()
        await asyncio.gather(saving, starting, return_exceptions=True)
        await self._balancer.stop()
        for part in self._parts:
            await part.stop()
        await self._snapshots.save()

    async def _start_services(self, app: Application) -> None:
        """Begins background work once requests are answered: our services are clients of this server."""
        await app.started.wait()
        for part in self._parts:
            await part.start()
        await self._balancer.start()
        self._ready = True
        log.info("serving on %s:%d", HOST, self._port)

    def _health(self) -> dict[str, Any]:
        return {
            "name": "localaws",
            "version": version("lockgate"),
            "ministack": version("ministack"),
            "pid": os.getpid(),
            "home": str(self._settings.home),
            "minute_seconds": self._settings.minute_seconds,
            "ready": self._ready,
            "services": [part.name for part in self._parts],
            "task_runner": self._ecs.runner.name,
            "enforces": self._settings.enforce,
        }

    def _write_pid_file(self) -> None:
        pid = os.getpid()
        PidRecord(pid, start_mark(pid) or "", self._port).write(self._settings.pid_file)


def _signalled() -> asyncio.Event:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ending.set)
    return ending


class Application:
    """MiniStack's ASGI application with our health check, and an eye on what may have changed."""

    def __init__(
        self, inner: Callable[..., Any], health: Callable[[], dict[str, Any]], touch: Callable[[], None]
    ) -> None:
        self._inner = inner
        self._health = health
        self._touch = touch
        self.started = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answers one connection event, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, self._watching(send))
        elif scope["type"] == "http" and scope["path"] == HEALTH_PATH:
            await _answer_json(send, self._health())
        else:
            _note_repeated(scope)
            await self._inner(scope, receive, send)
            if scope.get("method") not in _QUIET_METHODS:
                self._touch()

    def _watching(self, send: Any) -> Any:
        async def watch(message: MutableMapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.started.set()

        return watch


def _note_repeated(scope: Scope) -> None:
    """Logs a request that an SDK sends again, since it did not get, or did not like, the first answer.

    What was done the first time then answers that it exists already. SDKs count their attempts in
    `amz-sdk-request` (AWS SDKs and Tools Reference Guide, "Retry behavior").
    """
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    attempt = headers.get(b"amz-sdk-request", "")
    if attempt and attempt.split(";")[0] != "attempt=1":
        what = headers.get(b"x-amz-target") or f"{scope['method']} {scope['path']}"
        log.info("%s comes again (%s)", what, attempt)


async def _answer_json(send: Any, data: dict[str, Any]) -> None:
    body = json.dumps(data).encode()
    headers: Sequence[tuple[bytes, bytes]] = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    )
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
