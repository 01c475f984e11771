"""Reading Terraform's language as far as blocks, with their lines; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

from lockgate.errors import UsageError

_ESCAPED = re.compile(r"[\\$%]")
"""What makes a text more than its characters: escapes and interpolations."""


@dataclass(frozen=True)
class Value:
    """What stands behind the `=` of an attribute.

    Attributes:
        line: where.
        literal: the text or the map of texts that it is; None where it has to be evaluated.
        reference: what it names, such as aws.other, where it is nothing but a name.
    """

    line: int
    literal: str | Mapping[str, Any] | None
    reference: str | None = None


@dataclass(frozen=True)
class Block:
    """A block such as `resource "aws_s3_bucket" "this" { ... }`.

    Attributes:
        path: the file.
        line: where it begins.
        kind: its first word.
        labels: the words between that and the brace.
        attributes: its own, by name.
        blocks: those within it.
    """

    path: Path
    line: int
    kind: str
    labels: tuple[str, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    @property
    def label(self) -> str:
        """The first label; empty where there is none."""
        return self.labels[0] if self.labels else ""

    def of(self, *kinds: str) -> Iterator[Block]:
        """Blocks within it, of some kinds."""
        return (block for block in self.blocks if block.kind in kinds)

    def literal(self, name: str) -> str | Mapping[str, Any] | None:
        """What an attribute says where nothing has to be evaluated for that."""
        value = self.attributes.get(name)
        return value.literal if value else None


def blocks_of(path: Path) -> tuple[Block, ...]:
    """The blocks of a file; the same content is parsed once.

    Raises:
        UsageError: it is not valid HCL, or nothing that the parser knows, or labels in it hide what they are.
    """
    try:
        return _parsed(path, path.read_text(encoding="utf-8"))
    except (LarkError, UnicodeDecodeError, OSError) as error:
        line = getattr(error, "line", 1)
        raise UsageError(
            f"{path}:{line}: cannot be read as HCL: {str(error).splitlines()[0]}",
            hint="Mend it; `terraform fmt` says more about what is wrong.",
        ) from error


@cache
def _parsed(path: Path, text: str) -> tuple[Block, ...]:
    return tuple(_blocks(hcl2.parses_to_tree(text), path))


def _blocks(tree: Tree[Token], path: Path) -> Iterator[Block]:
    body = _child(tree, "body")
    for node in _trees(body) if body is not None else ():
        if node.data == "block":
            yield _block(node, path)


def _block(node: Tree[Token], path: Path) -> Block:
    kind, *labels = (_word(child) for child in _trees(node) if child.data in ("identifier", "string"))
    if any(_ESCAPED.search(label) for label in labels):
        raise UsageError(
            f"{path}:{node.meta.line}: the labels {', '.join(labels)} of {kind} are written with escapes",
            hint="Write them out, so that they are what they look like.",
        )
    body = _child(node, "body")
    found = _trees(body) if body is not None else []
    attributes = {_word(child): _value(child) for child in found if child.data == "attribute"}
    inner = tuple(_block(child, path) for child in found if child.data == "block")
    return Block(path, node.meta.line, kind, tuple(labels), attributes, inner)


def _value(attribute: Tree[Token]) -> Value:
    value = _trees(attribute)[-1]
    return Value(attribute.meta.line, _literal(value), _reference(value))


def _literal(node: Tree[Token]) -> str | dict[str, Any] | None:
    if node.data == "string":
        text = _text(node)
        return None if _ESCAPED.search(text) else text
    if node.data == "object":
        pairs = [_trees(element) for element in _trees(node) if element.data == "object_elem"]
        return {_text(pair[0]).strip('"'): _literal(pair[-1]) for pair in pairs}
    inner = _trees(node)
    return _literal(inner[0]) if node.data == "expr_term" and len(inner) == 1 else None


def _reference(node: Tree[Token]) -> str | None:
    words = _source(node)
    return words if re.fullmatch(r"[\w-]+(\.[\w-]+)*", words) else None


def _word(node: Tree[Token]) -> str:
    """The name that a node is, or that it begins with."""
    inner = next((child for child in _trees(node) if child.data == "identifier"), node)
    return _text(inner) if inner.data == "string" else _source(inner)


def _text(node: Tree[Token]) -> str:
    return _source(node).removeprefix('"').removesuffix('"')


def _source(node: Tree[Token]) -> str:
    return "".join(str(token) for token in node.scan_values(lambda value: isinstance(value, Token))).strip()


def _trees(node: Tree[Token]) -> list[Tree[Token]]:
    return [
        child for child in node.children if isinstance(child, Tree) and child.data != "new_line_or_comment"
    ]


def _child(node: Tree[Token], kind: str) -> Tree[Token] | None:
    return next((child for child in _trees(node) if child.data == kind), None)
