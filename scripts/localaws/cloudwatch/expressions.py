"""Metric math: parsing an expression into a function of the request's time series."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch import functions
from localaws.cloudwatch.functions import Context, MathError, Value

Node = Callable[[Context], Value]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<symbol>&&|\|\||[<>=!]=|[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
_WORDS = {"AND": "&&", "OR": "||"}


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        names: ids that it refers to.
        uses_metrics: whether it calls METRICS().
        evaluate: computes its value; raises MathError.
    """

    names: frozenset[str]
    uses_metrics: bool
    evaluate: Node


def parse(text: str) -> Expression:
    """Parses an expression.

    Raises:
        MathError: names what is not understood.
    """
    parser = _Parser(_tokens(text))
    node = parser.level(0)
    parser.expect("")
    return Expression(frozenset(parser.names), parser.uses_metrics, node)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise MathError(f"{text[at:].strip()[:1]!r} is not understood")
        kind, token = match.lastgroup, match[match.lastgroup]
        found.append(("symbol", _WORDS[token]) if token in _WORDS else (kind, token))
        at = match.end()
    return [*found, ("end", "")]


class _Parser:
    """Recursive descent, one method per level of precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self.names: set[str] = set()
        self.uses_metrics = False

    def _peek(self) -> str:
        kind, token = self._tokens[self._at]
        return token if kind == "symbol" else ""

    def _next(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def expect(self, symbol: str) -> None:
        """Takes a symbol, or the end where it is empty."""
        kind, token = self._next()
        if token != symbol or kind != ("symbol" if symbol else "end"):
            raise MathError(f"{symbol or 'the end'} was expected instead of {token or 'the end'}")

    def level(self, depth: int) -> Node:
        """Operators of one precedence, from the left."""
        if depth == len(_LEVELS):
            return self._unary()
        left = self.level(depth + 1)
        while self._peek() in _LEVELS[depth]:
            symbol = self._next()[1]
            left = _binary(symbol, left, self.level(depth + 1))
        return left

    def _unary(self) -> Node:
        if self._peek() == "-":
            self._next()
            operand = self._unary()
            return lambda context: functions.negate(operand(context))
        base = self._primary()
        if self._peek() == "^":
            self._next()
            return _binary("^", base, self._unary())
        return base

    def _primary(self) -> Node:
        kind, token = self._next()
        if kind == "number":
            number = float(token)
            return lambda _: number
        if kind == "name":
            return self._call(token) if self._peek() == "(" else self._reference(token)
        if token == "(":
            inner = self.level(0)
            self.expect(")")
            return inner
        if token == "[":
            return _array(self._arguments("]"))
        raise MathError(f"{token or 'the end'} is not expected here")

    def _reference(self, name: str) -> Node:
        if not name[0].islower():
            raise MathError(f"{name} is neither an id nor a supported function")
        self.names.add(name)
        return lambda context: context.lookup(name)

    def _arguments(self, close: str) -> list[Node]:
        found = [self.level(0)]
        while self._peek() == ",":
            self._next()
            found.append(self.level(0))
        self.expect(close)
        return found

    def _call(self, name: str) -> Node:
        self.expect("(")
        if name == "METRICS":
            return self._metrics()
        if name == "FILL":
            return self._fill()
        if name not in ("IF", "ABS", *functions.AGGREGATES):
            raise MathError(f"the function {name} is not supported")
        arguments = self._arguments(")")
        wanted = 3 if name == "IF" else 1
        if len(arguments) != wanted:
            raise MathError(f"{name} takes {wanted} argument(s), not {len(arguments)}")
        return _function(name, arguments)

    def _metrics(self) -> Node:
        self.uses_metrics = True
        part = ""
        if self._tokens[self._at][0] == "text":
            part = self._next()[1][1:-1]
        self.expect(")")
        return lambda context: functions.metrics(context, part)

    def _fill(self) -> Node:
        series = self.level(0)
        self.expect(",")
        if self._tokens[self._at] == ("name", "REPEAT"):
            self._next()
            self.expect(")")
            return lambda context: functions.fill(context, series(context), "REPEAT")
        filler = self.level(0)
        self.expect(")")
        return lambda context: functions.fill(context, series(context), filler(context))


def _binary(symbol: str, left: Node, right: Node) -> Node:
    return lambda context: functions.binary(symbol, left(context), right(context))


def _function(name: str, arguments: list[Node]) -> Node:
    if name == "IF":
        return lambda context: functions.choose(context, *(argument(context) for argument in arguments))
    if name == "ABS":
        return lambda context: functions.absolute(context, arguments[0](context))
    return lambda context: functions.aggregate(name, arguments[0](context))


def _array(items: list[Node]) -> Node:
    def evaluate(context: Context) -> Value:
        values = [item(context) for item in items]
        found = [value for value in values if isinstance(value, dict)]
        if len(found) != len(values):
            raise MathError("an array holds time series only")
        return found

    return evaluate
