"""Words of a metric math expression."""

from __future__ import annotations

import re
from typing import NamedTuple

from localaws.cloudwatch.math.values import MathError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<symbol>&&|\|\||[<>=!]=|[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_WORDS = {"AND": "&&", "OR": "||"}


class Token(NamedTuple):
    """A word: its kind (number, name, text, symbol or end) and how it is written."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """The words of an expression; the last one is its end.

    Raises:
        MathError: names the first character that begins no word.
    """
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise MathError(f"{text[at:].strip()[:1]!r} is not understood")
        kind, word = match.lastgroup, match[match.lastgroup]
        found.append(Token("symbol", _WORDS[word]) if word in _WORDS else Token(kind, word))
        at = match.end()
    return [*found, Token("end", "")]
