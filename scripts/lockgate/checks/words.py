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


def markdown(verdict: Verdict) -> str:
    """A verdict as a part of a comment; what fails is a table."""
    lines = [f"**{'Passed' if verdict.passed else 'Failed'}** · {summary(verdict)}", ""]
    if verdict.failed:
        lines += ["| where | check | what it wants |", "|---|---|---|"]
        lines += [
            f"| `{one.path}:{one.first}` | {one.check_id} | {one.name.replace('|', '/')} |"
            for one in verdict.failed
        ]
        lines.append("")
    lines += [f"- {problem}" for problem in (*verdict.problems, *verdict.warnings)]
    return "\n".join(lines).rstrip() + "\n"
