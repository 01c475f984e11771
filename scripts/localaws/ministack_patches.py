"""The only module that touches MiniStack's internals; each patch says why it is there.

MiniStack is pinned exactly. `check_contract` compares what is patched or called here with what is
installed, and runs at every start: a changed internal ends the start with its name instead of a
canary that silently is none.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.service import Service
from localaws.settings import HOST, Settings


class ContractError(RuntimeError):
    """MiniStack is not what the patches were written for; names what changed."""


@dataclass(frozen=True)
class Internal:
    """A name in MiniStack that is patched or called here.

    Attributes:
        module: dotted module name.
        name: attribute, dotted for a member of a class.
        parameters: names of its parameters in order; None where it is not a function.
    """

    module: str
    name: str
    parameters: tuple[str, ...] | None = None


_REQUEST = ("method", "path", "headers", "body", "query_params")

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.app", "app", ("scope", "receive", "send")),
    Internal("ministack.app", "SERVICE_HANDLERS"),
    Internal("ministack.app", "_state_map"),
    Internal("ministack.app", "_build_persistence_save_dict", ()),
    Internal("ministack.core.router", "SERVICE_PATTERNS"),
    Internal("ministack.core.persistence", "_state_format_version", ("service",)),
    Internal("ministack.core.persistence", "_json_default", ("obj",)),
    Internal("ministack.core.responses", "get_account_id", ()),
    Internal("ministack.core.responses", "get_region", ()),
    Internal("ministack.core.lambda_runtime", "reset", ()),
)


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
    }


def check_contract() -> None:
    """Compares MiniStack's internals with what this module was written for.

    Raises:
        ContractError: a name is missing or takes other parameters.
    """
    broken = [problem for problem in map(_problem, INTERNALS) if problem]
    if broken:
        raise ContractError(
            "MiniStack's internals have changed: "
            + "; ".join(broken)
            + ". Install the pinned version, or adapt localaws/ministack_patches.py."
        )


def _problem(internal: Internal) -> str | None:
    where = f"{internal.module}.{internal.name}"
    try:
        found: Any = importlib.import_module(internal.module)
        for part in internal.name.split("."):
            found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
    except (ImportError, AttributeError):
        return f"{where} is gone"
    if internal.parameters is None:
        return None
    if not callable(found):
        return f"{where} is no function any more"
    names = tuple(inspect.signature(found).parameters)
    if names == internal.parameters:
        return None
    return f"{where} takes ({', '.join(names)}) instead of ({', '.join(internal.parameters)})"


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


def end_functions() -> None:
    """Ends every warm function process and deletes its unpacked code."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def endpoint(port: int) -> str:
    """URL at which the server answers."""
    return f"http://{HOST}:{port}"
