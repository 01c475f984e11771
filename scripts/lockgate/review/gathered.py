"""The plans that were made for a change, from the folders that `make plan` leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lockgate.errors import UsageError
from lockgate.plans.binding import parse_binding
from lockgate.plans.model import Plan, parse_plan
from lockgate.plans.saved import Saved, facts


@dataclass(frozen=True)
class Planned:
    """One stack's plan.

    Attributes:
        stack: name of the environment, or `tooling`.
        plan: what it would do, without secrets.
        facts: commit, account, version of Terraform, digest.
        shown: Terraform's own format, masked.
    """

    stack: str
    plan: Plan
    facts: tuple[str, ...]
    shown: Path

    @property
    def digest(self) -> str:
        """What an approval is for."""
        return self.facts[-1]


@dataclass(frozen=True)
class Gathered:
    """All plans of a change.

    Attributes:
        planned: those that are there, in the order of the stacks.
        missing: stacks that the change touches and that have none of this commit.
    """

    planned: tuple[Planned, ...]
    missing: tuple[str, ...] = ()


def gather(folder: Path, wanted: Iterable[str] | None, commit: str | None) -> Gathered:
    """Reads the plans in a folder. One that was made of another commit is none.

    Args:
        folder: with a folder for each stack, as `.build/plans`.
        wanted: stacks whose plans have to be there; None takes what there is.
        commit: what is reviewed.

    Raises:
        UsageError: a file is none of `make plan`.
    """
    there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    names = list(there if wanted is None else wanted)
    read = {name: _read(Saved(folder / name), name, commit) for name in names}
    found = {name: planned for name, planned in read.items() if planned is not None}
    return Gathered(tuple(found.values()), tuple(name for name in names if name not in found))


def _read(saved: Saved, stack: str, commit: str | None) -> Planned | None:
    if not all(path.is_file() for path in (saved.model, saved.shown, saved.binding)):
        return None
    binding = parse_binding(saved.binding.read_bytes(), str(saved.binding))
    if binding.commit != commit:
        return None
    try:
        data = json.loads(saved.model.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(
            f"{saved.model} is not JSON: {error}", hint=f"Make the plan of {stack} again."
        ) from error
    plan = parse_plan(data if isinstance(data, dict) else {}, str(saved.model))
    return Planned(stack, plan, tuple(facts(binding)), saved.shown)
