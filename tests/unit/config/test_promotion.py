"""Which environment another one may promote from, and when nothing may change: as declared."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from lockgate.config import Project
from lockgate.errors import UsageError

PLATFORM = """\
organisation: acme
region: eu-west-1
tooling:
  account_id: "555555555555"
environments:
  local:
    account_id: "111111111111"
    endpoint_url: http://127.0.0.1:4566
  dev:
    account_id: "222222222222"
  staging:
    account_id: "333333333333"
    promotes_from: dev
  prod:
    account_id: "444444444444"
    promotes_from: staging
"""
FAR = '  far:\n    account_id: "666666666666"\n    region: us-east-1\n    promotes_from: dev\n'


def project(root: Path, text: str) -> Project:
    (root / "platform.yaml").write_text(text)
    return Project(root)


def test_who_promotes_from_whom(tmp_path: Path) -> None:
    platform = project(tmp_path, PLATFORM).platform
    assert [platform.promoted_to(name) for name in platform.environments] == [[], ["staging"], ["prod"], []]
    assert platform.role_arn_of("staging", "promote") == (
        "arn:aws:iam::333333333333:role/lockgate-staging-promote"
    )


def test_without_tooling_regions_may_differ(tmp_path: Path) -> None:
    """Each builds for itself then, and the same bytes have the same digest everywhere."""
    text = (PLATFORM + FAR).replace('tooling:\n  account_id: "555555555555"\n', "")
    assert project(tmp_path, text).platform.promoted_to("dev") == ["staging", "far"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLATFORM.replace("from: dev", "from: test"), "environments.staging.promotes_from: there is no"),
        (PLATFORM.replace("from: dev", "from: staging"), "goes in a circle: staging from staging"),
        (PLATFORM.replace("from: dev", "from: prod"), "goes in a circle: staging from prod from staging"),
        (PLATFORM.replace("from: dev", "from: local"), "local is in another AWS than staging"),
        (PLATFORM + FAR.replace("us-east-1", "cn-north-1"), "dev is in another AWS than far"),
        (PLATFORM + FAR, "only one of far and dev takes its artifacts from the tooling account"),
        (PLATFORM.replace("from: dev", "from: tooling"), "there is no environment tooling"),
    ],
)
def test_what_leads_nowhere_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as raised:
        assert project(tmp_path, text).platform
    assert expected in raised.value.message


FREEZES = """\
freezes:
  - reason: Christmas
    from: 2026-12-18T16:00
    until: 2027-01-03
    timezone: Europe/Berlin
  - reason: Nobody is there
    environments: [prod, tooling]
    weekly: {days: [friday, saturday], from: "16:00", until: "08:00"}
"""


def test_freezes_are_read_as_yaml_has_them(tmp_path: Path) -> None:
    """YAML makes a date of one, and of what has seconds a date-time."""
    once, weekly = project(tmp_path, PLATFORM + FREEZES).platform.freezes
    assert (once.since, once.until) == (datetime(2026, 12, 18, 16), date(2027, 1, 3))
    assert weekly.weekly is not None
    assert (weekly.weekly.opens, weekly.weekly.closes, weekly.timezone) == ("16:00", "08:00", "UTC")
    text = FREEZES.replace("T16:00", "T00:00:00")
    (midnight, _) = project(tmp_path, PLATFORM + text).platform.freezes
    assert isinstance(midnight.since, datetime)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Europe/Berlin", "Europe/Neverland", "'Europe/Neverland'"),
        ("Europe/Berlin", "../etc", "is no time zone"),
        ("Europe/Berlin", "Europe", "is no time zone"),
        ("2027-01-03", "2026-12-17", "until must come after from"),
        ("2027-01-03", "soon", "must be a date or a date-time"),
        ("2027-01-03", "2027-01-40", "platform.yaml: not valid YAML: day is out of range"),
        ("    until: 2027-01-03\n", "", "needs both from and until, or weekly"),
        ("    environments", "    from: 2026-12-01\n    environments", "or weekly instead of them"),
        ('"16:00"', "16:00", "in quotes"),
        ('"08:00"', '"25:00"', 'from "00:00" to "24:00"'),
        ('"08:00"', '"16:00"', "from and until are both 16:00"),
        ("friday", "Friday", "freezes.1.weekly.days.0"),
        ("prod, tooling", "prod, test", "freezes.1.environments: there is no environment test"),
        ("prod, tooling", "", "freezes.1.environments"),
        ("Christmas", '" "', "must say why"),
    ],
)
def test_a_freeze_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in FREEZES
    with pytest.raises(UsageError) as raised:
        assert project(tmp_path, PLATFORM + FREEZES.replace(old, new)).platform
    assert expected in raised.value.message


def test_a_freeze_of_tooling_needs_a_tooling_account(tmp_path: Path) -> None:
    text = PLATFORM.replace('tooling:\n  account_id: "555555555555"\n', "")
    with pytest.raises(UsageError, match="there is no environment tooling"):
        assert project(tmp_path, text + FREEZES).platform
