"""A verdict for people: on the terminal, and as a part of a comment."""

from __future__ import annotations

from lockgate.checks.findings import Finding
from lockgate.checks.gate import Verdict


def line(finding: Finding) -> str:
    """One finding, as compilers write them."""
    about = f" ({finding.resource})" if finding.resource else ""
    return f"{finding.path}:{finding.first}: {finding.check_id}: {finding.name}{about}"


def summary(verdict: Verdict) -> str:
    """One line with all counts."""
    counts = {
        "failed": len(verdict.failed),
        "only shown": len(verdict.low),
        "waived": len(verdict.waived),
        "skipped beside the code, with a reason": len(verdict.skipped),
    }
    return "checkov: " + ", ".join(f"{count} {what}" for what, count in counts.items())


def markdown(verdict: Verdict, limit: int = 60_000) -> str:
    """A verdict as a part of a comment; what fails is a table, and what there is no room for is counted.

    Args:
        verdict: what was found.
        limit: characters that it may have.
    """
    head = f"**{'Passed' if verdict.passed else 'Failed'}** · {summary(verdict)}\n\n"
    rest = "".join(f"- {said}\n" for said in (*verdict.problems, *verdict.warnings))
    if len(rest) > limit // 2:
        rest = f"{rest[: limit // 2]} ...\n"
    return head + _table(verdict.failed, limit - len(head) - len(rest)) + rest


def _table(failed: tuple[Finding, ...], room: int) -> str:
    if not failed:
        return ""
    table = "| where | check | what it wants |\n|---|---|---|\n"
    for index, one in enumerate(failed):
        row = f"| `{one.path}:{one.first}` | {one.check_id} | {one.name.replace('|', '/')} |\n"
        if len(table) + len(row) > room - 100:
            return f"{table}\n**{len(failed) - index} more are left out here.** `make checkov` shows all.\n\n"
        table += row
    return f"{table}\n"
