"""What MiniStack must be inside for the patches to fit."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


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


def check(internals: Iterable[Internal]) -> None:
    """Compares MiniStack's internals with what the patches were written for.

    Raises:
        ContractError: a name is missing or takes other parameters.
    """
    broken = [problem for problem in map(_problem, internals) if problem]
    if broken:
        raise ContractError(
            "MiniStack's internals have changed: "
            + "; ".join(broken)
            + ". Install the pinned version, or adapt localaws/ministack_patches."
        )
