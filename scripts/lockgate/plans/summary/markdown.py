"""A summary as Markdown, for a comment on a pull request or the summary of a job."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from lockgate.plans.model import Plan
from lockgate.plans.summary.entries import Entry, entries, headline, warnings

LIMIT = 65_535
"""Characters of a comment: GitHub refuses one of more than 65,536 ("Body is too long")."""

LEAST = 2_000
"""Characters without which not even the head would fit."""

_HEAD = 900
"""Characters of the warnings before they are cut: they name what can be long."""

_FOOT = 400
"""Characters kept for saying what was left out."""


def markdown(plan: Plan, title: str, facts: Sequence[str] = (), limit: int = LIMIT) -> str:
    """The plan as Markdown, with everything in it as far as there is room.

    The names of what changes come first, then what differs in each, the most dangerous first; what there is
    no room for is counted.

    Args:
        plan: it holds no secrets.
        title: what it is the plan of, such as an environment.
        facts: short texts for the line under the title: commit, digest.
        limit: characters that it may have.

    Raises:
        ValueError: the limit is too small for any summary.
    """
    if limit < LEAST:
        raise ValueError(f"a summary needs {LEAST} characters, and {limit} are allowed")
    head = _head(plan, title, facts)
    every = list(entries(plan))
    room = limit - len(head) - _FOOT
    named, room = _fitting(every, room)
    detailed = _with_details(named, room)
    shown = [
        (entry, _detail(entry) if index in detailed else _line(entry)) for index, entry in enumerate(named)
    ]
    body = "".join(
        f"\n### {section}\n\n{''.join(text for _, text in group)}"
        for section, group in groupby(shown, key=lambda item: item[0].section)
    )
    without = sum(1 for index, entry in enumerate(named) if entry.lines and index not in detailed)
    return head + body + _foot(every[len(named) :], without)


def _head(plan: Plan, title: str, facts: Sequence[str]) -> str:
    said = "".join(f"\n> {_plain(_cut(warning, _HEAD // 3))}  " for warning in warnings(plan))
    line = _cut(" · ".join(facts), _HEAD // 3)
    return (
        f"## {_cut(title, 80)}: {headline(plan)}\n"
        + (f"\n{line}\n" if line else "")
        + (f"{said}\n" if said else "")
    )


def _fitting(every: list[Entry], room: int) -> tuple[list[Entry], int]:
    """The first entries whose lines fit, and the room that is left then."""
    named: list[Entry] = []
    for entry in every:
        new = not named or named[-1].section != entry.section
        needed = len(_line(entry)) + (len(f"\n### {entry.section}\n\n") if new else 0)
        if needed > room:
            break
        room -= needed
        named.append(entry)
    return named, room


def _with_details(named: list[Entry], room: int) -> set[int]:
    """Positions of the entries that are shown with what differs."""
    found = set()
    for index, entry in enumerate(named):
        needed = len(_detail(entry)) - len(_line(entry))
        if entry.lines and needed <= room:
            room -= needed
            found.add(index)
    return found


def _line(entry: Entry) -> str:
    return f"- {_code(entry.name)}{_remark(entry)}\n"


def _detail(entry: Entry) -> str:
    longest = max((len(run) for run in re.findall("`+", "\n".join(entry.lines))), default=0)
    fence = "`" * max(3, longest + 1)
    name = f"<code>{html.escape(entry.name)}</code>{_remark(entry)}"
    block = "\n".join((f"{fence}diff", *entry.lines, fence))
    return f"<details><summary>{name}</summary>\n\n{block}\n\n</details>\n"


def _remark(entry: Entry) -> str:
    return f" {_plain(entry.remark)}" if entry.remark else ""


def _plain(text: str) -> str:
    """Text that is read as text, whatever is in it; GitHub makes a mention of each @name."""
    return html.escape(text, quote=False).replace("@", "&#64;").replace("\n", " ")


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def _foot(left: list[Entry], without: int) -> str:
    """What was left out: entries, and what differs in others."""
    said = []
    if left:
        counted = Counter(entry.section for entry in left)
        by_section = ", ".join(f"{section}: {count}" for section, count in counted.items())
        said.append(f"{len(left)} changes are left out here ({by_section})")
    if without:
        said.append(f"what differs in {without} changes is left out here")
    return f"\n**{'; '.join(said)}.** `make plan` shows all of it.\n" if said else ""
