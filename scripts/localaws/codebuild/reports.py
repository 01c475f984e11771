"""Test reports: what JUnit XML says, as CodeBuild has it.

Sources: user guide, "Test reports in CodeBuild"; API reference, Report, TestCase and TestReportSummary.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

KEPT_SECONDS = 30 * 86_400
"""A report expires after 30 days (user guide, "Test reports in CodeBuild")."""

MOST_CASES = 500
"""Test cases that a report keeps, failed ones first (user guide, "Test report statuses")."""

STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
_OUTCOMES = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
_OF_A_FAILED_REPORT = ("FAILED", "ERROR")
_NANOSECONDS = 1_000_000_000


class ReportError(Exception):
    """A file that is no report of its format."""


@dataclass(frozen=True)
class Made:
    """A report.

    Attributes:
        report: as in the API's Report, with times as seconds since the epoch.
        cases: as in the API's TestCase, likewise.
    """

    report: dict[str, Any]
    cases: list[dict[str, Any]]


def make(files: Iterable[Path], group_arn: str, build_arn: str, now: float) -> Made:
    """A report of JUnit XML files. That its summary counts the cases which it does not keep is inferred.

    Args:
        now: when it is made, in seconds since the epoch.

    Raises:
        ReportError: a file cannot be read.
    """
    arn = f"{group_arn.replace(':report-group/', ':report/')}:{uuid.uuid4()}"
    expired = now + KEPT_SECONDS
    cases = [
        {"reportArn": arn, "testRawDataPath": path.name, "expired": expired, **case}
        for path in files
        for case in read(path)
    ]
    counts = Counter(case["status"] for case in cases)
    failed = any(counts[status] for status in _OF_A_FAILED_REPORT)
    report = {
        "arn": arn,
        "type": "TEST",
        "name": arn.rpartition("/")[2],
        "reportGroupArn": group_arn,
        "executionId": build_arn,
        "status": "FAILED" if failed else "SUCCEEDED",
        "created": now,
        "expired": expired,
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
        "truncated": len(cases) > MOST_CASES,
        "testSummary": {
            "total": len(cases),
            "statusCounts": {status: counts[status] for status in STATUSES},
            "durationInNanoSeconds": sum(case["durationInNanoSeconds"] for case in cases),
        },
    }
    kept = sorted(cases, key=lambda case: case["status"] not in _OF_A_FAILED_REPORT)[:MOST_CASES]
    return Made(report, kept if report["truncated"] else cases)


def read(path: Path) -> list[dict[str, Any]]:
    """Test cases of a JUnit XML file.

    Raises:
        ReportError: it is none.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise ReportError(f"{path.name} is no JUnit XML: {error}") from error
    if root.tag not in ("testsuite", "testsuites"):
        raise ReportError(f"{path.name} is no JUnit XML: it begins with {root.tag}")
    return list(_cases(root, ""))


def _cases(element: ElementTree.Element, suite: str) -> Iterator[dict[str, Any]]:
    for child in element:
        if child.tag == "testsuite":
            yield from _cases(child, child.get("name", ""))
        elif child.tag == "testcase":
            yield _case(child, suite or element.get("name", ""))


def _case(element: ElementTree.Element, suite: str) -> dict[str, Any]:
    found = next((child for child in element if child.tag in _OUTCOMES), None)
    case = {
        "prefix": element.get("classname", ""),
        "name": element.get("name", ""),
        "testSuiteName": suite,
        "status": "SUCCEEDED" if found is None else _OUTCOMES[found.tag],
        "durationInNanoSeconds": int(_seconds(element.get("time", "0")) * _NANOSECONDS),
    }
    if found is not None:
        case["message"] = found.get("message") or (found.text or "").strip()
    return case


def _seconds(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0
