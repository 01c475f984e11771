"""What a rehearsal declares in its clone, as its users would: accounts, a webhook, a service with secrets."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lockgate.config import TOOLING, LambdaService, Project
from lockgate.errors import UsageError

SERVICE = "rehearsal"
"""The service with secrets; its hook sends it a smoke event, which it answers with what it could read."""

NOTIFIER = "notifier"
"""The service that tells the webhook, where the repository has it, as in `stacks/workload/notifier.tf`."""

_SECRETS = {
    "password": {"variable": "PASSWORD"},
    "api-key": {"store": "parameter_store", "variable": "API_KEY"},
}
_TOLD = {"email": {"critical": ["oncall@example.com"]}}
_IDS = {"owner_id": 1, "repository_id": 2}
_TESTED = "tests/unit/config"
"""What a build tests here: what is rehearsed is its role, and all quick tests take half a minute."""


def at_home(
    declared: dict[str, Any], names: Collection[str], endpoint_url: str, minute_seconds: float
) -> dict[str, Any]:
    """platform.yaml with accounts at an embedded AWS, set up as real ones are, and with people who are told.

    Args:
        declared: platform.yaml.
        names: environments that are rehearsed; others stay where they are, and so share nothing with these.
        endpoint_url: the embedded AWS.
        minute_seconds: seconds of a CodeDeploy minute.

    Raises:
        UsageError: there is no tooling account.
    """
    if not declared.get(TOOLING):
        raise UsageError(
            "platform.yaml has no tooling account",
            hint="A rehearsal is that of several accounts: declare it there first.",
        )
    here = {"endpoint_url": endpoint_url, "bootstrapped": True, "minute_seconds": minute_seconds}
    told = {**_TOLD, **(declared.get("notifications") or {}), "webhook": "json"}
    own = {**here, "build_for": "host", "notifications": told}
    environments = {
        name: {**one, **(own if name in names else {}), "promotes_from": _source(one, name in names, names)}
        for name, one in declared["environments"].items()
    }
    return {
        **declared,
        "github": {**_IDS, "repository": "acme/lockgate", **(declared.get("github") or {})},
        "notifications": told,
        TOOLING: {**declared[TOOLING], **here},
        "environments": environments,
    }


def _source(environment: dict[str, Any], rehearsed: bool, names: Collection[str]) -> str | None:
    """Where it promotes from, if that is in the same AWS."""
    source = environment.get("promotes_from")
    return source if (source in names) == rehearsed else None


def made_up(service: str, secret: str) -> str:
    """A value for a secret."""
    return f"made up for {secret} of {service}"


def secrets_of(project: Project, environment: str) -> Iterator[tuple[str, str]]:
    """Each secret that a service of an environment declares: the service, and the secret's name."""
    for name, service in project.services(environment, ()).items():
        yield from ((name, secret) for secret in sorted(service.secrets))


def add_service(project: Project, environment: str) -> None:
    """Adds a service that reads two secrets, and answers its smoke event with a digest of them.

    Args:
        project: the clone.
        environment: any; hooks are the same in all.

    Raises:
        UsageError: there is such a folder.
    """
    folder = project.root / "lambdas" / SERVICE
    if folder.exists():
        raise UsageError(
            f"{folder.relative_to(project.root)} exists", hint="A rehearsal adds one of that name: rename it."
        )
    (folder / "src").mkdir(parents=True)
    code = files("lockgate.rehearsal") / "service" / "app.py"
    (folder / "src" / "app.py").write_text(code.read_text(encoding="utf-8"), encoding="utf-8")
    text = yaml.safe_dump(_declaration(_hook(project, environment)), sort_keys=False)
    (folder / "service.yaml").write_text(text, encoding="utf-8")


def _hook(project: Project, environment: str) -> str | None:
    found = project.services(environment, ()).items()
    return next((name for name, one in found if isinstance(one, LambdaService) and one.codedeploy_hook), None)


def _declaration(hook: str | None) -> dict[str, Any]:
    read = "".join(made_up(SERVICE, secret) for secret in _SECRETS)
    return {
        "kind": "lambda",
        "description": "Opens its secrets",
        "hook": hook,
        "secrets": _SECRETS,
        "smoke": [
            {
                "name": "opens its secrets",
                "event": {},
                "expect_status": 200,
                "expect_body_contains": hashlib.sha256(read.encode()).hexdigest(),
            }
        ],
        "release": {"strategy": "all_at_once", "bake_minutes": 0},
    }


def shorten_build(root: Path) -> None:
    """Lets a build use the tools of this machine, and test a little: CodeBuild begins without any."""
    file = root / "buildspec.yml"
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    # Make takes MAKEFLAGS for a part of its command line (GNU make manual, "Communicating Options").
    tools = {"MAKEFLAGS": f"SETUP=true BIN={sys.prefix}/bin", "PYTEST_ADDOPTS": _TESTED}
    spec.setdefault("env", {}).setdefault("variables", {}).update(tools)
    file.write_text(yaml.safe_dump(spec, sort_keys=False, width=1000), encoding="utf-8")
