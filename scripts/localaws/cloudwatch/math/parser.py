"""Parsing a metric math expression into a function of the request's time series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch.math import functions, search
from localaws.cloudwatch.math.lexer import Token, tokens
from localaws.cloudwatch.math.values import Context, MathError, Value, binary, negate, number

Node = Callable[[Context], Value]

_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))


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
    if text.lstrip().upper().startswith("SELECT "):
        raise MathError("Metrics Insights queries are not supported by the local CloudWatch")
    parser = _Parser(tokens(text))
    node = parser.level(0)
    parser.expect("")
    return Expression(frozenset(parser.names), parser.uses_metrics, node)


class _Parser:
    """Recursive descent, one method per level of precedence."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0
        self.names: set[str] = set()
        self.uses_metrics = False

    def _peek(self, ahead: int = 0) -> str:
        kind, word = self._words[min(self._at + ahead, len(self._words) - 1)]
        return word if kind == "symbol" else ""

    def _next(self) -> Token:
        self._at += 1
        return self._words[self._at - 1]

    def _take(self, symbol: str) -> bool:
        found = self._peek() == symbol
        self._at += found
        return found

    def expect(self, symbol: str) -> None:
        """Takes a symbol, or the end where it is empty."""
        kind, word = self._next()
        if word != symbol or kind != ("symbol" if symbol else "end"):
            raise MathError(f"{symbol or 'the end'} was expected instead of {word or 'the end'}")

    def level(self, depth: int) -> Node:
        """Operators of one precedence, from the left."""
        if depth == len(_LEVELS):
            return self._unary()
        left = self.level(depth + 1)
        while self._peek() in _LEVELS[depth]:
            symbol = self._next().text
            left = _binary(symbol, left, self.level(depth + 1))
        return left

    def _unary(self) -> Node:
        if self._take("-"):
            operand = self._unary()
            return lambda context: negate(operand(context))
        base = self._primary()
        if self._take("^"):
            return _binary("^", base, self._unary())
        return base

    def _primary(self) -> Node:
        kind, word = self._next()
        if kind == "number":
            constant = float(word)
            return lambda _: constant
        if kind == "name":
            return self._call(word) if self._peek() == "(" else self._reference(word)
        if word == "(":
            inner = self.level(0)
            self.expect(")")
            return inner
        if word == "[":
            return self._array()
        raise MathError(f"{word or 'the end'} is not expected here")

    def _reference(self, name: str) -> Node:
        if name == "NOT":
            raise MathError("metric math has no NOT: compare with 0 instead")
        if not name[0].islower():
            raise MathError(f"{name} is neither an id nor a supported function")
        self.names.add(name)
        return lambda context: context.lookup(name)

    def _array(self) -> Node:
        items = [self._item()]
        while self._take(","):
            items.append(self._item())
        self.expect("]")
        return lambda context: functions.array((label(context), node(context)) for label, node in items)

    def _item(self) -> tuple[Callable[[Context], str], Node]:
        kind, word = self._words[self._at]
        alone = kind == "name" and self._peek(1) in (",", "]")
        return (lambda context: context.labels.get(word, word) if alone else ""), self.level(0)

    def _call(self, name: str) -> Node:
        if name == "NOT":
            return self._reference(name)
        self.expect("(")
        special = {
            "METRICS": self._metrics,
            "FILL": self._fill,
            "SORT": self._sort,
            "PERIOD": self._period,
            "SEARCH": self._search,
        }
        if name in special:
            node = special[name]()
            self.expect(")")
            return node
        if name in functions.UNSUPPORTED:
            raise MathError(f"the function {name} is not supported by the local CloudWatch")
        if name not in functions.FUNCTIONS:
            raise MathError(f"there is no function {name}")
        return self._function(name)

    def _function(self, name: str) -> Node:
        least, most, function = functions.FUNCTIONS[name]
        arguments = [self.level(0)]
        while self._take(","):
            arguments.append(self.level(0))
        self.expect(")")
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise MathError(f"{name} takes {wanted} argument(s), not {len(arguments)}")
        return lambda context: function(context, [argument(context) for argument in arguments])

    def _metrics(self) -> Node:
        self.uses_metrics = True
        part = self._next().text[1:-1] if self._words[self._at].kind == "text" else ""
        return lambda context: functions.metrics(context, part)

    def _fill(self) -> Node:
        series = self.level(0)
        self.expect(",")
        kind, word = self._words[self._at]
        if kind == "name" and word in ("REPEAT", "LINEAR"):
            self._next()
            return lambda context: functions.fill(context, series(context), word)
        filler = self.level(0)
        return lambda context: functions.fill(context, series(context), filler(context))

    def _sort(self) -> Node:
        array = self.level(0)
        self.expect(",")
        by = self._next().text
        self.expect(",")
        order = self._next().text
        limit = self.level(0) if self._take(",") else None
        return lambda context: functions.sort(
            array(context), by, order, None if limit is None else number(limit(context), "SORT")
        )

    def _search(self) -> Node:
        query = self._text()
        self.expect(",")
        wanted = search.parse(query, self._text())
        return lambda context: context.search(wanted)

    def _text(self) -> str:
        kind, word = self._next()
        if kind != "text":
            raise MathError(f"a text in quotes was expected instead of {word or 'the end'}")
        return word[1:-1]

    def _period(self) -> Node:
        name = self._next().text
        self.names.add(name)

        def evaluate(context: Context) -> Value:
            if name not in context.periods:
                raise MathError(f"PERIOD takes a metric, and {name or 'nothing'} is none")
            return context.periods[name]

        return evaluate


def _binary(symbol: str, left: Node, right: Node) -> Node:
    return lambda context: binary(symbol, left(context), right(context))
