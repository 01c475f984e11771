"""What a scan says, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, order=True)
class Finding:
    """One check that did not pass, or was skipped where it would look.

    Attributes:
        path: of the file, relative to the repository.
        first, last: lines, from 1.
        check_id: such as CKV_AWS_20.
        name: what the check wants.
        resource: what it looked at, without the keys of `count` and `for_each`; never the text of a secret.
        framework: such as terraform.
        skipped: why it was skipped, by a comment there; None where it failed.
    """

    path: str
    first: int
    last: int
    check_id: str
    name: str
    resource: str
    framework: str
    skipped: str | None = None


@dataclass(frozen=True)
class Report:
    """What one framework says.

    Attributes:
        framework: its name.
        findings: what failed, and what was skipped.
        unparsed: files that it could not read.
    """

    framework: str
    findings: tuple[Finding, ...]
    unparsed: tuple[str, ...]


def read(data: Any) -> Iterator[Report]:
    """The reports in checkov's JSON: one object, or a list of them; a framework that found nothing may miss.

    Raises:
        KeyError, TypeError, ValueError: it is not what checkov 3 writes.
    """
    for each in data if isinstance(data, list) else [data]:
        if "check_type" not in each:
            continue
        results = each["results"]
        framework = str(each["check_type"])
        findings = (
            *(_finding(framework, one) for one in results["failed_checks"]),
            *(_finding(framework, one) for one in results["skipped_checks"]),
        )
        yield Report(framework, findings, tuple(name.lstrip("/") for name in results["parsing_errors"]))


def _finding(framework: str, one: Any) -> Finding:
    first, last = one["file_line_range"]
    reason = one["check_result"].get("suppress_comment", "")
    return Finding(
        path=str(one["repo_file_path"]).lstrip("/"),
        first=max(int(first), 1),
        last=max(int(last), 1),
        check_id=str(one["check_id"]),
        name=str(one["check_name"] or one["check_id"]),
        resource="" if framework == "secrets" else _INDEX.sub("", str(one["resource"])),
        framework=framework,
        skipped=str(reason) if one["check_result"]["result"] == "SKIPPED" else None,
    )
