"""The kinds of services: the folder that each lives in, and what its `service.yaml` may say."""

from __future__ import annotations

from typing import Any

from lockgate.config.container_service import ContainerService
from lockgate.config.lambda_service import LambdaService
from lockgate.config.loading import Document
from lockgate.config.service import Service
from lockgate.errors import UsageError

MODELS: dict[str, type[Service]] = {"lambda": LambdaService, "container": ContainerService}
FOLDERS = {"lambda": "lambdas", "container": "containers"}


def model_of(document: Document, data: dict[str, Any]) -> type[Service]:
    """The model of a declaration, by its kind.

    Raises:
        UsageError: it names no kind, or one that has another folder.
    """
    kind = data.get("kind")
    where = f"{document.path}:{document.line_of(('kind',))}: kind"
    if kind is None:
        raise UsageError(f"{where}: is required", hint=f"Add `kind:` with one of {', '.join(MODELS)}.")
    if kind not in MODELS:
        raise UsageError(f"{where}: {kind!r} is none of {', '.join(MODELS)}", hint="Correct it.")
    if document.path.parent.parent.name != FOLDERS[kind]:
        raise UsageError(
            f"{where}: a {kind} service does not belong into {document.path.parent.parent.name}/",
            hint=f"Move its folder to {FOLDERS[kind]}/, or correct the kind.",
        )
    return MODELS[kind]
