"""Rules of composite alarms: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c))`.

Grammar from PutCompositeAlarm (CloudWatch API reference); alarms are named by name or ARN.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch.alarms.criteria import ALARM, INSUFFICIENT_DATA, OK

States = Callable[[str], str | None]
"""State of an alarm by its name; None where there is no such alarm."""

_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<state>{ALARM}|{OK}|{INSUFFICIENT_DATA})\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>[^\s()"]+))\s*\)
    | (?P<word>AND\b|OR\b|NOT\b|TRUE\b|FALSE\b|[()])
    )""",
    re.VERBOSE,
)


class RuleError(ValueError):
    """A rule that is not understood; the message says where."""


@dataclass(frozen=True)
class Rule:
    """A parsed rule: the names of the alarms that it looks at, and its test."""

    alarms: tuple[str, ...]
    test: Callable[[States], bool]


def parse(text: str) -> Rule:
    """Parses an AlarmRule.

    Raises:
        RuleError: it is not understood.
    """
    parser = _Parser(_tokens(text))
    test = parser.either()
    parser.end()
    return Rule(tuple(dict.fromkeys(parser.alarms)), test)


def _tokens(text: str) -> list[re.Match[str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise RuleError(f"{text[at:].strip()[:40]!r} is not understood")
        found.append(match)
        at = match.end()
    return found


class _Parser:
    """Recursive descent: OR binds least, then AND, then NOT."""

    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self.alarms: list[str] = []

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at]["word"] == word
        self._at += found
        return found

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            raise RuleError(f"{self._tokens[self._at][0].strip()!r} is not expected")

    def either(self) -> Callable[[States], bool]:
        """Terms joined by OR."""
        tests = [self._both()]
        while self._take("OR"):
            tests.append(self._both())
        return lambda states: any(test(states) for test in tests)

    def _both(self) -> Callable[[States], bool]:
        tests = [self._single()]
        while self._take("AND"):
            tests.append(self._single())
        return lambda states: all(test(states) for test in tests)

    def _single(self) -> Callable[[States], bool]:
        if self._take("NOT"):
            inner = self._single()
            return lambda states: not inner(states)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise RuleError("a closing parenthesis is missing")
            return inner
        if self._take("TRUE"):
            return lambda _: True
        return (lambda _: False) if self._take("FALSE") else self._alarm()

    def _alarm(self) -> Callable[[States], bool]:
        if self._at >= len(self._tokens) or not self._tokens[self._at]["state"]:
            raise RuleError("an alarm's state, such as ALARM(name), is missing")
        match = self._tokens[self._at]
        self._at += 1
        wanted, given = match["state"], match["quoted"] or match["plain"]
        name = given.rpartition(":alarm:")[2]
        self.alarms.append(name)
        return lambda states: states(name) == wanted
