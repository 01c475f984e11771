"""Expressions of GitHub Actions ("Evaluate expressions in workflows and actions", "Contexts reference").

Stricter than GitHub on purpose: what does not exist is an error here, where GitHub gives an empty string, so
that tests find misspelt names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<operator>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*]))"
)
WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS = ("always", "success", "failure", "cancelled")


class ExpressionError(AssertionError):
    """An expression that names what is not there, or is none."""


@dataclass(frozen=True)
class Context:
    """What an expression may name.

    Attributes:
        values: contexts by name.
        status: `success`, `failure` or `cancelled`: what has come of the steps or jobs before.
    """

    values: Mapping[str, Any]
    status: str = "success"

    def text(self, template: Any) -> str:
        """A text with its `${{ }}` put in."""
        return WHOLE.sub(lambda match: to_string(self.value(match[1])), str(template))

    def evaluated(self, template: Any) -> Any:
        """A value of YAML; an expression that is all of a text keeps its type."""
        if isinstance(template, Mapping):
            return {key: self.evaluated(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self.evaluated(value) for value in template]
        if isinstance(template, str):
            whole = WHOLE.fullmatch(template.strip())
            return self.value(whole[1]) if whole else self.text(template)
        return template

    def holds(self, condition: Any) -> bool:
        """Whether an `if` holds; without a function of status `success()` is a part of it."""
        if condition is None:
            return self.status == "success"
        text = str(condition).lower() if isinstance(condition, bool) else str(condition)
        whole = WHOLE.fullmatch(text.strip())
        inner = whole[1] if whole else text
        asks = re.search(rf"\b(?:{'|'.join(STATUS)})\s*\(", inner)
        return truthy(self.value(inner)) and (asks is not None or self.status == "success")

    def value(self, expression: str) -> Any:
        """What an expression without its braces gives."""
        parser = _Parser(list(_tokens(expression)), self, expression)
        found = parser.either()
        if parser.left:
            raise ExpressionError(f"{expression!r}: {parser.left[0][1]!r} is too much")
        return found


def truthy(value: Any) -> bool:
    """What counts as true."""
    return value not in (None, False, 0, "")


def to_string(value: Any) -> str:
    """A value as a text, as GitHub writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"{text!r}: not understood from {text[position:]!r} on")
        position = match.end()
        assert match.lastgroup
        yield match.lastgroup, match[match.lastgroup]


@dataclass
class _Parser:
    left: list[tuple[str, str]]
    context: Context
    text: str

    def _take(self, *wanted: str) -> str | None:
        if self.left and self.left[0][0] == "operator" and self.left[0][1] in wanted:
            return self.left.pop(0)[1]
        return None

    def _need(self, wanted: str) -> None:
        if self._take(wanted) is None:
            raise ExpressionError(f"{self.text!r}: {wanted!r} is missing")

    def either(self) -> Any:
        found = self._both()
        while self._take("||"):
            other = self._both()
            found = found if truthy(found) else other
        return found

    def _both(self) -> Any:
        found = self._compared()
        while self._take("&&"):
            other = self._compared()
            found = other if truthy(found) else found
        return found

    def _compared(self) -> Any:
        found = self._negated()
        while operator := self._take("==", "!=", "<", "<=", ">", ">="):
            found = _compare(operator, found, self._negated())
        return found

    def _negated(self) -> Any:
        return not truthy(self._negated()) if self._take("!") else self._accessed()

    def _accessed(self) -> Any:
        found = self._primary()
        while operator := self._take(".", "["):
            if operator == ".":
                key: Any = "*" if self._take("*") else self.left.pop(0)[1]
            else:
                key = self.either()
                self._need("]")
            found = self._member(found, key)
        return found

    def _member(self, value: Any, key: Any) -> Any:
        if isinstance(value, Mapping) and key in value:
            return value[key]
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            return value[key]
        there = ", ".join(map(str, value)) if isinstance(value, Mapping) else type(value).__name__
        raise ExpressionError(f"{self.text!r}: there is no {key!r}; there is {there}")

    def _primary(self) -> Any:
        if self._take("("):
            found = self.either()
            self._need(")")
            return found
        if not self.left:
            raise ExpressionError(f"{self.text!r} ends too soon")
        kind, token = self.left.pop(0)
        if kind == "string":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return float(token) if "." in token else int(token)
        if kind == "name":
            return self._named(token)
        raise ExpressionError(f"{self.text!r}: {token!r} is not expected")

    def _named(self, name: str) -> Any:
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if self._take("("):
            arguments = [] if self._take(")") else self._arguments()
            return self._call(name, arguments)
        if name not in self.context.values:
            raise ExpressionError(f"{self.text!r}: there is no context {name!r} here")
        return self.context.values[name]

    def _arguments(self) -> list[Any]:
        found = [self.either()]
        while self._take(","):
            found.append(self.either())
        self._need(")")
        return found

    def _call(self, name: str, arguments: list[Any]) -> Any:
        if name in STATUS:
            return name == "always" or name == self.context.status
        if name not in _FUNCTIONS:
            raise ExpressionError(f"{self.text!r}: there is no function {name!r}")
        return _FUNCTIONS[name](*arguments)


def _compare(operator: str, one: Any, other: Any) -> bool:
    """Loosely: texts whatever their case, and different types as numbers."""
    if isinstance(one, str) and isinstance(other, str):
        one, other = one.casefold(), other.casefold()
    elif type(one) is not type(other):
        one, other = _number(one), _number(other)
    if operator in ("==", "!="):
        return (one == other) == (operator == "==")
    result: bool = {
        "<": lambda: one < other,
        "<=": lambda: one <= other,
        ">": lambda: one > other,
        ">=": lambda: one >= other,
    }[operator]()
    return result


def _number(value: Any) -> float:
    if value in (None, "", False):
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, str):
        return to_string(what).casefold() in where.casefold()
    return any(_compare("==", one, what) for one in where)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": _contains,
    "startsWith": lambda text, start: to_string(text).casefold().startswith(to_string(start).casefold()),
    "endsWith": lambda text, end: to_string(text).casefold().endswith(to_string(end).casefold()),
    "format": lambda text, *values: to_string(text).format(*map(to_string, values)),
    "join": lambda values, separator=",": separator.join(map(to_string, values)),
    "toJSON": json.dumps,
    "fromJSON": json.loads,
}
