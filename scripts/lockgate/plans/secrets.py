"""Texts that must not be shown, and taking them out of whatever is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

MASK = "(sensitive)"
MASK_CHANGED = "(sensitive, changed)"

_WHOLE = 4
"""Characters from which a value that equals a secret is masked wherever it stands: a shorter one, such as a
port or `dev`, is equal to others by chance."""

_WITHIN = 6
"""Characters from which a secret is also masked within longer texts."""


@dataclass(frozen=True)
class Secrets:
    """Values that a plan marks as sensitive.

    Terraform marks where a value comes from and not the value: a provider that copies a sensitive input into
    another attribute (`output` of `terraform_data`, say) gets it shown in plain text. So what was marked in
    one place is masked in all.

    Args:
        texts: the values, numbers as JSON writes them.
    """

    texts: frozenset[str] = field(default_factory=frozenset, repr=False)

    @classmethod
    def of(cls, values: Iterable[Any]) -> Secrets:
        """Secrets from marked values: each text and number in them."""
        return cls(frozenset(_leaves(list(values))) - {MASK, MASK_CHANGED, ""})

    def scrub(self, text: str) -> str:
        """The text with a mask for each secret in it."""
        if text in (MASK, MASK_CHANGED):
            return text
        if len(text) >= _WHOLE and text in self.texts:
            return MASK
        return self._scrub_within(text)

    def scrubbed(self, value: Any) -> Any:
        """JSON with a mask for each secret in it; in keys for long ones only, since keys are mostly names."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, dict):
            return {self._scrub_within(key): self.scrubbed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.scrubbed(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = json.dumps(value)
            return MASK if self.scrub(written) != written else value
        return value

    def _scrub_within(self, text: str) -> str:
        return self._within.sub(MASK, text) if self._within is not None else text

    @cached_property
    def _within(self) -> re.Pattern[str] | None:
        """Finds them as they are and as they stand in JSON within a text, which HCL's jsonencode writes with
        `<`, `>` and `&` escaped too (Terraform's documentation, "jsonencode")."""
        long = {text for text in self.texts if len(text) >= _WITHIN}
        found = {form for text in long for form in _forms(text)}
        longest_first = sorted(found, key=lambda form: (-len(form), form))
        return re.compile("|".join(map(re.escape, longest_first))) if found else None


def _forms(text: str) -> Iterable[str]:
    yield text
    for ascii_only in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield quoted
        yield quoted.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
