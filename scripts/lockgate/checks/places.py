"""The lines of the resources that a plan names.

checkov gives what it finds in a plan the plan's own name and lines, which nobody can open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lockgate.checks.findings import Finding
from lockgate.checks.stage import plan_name

_SOURCE = re.compile(r'^\s*source\s*=\s*"(?P<source>\.{1,2}/[^"]+)"', re.MULTILINE)


def placed(findings: Sequence[Finding], root: Path, stacks: Sequence[Path]) -> list[Finding]:
    """Findings with those of plans on the lines of their resources, and each thing once.

    What the HCL scan has found as well stands there already, with the same check on the same line, and is
    what counts: it knows the comment that skips it. A resource that is nowhere in the stack's files keeps the
    stack's folder and line 1.

    Args:
        findings: what the scan found.
        root: the repository.
        stacks: the root module of each plan, in the order of the plans.
    """
    of_plan: Mapping[str, Path] = {plan_name(number): stack for number, stack in enumerate(stacks)}
    found: dict[tuple[str, ...], Finding] = {}
    for finding in sorted(findings, key=lambda one: one.path in of_plan):
        stack = of_plan.get(finding.path)
        moved = _moved(finding, root, stack) if stack is not None else finding
        # Callers of a module find the same on the same line; what has no line is told apart by its resource.
        where = str(moved.first) if moved.first else moved.resource
        found.setdefault((moved.check_id, moved.path, where), moved)
    named = (replace(finding, first=finding.first or 1) for finding in found.values())
    return sorted(named, key=lambda finding: (finding.path, finding.first, finding.check_id))


def _moved(finding: Finding, root: Path, stack: Path) -> Finding:
    """The finding on the line of its resource; in the stack's folder without a line where that is nowhere."""
    place = _place(stack, finding.resource.split("."))
    path, first = place or (stack, 0)
    return replace(finding, path=_name(path, root), first=first, last=max(first, 1))


def _name(path: Path, root: Path) -> str:
    return path.resolve().relative_to(root.resolve()).as_posix()


def _place(folder: Path, parts: Sequence[str]) -> tuple[Path, int] | None:
    """File and line of a resource's block, through the modules that its address names."""
    if len(parts) > 2 and parts[0] == "module":
        found = _block(folder, rf'module\s+"{re.escape(parts[1])}"')
        source = _SOURCE.search(found[2]) if found else None
        return _place((folder / source["source"]).resolve(), parts[2:]) if source else None
    kind, (of_type, name) = ("data", parts[1:3]) if parts[0] == "data" else ("resource", parts[:2])
    found = _block(folder, rf'{kind}\s+"{re.escape(of_type)}"\s+"{re.escape(name)}"')
    return found[:2] if found else None


def _block(folder: Path, head: str) -> tuple[Path, int, str] | None:
    """File, line, and text from there on, of the block with a head."""
    for path in sorted(folder.glob("*.tf")):
        text = path.read_text(encoding="utf-8")
        match = re.search(rf"^{head}\s*\{{", text, re.MULTILINE)
        if match:
            return path, text.count("\n", 0, match.start()) + 1, text[match.start() :]
    return None
