"""JSON schemas for editors, and the defaults that Terraform reads: both are generated from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, TypeAdapter

from lockgate.config.container_service import ContainerService
from lockgate.config.kinds import MODELS
from lockgate.config.lambda_service import LambdaService
from lockgate.config.platform import BreakGlass, Environment, Platform
from lockgate.config.secrets import Secret
from lockgate.config.service import Alarms, Release
from lockgate.config.waivers import FILE, Waivers
from lockgate.notify.events import ReleaseEvent


def files() -> dict[str, str]:
    """Name and text of every generated file under `schemas/`."""
    parts = {"release": _defaults(Release), "alarms": _defaults(Alarms)}
    service_defaults = {kind: {**_defaults(model), **parts} for kind, model in MODELS.items()}
    service_defaults["secret"] = _defaults(Secret)
    platform_defaults = {
        **_defaults(Platform),
        "break_glass": _defaults(BreakGlass),
        "environment": _defaults(Environment),
    }
    documents: dict[str, Any] = {
        "platform.schema.json": _schema(Platform.model_json_schema(), "platform.yaml"),
        "service.schema.json": _schema(_of_any_kind(), "service.yaml"),
        "release-event.schema.json": _schema(
            ReleaseEvent.model_json_schema(mode="serialization"), "Lockgate release event"
        ),
        "checkov-waivers.schema.json": _schema(Waivers.model_json_schema(), FILE),
        "platform.defaults.json": platform_defaults,
        "service.defaults.json": service_defaults,
    }
    return {name: json.dumps(value, indent=2, sort_keys=True) + "\n" for name, value in documents.items()}


def write(folder: Path) -> list[str]:
    """Writes what is not current; returns the names of what it wrote."""
    folder.mkdir(exist_ok=True)
    stale = outdated(folder)
    for name in stale:
        (folder / name).write_text(files()[name], encoding="utf-8")
    return stale


def outdated(folder: Path) -> list[str]:
    """Names of generated files that are missing or differ from the models."""

    def text(name: str) -> str:
        path = folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    return [name for name, expected in files().items() if text(name) != expected]


def _of_any_kind() -> dict[str, Any]:
    """The schema by whose `kind` an editor offers the keys of that kind."""
    return TypeAdapter(Annotated[LambdaService | ContainerService, Discriminator("kind")]).json_schema()


def _schema(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if not field.is_required() and not isinstance(field.get_default(call_default_factory=True), BaseModel)
    }
