"""The ledger is read by time and page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from lockgate.release.ledger import Ledger
from lockgate.release.model import Release
from lockgate.release.permission import Approval, Approvals, BreakGlass
from tests.unit.release.world import a_release

START = datetime(2026, 11, 24, 10, tzinfo=UTC)


def item(release: Release) -> dict[str, Any]:
    return {"sk": {"S": release.release_id}, "document": {"S": release.model_dump_json()}}


def test_all_pages_are_read_up_to_the_time() -> None:
    made = [a_release(START - timedelta(hours=hours)) for hours in range(5)]
    dynamodb = boto3.Session("1", "x", region_name="eu-west-1").client("dynamodb")
    asked: dict[str, Any] = {
        "TableName": "ledger",
        "KeyConditionExpression": "pk = :pk AND sk < :before",
        "ExpressionAttributeValues": {":pk": {"S": "releases#prod"}, ":before": {"S": "20261125t000000"}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
        "Limit": ANY,
    }
    with Stubber(dynamodb) as stub:
        last = {"pk": {"S": "releases#prod"}, "sk": {"S": made[1].release_id}}
        stub.add_response(
            "query", {"Items": [item(one) for one in made[:2]], "LastEvaluatedKey": last}, asked
        )
        stub.add_response(
            "query", {"Items": [item(one) for one in made[2:]]}, {**asked, "ExclusiveStartKey": last}
        )
        found = list(Ledger(dynamodb, "ledger", "prod").history(before=datetime(2026, 11, 25, tzinfo=UTC)))
        stub.assert_no_pending_responses()
    assert found == made


def test_ids_sort_by_the_time_that_is_asked_for_in_any_zone() -> None:
    release = a_release(datetime.fromisoformat("2026-11-25T00:30:00+01:00"))
    assert release.release_id.startswith("20261124t233000-")


def test_by_whose_word_a_release_ran_is_kept_when_it_is_read_back() -> None:
    release = a_release(
        START,
        break_glass=BreakGlass(reason="prod is down", overrode=("prod is frozen: Christmas",)),
        approvals=Approvals(run_url="https://github.com/x", given=(Approval(by="grace", comment="Go"),)),
    )
    again = Release.model_validate_json(release.but(revision=2).model_dump_json())
    assert (again.break_glass, again.approvals) == (release.break_glass, release.approvals)
    old = release.model_dump(mode="json", exclude={"break_glass", "approvals"})
    assert Release.model_validate(old).break_glass is None
