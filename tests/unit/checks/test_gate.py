"""What fails, what is let through, and which waivers do not count."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.findings import Finding
from lockgate.checks.gate import decide
from lockgate.checks.rules import waivers_of
from lockgate.config.waivers import FILE, Waivers
from lockgate.errors import UsageError

TODAY = date(2026, 6, 1)
WHY = "The bucket is a public site."


def finding(
    check: str = "CKV_AWS_20", *, path: str = "terraform/a.tf", line: int = 3, **more: Any
) -> Finding:
    known = {"name": "No public bucket", "resource": "aws_s3_bucket.site", "framework": "terraform"}
    return Finding(path=path, first=line, last=line + 2, check_id=check, **(known | more))


def rules(*waivers: dict[str, Any], low: tuple[str, ...] = ()) -> Waivers:
    lowered = [{"check": check, "reason": "It says nothing about us."} for check in low]
    return Waivers.model_validate({"low": lowered, "waivers": list(waivers)})


def waiver(**changes: Any) -> dict[str, Any]:
    known = {"check": "CKV_AWS_20", "resource": "aws_s3_bucket.site", "reason": WHY, "owner": "web"}
    return {**known, "expires": TODAY + timedelta(days=90), **changes}


def test_what_nothing_lets_through_fails_also_where_the_check_is_new() -> None:
    verdict = decide([finding("CKV_AWS_99999")], Waivers(), TODAY)
    assert (verdict.passed, len(verdict.failed)) == (False, 1)


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"expires": TODAY}, True),
        ({"resource": None, "file": "terraform/*"}, True),
        ({"resource": "aws_s3_bucket.*", "file": "terraform/a.tf"}, True),
        ({"check": "CKV_AWS_21"}, False),
        ({"resource": "aws_s3_bucket.other"}, False),
        ({"file": "terraform/b.tf"}, False),
        ({"expires": TODAY - timedelta(days=1)}, False),
    ],
)
def test_a_waiver_covers_what_it_names_until_it_expires(changes: dict[str, Any], passed: bool) -> None:
    verdict = decide([finding()], rules(waiver(**changes)), TODAY)
    assert verdict.passed is passed
    assert bool(verdict.failed) is not passed


def test_an_expired_and_a_stale_waiver_fail_by_themselves() -> None:
    gone = waiver(check="CKV_AWS_1", expires=TODAY - timedelta(days=1))
    verdict = decide([], rules(gone, waiver()), TODAY)
    assert not verdict.passed
    assert verdict.problems == (
        f"{FILE}: the waiver for CKV_AWS_1 of aws_s3_bucket.site (web) expired on 2026-05-31",
        f"{FILE}: the waiver for CKV_AWS_20 of aws_s3_bucket.site (web) covers nothing any more: delete it",
    )
    assert decide([], rules(waiver()), TODAY, whole=False).passed, "a part says nothing about the rest"


def test_a_waiver_that_ends_soon_is_warned_of() -> None:
    verdict = decide([finding()], rules(waiver(expires=TODAY + timedelta(days=30))), TODAY)
    assert verdict.passed
    assert verdict.warnings == (
        f"{FILE}: the waiver for CKV_AWS_20 of aws_s3_bucket.site (web) expires on 2026-07-01",
    )


def test_a_lowered_check_is_shown_and_does_not_fail() -> None:
    verdict = decide([finding()], rules(low=("CKV_AWS_20",)), TODAY)
    assert (verdict.passed, len(verdict.low)) == (True, 1)


@pytest.mark.parametrize("comment", ["", "No comment provided", "because"])
def test_a_comment_that_skips_a_check_has_to_say_why(comment: str) -> None:
    verdict = decide([finding(skipped=comment)], Waivers(), TODAY)
    assert verdict.problems == ("terraform/a.tf:3: the comment that skips CKV_AWS_20 does not say why",)
    assert decide([finding(skipped=WHY)], Waivers(), TODAY).passed


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from([None, WHY, ""])), unique=True),
    st.lists(st.tuples(st.integers(1, 5), st.integers(-40, 40)), unique_by=lambda one: one[0]),
    st.sets(st.integers(1, 5)),
)
def test_nothing_that_was_found_is_lost(
    found: list[tuple[int, str | None]], waived: list[tuple[int, int]], low: set[int]
) -> None:
    findings = [finding(f"CKV_AWS_{n}", line=i + 1, skipped=skip) for i, (n, skip) in enumerate(found)]
    written = [waiver(check=f"CKV_AWS_{n}", expires=TODAY + timedelta(days=days)) for n, days in waived]
    verdict = decide(findings, rules(*written, low=tuple(f"CKV_AWS_{n}" for n in low)), TODAY)
    unexplained = [one for one in findings if one.skipped == ""]
    shown = [
        *verdict.failed,
        *verdict.low,
        *verdict.skipped,
        *(one for one, _ in verdict.waived),
        *unexplained,
    ]
    assert sorted(shown) == sorted(findings)
    assert verdict.passed is not bool(verdict.failed or verdict.problems)
    assert not [one for one, by in verdict.waived if by.expires < TODAY]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": "short"}, "reason"),
        ({"resource": None}, "names a resource or a file"),
        ({"check": "nope"}, "nope"),
        ({"expires": None}, "expires"),
        ({"until": "2026-01-01"}, "unknown key; allowed here: check, expires, file, owner, reason, resource"),
    ],
)
def test_a_waiver_that_is_not_whole_is_refused_with_its_line(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    written = {key: value for key, value in waiver(**changes).items() if value is not None}
    (tmp_path / FILE).write_text(yaml.safe_dump({"waivers": [written]}))
    with pytest.raises(UsageError, match=rf"{FILE}:\d+: .*{words}"):
        waivers_of(tmp_path)
