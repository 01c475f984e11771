"""Writes the tables of inputs and outputs, and the number of skipped checks, into the modules' READMEs:
`python -m tests.terraform.readmes`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.terraform.hcl import Block, blocks, folders

_MARKED = re.compile(r"(<!-- tables -->\n).*(<!-- /tables -->\n)", re.S)


def with_tables(folder: Path) -> str:
    """A folder's README with the tables that its HCL asks for.

    Raises:
        ValueError: the README has no place for them.
    """
    text = (folder / "README.md").read_text()
    if not _MARKED.search(text):
        raise ValueError(f"{folder}/README.md: put <!-- tables --> and <!-- /tables --> where they belong")
    tables = f"{_inputs(folder)}\n{_outputs(folder)}\n\n{_skipped(folder)}\n"
    return _MARKED.sub(lambda found: found[1] + tables + found[2], text)


def _skipped(folder: Path) -> str:
    """How many of checkov's checks do not hold here; each has its reason beside the resource."""
    found = sum(path.read_text().count("#checkov:skip=") for path in folder.glob("*.tf"))
    if not found:
        return "No check of checkov's is skipped."
    return f"{found} of checkov's checks are skipped, each with the reason beside its resource."


def _inputs(folder: Path) -> str:
    lines = ["## Inputs", "", "| name | what it is | type | default |", "|---|---|---|---|"]
    lines += [_input(block) for block in blocks(folder, "variable")]
    return "\n".join(lines) + "\n"


def _input(block: Block) -> str:
    default = block.attribute("default")
    shown = "required" if default is None else f"`{_flat(default)}`"
    kind = _flat(block.attribute("type") or "any")
    return f"| `{block.labels[0]}` | {block.text('description')} | `{kind}` | {shown} |"


def _outputs(folder: Path) -> str:
    lines = ["## Outputs", "", "| name | what it is |", "|---|---|"]
    lines += [f"| `{block.labels[0]}` | {block.text('description')} |" for block in blocks(folder, "output")]
    return "\n".join(lines)


def _flat(source: str) -> str:
    """A type on one line, with the separators that it needs there."""
    flat = re.sub(r"\s+", " ", re.sub(r"(?<=[^\s{(\[,])\n\s*(?=\w)", ", ", source))
    return flat.replace("{ ", "{").replace(" }", "}")


if __name__ == "__main__":
    for folder in folders():
        (folder / "README.md").write_text(with_tables(folder))
