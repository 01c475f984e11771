"""The decision: what fails, what is let through, and which waivers do not count any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lockgate.checks.findings import Finding
from lockgate.checks.rules import Severity, is_reason, severity, waiver_of
from lockgate.config.waivers import FILE, Waiver, Waivers

WARN_DAYS = 30
"""A waiver that ends within these days is warned of."""


@dataclass(frozen=True)
class Verdict:
    """What a gate says.

    Attributes:
        failed: findings that nothing lets through.
        low: findings that are only shown.
        waived: findings with what lets them through.
        skipped: findings that a comment beside them skips, with a reason.
        problems: what is wrong with waivers and comments; each fails.
        warnings: what will be wrong soon.
    """

    failed: tuple[Finding, ...] = ()
    low: tuple[Finding, ...] = ()
    waived: tuple[tuple[Finding, Waiver], ...] = ()
    skipped: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the change may be merged."""
        return not self.failed and not self.problems


def decide(findings: Sequence[Finding], rules: Waivers, today: date, *, whole: bool = True) -> Verdict:
    """Judges findings.

    Args:
        findings: what the scan found.
        rules: severities and waivers.
        today: waivers count up to and with the day on which they expire.
        whole: whether the whole repository was scanned; only then a waiver that covers nothing is stale.
    """
    valid = [waiver for waiver in rules.waivers if waiver.expires >= today]
    open_findings = [finding for finding in findings if finding.skipped is None]
    waivers = {finding: waiver_of(finding, valid) for finding in open_findings}
    unwaived = [finding for finding, waiver in waivers.items() if waiver is None]
    skipped = [finding for finding in findings if finding.skipped is not None]
    used = {waiver for waiver in waivers.values() if waiver}
    stale = [waiver for waiver in valid if waiver not in used] if whole else []
    return Verdict(
        failed=tuple(one for one in unwaived if severity(one, rules) is Severity.HIGH),
        low=tuple(one for one in unwaived if severity(one, rules) is Severity.LOW),
        waived=tuple((finding, waiver) for finding, waiver in waivers.items() if waiver),
        skipped=tuple(one for one in skipped if is_reason(one.skipped or "")),
        problems=(
            *(f"{FILE}: the waiver for {one} expired on {one.expires}" for one in _expired(rules, today)),
            *(f"{FILE}: the waiver for {one} covers nothing any more: delete it" for one in stale),
            *(
                f"{one.path}:{one.first}: the comment that skips {one.check_id} does not say why"
                for one in skipped
                if not is_reason(one.skipped or "")
            ),
        ),
        warnings=tuple(
            f"{FILE}: the waiver for {one} expires on {one.expires}"
            for one in valid
            if one.expires - today <= timedelta(days=WARN_DAYS)
        ),
    )


def _expired(rules: Waivers, today: date) -> list[Waiver]:
    return [waiver for waiver in rules.waivers if waiver.expires < today]
