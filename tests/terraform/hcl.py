"""Just enough HCL to look at formatted files: `terraform fmt` puts a top-level block's brace at column 0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
_BLOCK = re.compile(r'^(?P<kind>\w+)(?P<labels>(?: "[^"]+")*) \{\n(?P<body>.*?)^\}$', re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A top-level block.

    Args:
        kind: its first word, such as `variable`.
        labels: the quoted words after it.
        body: the lines between its braces.
    """

    kind: str
    labels: tuple[str, ...]
    body: str

    def attribute(self, name: str) -> str | None:
        """The source of an attribute directly inside, over all of its lines; None when there is none."""
        found = re.search(rf"^  {name} +?= (.*(?:\n(?:   .*|  [\])}}].*|))*)", self.body, re.M)
        return found[1].rstrip() if found else None

    def text(self, name: str) -> str | None:
        """A quoted attribute without its quotes and escapes."""
        source = self.attribute(name)
        return source.strip('"').replace("$${", "${").replace('\\"', '"') if source else None


def blocks(folder: Path, kind: str) -> list[Block]:
    """Top-level blocks of one kind in a folder's files, in the order of files and lines."""
    return [block for path in sorted(folder.glob("*.tf")) for block in _blocks(path) if block.kind == kind]


def _blocks(path: Path) -> Iterator[Block]:
    for match in _BLOCK.finditer(path.read_text()):
        yield Block(match["kind"], tuple(re.findall(r'"([^"]+)"', match["labels"])), match["body"])


def folders() -> list[Path]:
    """Every module and stack."""
    return sorted(path.parent for path in TERRAFORM.glob("*/*/versions.tf"))
