"""Reading declaration files, with errors that name the file, the line, the key and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from lockgate.errors import UsageError

Model = TypeVar("Model", bound=BaseModel)
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its data, and the line (from 1) on which each key stands."""

    path: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int]

    def line_of(self, key: KeyPath) -> int:
        """Line of a key, or of its nearest ancestor that stands in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def read(path: Path) -> Document:
    """Parses a YAML mapping.

    Raises:
        UsageError: the file is missing, is not YAML, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(
            f"{path}: no such file", hint="Run inside a Lockgate repository, or create it."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: cannot be read: {error}", hint="Check its permissions and encoding."
        ) from error
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        _index(node, (), lines, path)
        data = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:
        # A date that there is not, such as 2026-02-30, is no YAMLError.
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(
            f"{path}{where}: not valid YAML: {problem}", hint="Mend the syntax there."
        ) from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}:1: must be a mapping of keys to values", hint="See docs/configuration.md.")
    return Document(path, data, lines)


def _index(node: yaml.Node | None, at: KeyPath, lines: dict[KeyPath, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = (*at, str(key_node.value))
            if key in lines:
                raise UsageError(
                    f"{path}:{key_node.start_mark.line + 1}: {_dotted(key)} stands twice (first on line "
                    f"{lines[key]})",
                    hint="Keep one of them.",
                )
            lines[key] = key_node.start_mark.line + 1
            _index(value_node, key, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[(*at, position)] = item.start_mark.line + 1
            _index(item, (*at, position), lines, path)


def parse(
    document: Document, model: type[Model], data: dict[str, Any] | None = None, *, context: str = ""
) -> Model:
    """Builds a model from a document.

    Args:
        document: where the lines come from.
        model: the pydantic model to build.
        data: the data to use instead of the document's own (with overrides merged, say).
        context: said in front of each error, such as "for environment prod".

    Raises:
        UsageError: with one line for each thing that is wrong.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        problems = [_describe(document, item, model, context) for item in error.errors()]
        raise UsageError(
            "\n".join(problems), hint="Allowed keys and values: docs/configuration.md."
        ) from error


def _describe(document: Document, item: Any, model: type[BaseModel], context: str) -> str:
    key: KeyPath = tuple(part for part in item["loc"] if part != "[key]")
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = f"unknown key; allowed here: {', '.join(sorted(_fields_at(model, key[:-1])))}"
    elif item["type"] == "missing":
        message = "is required"
    elif item["type"] == "string_pattern_mismatch":
        message = f"{item['input']!r} does not match {item['ctx']['pattern']}"
    elif isinstance(item["input"], str | int | float | bool):
        message = f"{message}, but is {item['input']!r}"
    where = f"{document.path}:{document.line_of(key)}"
    name = _dotted(key)
    return ": ".join(part for part in (where, context, name, message) if part)


def _fields_at(model: type[BaseModel], key: KeyPath) -> list[str]:
    """Keys that are allowed at a place, found in the model's own JSON schema."""
    schema = model.model_json_schema()
    here: Any = schema
    for part in key:
        here = _resolve(schema, here)
        if isinstance(part, int):
            here = here.get("items", {})
        else:
            here = (
                here.get("properties", {}).get(part)
                or here.get("additionalProperties")
                or _first(here.get("patternProperties", {}))
            )
    return list(_resolve(schema, here).get("properties", {}))


def _first(mapping: dict[str, Any]) -> Any:
    return next(iter(mapping.values()), {})


def _resolve(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    while isinstance(node, dict) and "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node if isinstance(node, dict) else {}


def _dotted(key: KeyPath) -> str:
    return ".".join(str(part) for part in key)
