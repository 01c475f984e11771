"""Plans and findings as one comment, within GitHub's limit."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.checks.gate import Verdict
from lockgate.checks.words import markdown as findings
from lockgate.plans.summary.entries import headline
from lockgate.plans.summary.markdown import LEAST, LIMIT
from lockgate.plans.summary.markdown import markdown as plan_markdown
from lockgate.review.gathered import Gathered, Planned

_FOR_FINDINGS = 12_000
"""Characters for checkov's part, so that findings never crowd out the plans."""

_MARK = 100
"""Characters that are left for the mark of the comment."""


def markdown(gathered: Gathered, verdict: Verdict, limit: int = LIMIT) -> str:
    """What would change in each stack, the most dangerous first, and what checkov finds.

    Plans share the room: one that needs less leaves the rest to the others. A plan that there is no room for
    is named in the table.

    Args:
        gathered: the plans; they hold no secrets.
        verdict: checkov's.
        limit: characters that it may have.
    """
    found = findings(verdict, _FOR_FINDINGS)
    head = _head(gathered, verdict)
    room = limit - _MARK - len(head) - len(found) - len("\n## checkov\n\n") - 2 * len(gathered.planned)
    plans = _plans([one for one in gathered.planned if not one.plan.is_empty], room)
    return "\n\n".join([head.rstrip(), *plans, f"## checkov\n\n{found}"])


def _head(gathered: Gathered, verdict: Verdict) -> str:
    changing = sum(not one.plan.is_empty for one in gathered.planned)
    plans = f"{changing} of {len(gathered.planned)} plans would change something"
    # Of a fork's change nothing is planned, whatever it touches.
    said = [plans if gathered.planned else "nothing was planned"]
    if gathered.missing:
        said.append(f"no plan of {', '.join(gathered.missing)}")
    said.append(f"checkov {'passed' if verdict.passed else 'failed'}")
    rows = [f"| {one.stack} | {_would(one)} | `{one.digest[:12]}` |" for one in gathered.planned]
    rows += [f"| {name} | **no plan: its job failed** | |" for name in gathered.missing]
    table = ["", "| stack | would | digest |", "|---|---|---|", *rows] if rows else []
    head = "; ".join(said)
    return "\n".join([f"# {head[0].upper()}{head[1:]}", *table, ""])


def _would(planned: Planned) -> str:
    said = headline(planned.plan)
    losing = len(planned.plan.losing)
    return f"{said}; **{losing} lost for good**" if losing else said


def _plans(planned: Sequence[Planned], room: int) -> list[str]:
    """The plans, each in an even share of the room at least, from the smallest on."""
    shown: dict[str, str] = {}
    whole = {one.stack: plan_markdown(one.plan, f"Plan for {one.stack}", one.facts) for one in planned}
    for index, one in enumerate(sorted(planned, key=lambda one: len(whole[one.stack]))):
        share = room // (len(planned) - index)
        text = whole[one.stack]
        if len(text) > share:
            if share < LEAST:
                break
            text = plan_markdown(one.plan, f"Plan for {one.stack}", one.facts, share)
        shown[one.stack] = text
        room -= len(text)
    left = [one.stack for one in planned if one.stack not in shown]
    more = [f"**There is no room here for the plans of {', '.join(left)}.**"] if left else []
    return [*(shown[one.stack].rstrip() for one in planned if one.stack in shown), *more]
