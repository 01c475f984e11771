"""A summary on a terminal or in a log."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.markup import escape

from lockgate.plans.model import Plan
from lockgate.plans.summary.entries import LOSING, OUTSIDE, entries, headline, warnings

_STYLES = {LOSING: "bold red", OUTSIDE: "yellow", "Destroy": "red", "Replace": "red", "Update": "yellow"}
_SIGNS = {"-": "red", "+": "green"}

_LINES = 12
"""Lines of what differs in one change, unless all are wanted."""


def show(plan: Plan, title: str, out: Console, *, details: bool = False) -> None:
    """Prints what a plan would do, the most dangerous first.

    Args:
        plan: it holds no secrets.
        title: what it is the plan of.
        out: where to.
        details: whether to print all that differs, also in what is created.
    """
    out.print(f"[bold]{escape(title)}[/]: {escape(headline(plan))}", soft_wrap=True)
    for warning in warnings(plan):
        out.print(f"[yellow]{escape(warning)}[/]", soft_wrap=True)
    for section, group in groupby(entries(plan), key=lambda entry: entry.section):
        out.print(f"\n[{_STYLES.get(section, 'bold')}]{escape(section)}[/]")
        for entry in group:
            remark = f" [dim]{escape(entry.remark)}[/]" if entry.remark else ""
            out.print(f"  {escape(entry.name)}{remark}", soft_wrap=True)
            _print_lines(section, entry.lines, out, details)


def _print_lines(section: str, lines: tuple[str, ...], out: Console, details: bool) -> None:
    if section == "Create" and not details:
        return
    shown = lines if details else lines[:_LINES]
    for line in shown:
        style = _SIGNS.get(line[:1], "dim")
        out.print(f"      {line}", style=style, markup=False, soft_wrap=True)
    if len(shown) < len(lines):
        out.print(f"      and {len(lines) - len(shown)} more lines: --details shows them", style="dim")
