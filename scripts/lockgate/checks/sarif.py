"""A verdict as SARIF 2.1.0 (OASIS), as GitHub's code scanning takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lockgate.checks.findings import Finding
from lockgate.checks.gate import Verdict

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(verdict: Verdict, version: str) -> dict[str, Any]:
    """The document.

    What is waived or skipped is in it with its justification, so that it does not come up as mended.

    Args:
        verdict: what the gate said.
        version: of Lockgate.
    """
    results = list(_results(verdict))
    findings = [*verdict.failed, *verdict.low, *verdict.skipped, *(one for one, _ in verdict.waived)]
    rules = {finding.check_id: finding.name for finding in findings}
    driver = {
        "name": "lockgate check",
        "version": version,
        "informationUri": "https://www.checkov.io",
        "rules": [
            {"id": check_id, "name": check_id, "shortDescription": {"text": name}}
            for check_id, name in sorted(rules.items())
        ],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _results(verdict: Verdict) -> Iterator[dict[str, Any]]:
    for finding in verdict.failed:
        yield _result(finding, "error")
    for finding in verdict.low:
        yield _result(finding, "note")
    for finding, waiver in verdict.waived:
        words = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
        yield _result(finding, "error") | {"suppressions": [{"kind": "external", "justification": words}]}
    for finding in verdict.skipped:
        yield _result(finding, "error") | {
            "suppressions": [{"kind": "inSource", "justification": finding.skipped}]
        }


def _result(finding: Finding, level: str) -> dict[str, Any]:
    about = f" ({finding.resource})" if finding.resource else ""
    return {
        "ruleId": finding.check_id,
        "level": level,
        "message": {"text": f"{finding.name}{about}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": finding.path},
                    "region": {"startLine": finding.first, "endLine": max(finding.first, finding.last)},
                }
            }
        ],
    }
