"""How requests reach our services and MiniStack's, its state its files, and events their bus."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Mapping
from typing import Any

from localaws.clients import ROOT_SECRET
from localaws.ministack_patches.contract import Internal
from localaws.service import Handler, Service
from localaws.settings import HOST, Settings

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.app", "app", ("scope", "receive", "send")),
    Internal("ministack.app", "SERVICE_HANDLERS"),
    Internal("ministack.app", "SERVICE_REGISTRY"),
    Internal("ministack.app", "_state_map"),
    Internal("ministack.app", "_build_persistence_save_dict", ()),
    Internal("ministack.core.router", "SERVICE_PATTERNS"),
    Internal("ministack.core.persistence", "_state_format_version", ("service",)),
    Internal("ministack.core.persistence", "_json_default", ("obj",)),
    Internal("ministack.core.responses", "get_account_id", ()),
    Internal("ministack.core.responses", "get_region", ()),
    Internal("ministack.core.responses", "set_request_account_id", ("access_key_id",)),
    Internal("ministack.core.responses", "set_request_region", ("region",)),
    Internal("ministack.services.eventbridge", "_put_events", ("data", "allow_aws_source")),
)


_ENFORCING = {"AUTH": "true", "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": ROOT_SECRET}
"""What lets MiniStack enforce IAM, and what an account's own key signs with there: it may do everything."""


def environment(settings: Settings, port: int) -> dict[str, str]:
    """Environment variables to set before anything of MiniStack is imported.

    Whatever would listen on a second port or look for a Docker engine is off.
    """
    return {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state_dir),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.objects_dir),
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A socket that is not there: without this, containers of the user's engine would be looked through.
        "DOCKER_HOST": f"unix://{settings.home / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
        # Unpacked code goes where the next start finds and deletes it, also after kill -9.
        "TMPDIR": str(settings.tmp_dir),
        **(_ENFORCING if settings.enforce else {}),
    }


def asgi_app() -> Callable[..., Any]:
    """MiniStack's ASGI application."""
    from ministack import app

    application: Callable[..., Any] = app.app
    return application


def register(service: Service) -> None:
    """Routes a service's requests to it, in place of MiniStack's own where there is one."""
    from ministack import app
    from ministack.core import router

    route = service.route
    key = route.credential_scope
    router.SERVICE_PATTERNS[key] = {
        "host_patterns": list(route.host_patterns),
        "target_prefixes": list(route.target_prefixes),
        "credential_scope": key,
    }
    replaced = app.SERVICE_REGISTRY.get(key, {}).get("module")
    app._state_map.pop(replaced, None)
    app.SERVICE_HANDLERS[key] = service.handle


def put_before(key: str, handle: Callable[[Handler], Handler]) -> None:
    """Shows a service's requests to a handler of ours first; MiniStack keeps the service and its state.

    Args:
        key: name in MiniStack's handler table, such as "ecs".
        handle: is given MiniStack's handler, for what it passes on.
    """
    from ministack import app

    app.SERVICE_HANDLERS[key] = handle(app.SERVICE_HANDLERS[key])


def state_writers() -> Mapping[str, Callable[[], bytes]]:
    """For each MiniStack service in use, a function that gives the content of its state file.

    MiniStack itself writes these files only when it is shut down; its format is kept, it reads them.
    """
    from ministack import app

    return {key: _writer(key, state) for key, state in app._build_persistence_save_dict().items()}


def _writer(key: str, get_state: Callable[[], Any]) -> Callable[[], bytes]:
    from ministack.core import persistence

    def content() -> bytes:
        state = get_state()
        if state is None:
            return b""
        wrapped = {"__ministack_format__": persistence._state_format_version(key), "payload": state}
        return json.dumps(wrapped, default=persistence._json_default).encode()

    return content


def put_event(account: str, region: str, entry: dict[str, Any]) -> None:
    """Puts an event of an AWS service on the default bus of an account; called on the event loop.

    PutEvents refuses sources that begin with `aws.`, here as on AWS: only services may use them. So this
    calls MiniStack's own emitter in process.

    Args:
        entry: as in PutEvents.

    Raises:
        RuntimeError: the bus did not take it.
    """
    contextvars.Context().run(_put_event, account, region, entry)


def _put_event(account: str, region: str, entry: dict[str, Any]) -> None:
    from ministack.core import responses
    from ministack.services import eventbridge

    responses.set_request_account_id(account)
    responses.set_request_region(region)
    status, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    if status != 200 or b'"FailedEntryCount": 0' not in body:
        raise RuntimeError(f"EventBridge did not take the event: {body.decode(errors='replace')}")


def endpoint(port: int) -> str:
    """URL at which the server answers."""
    return f"http://{HOST}:{port}"
