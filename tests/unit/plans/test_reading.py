"""What a plan would do, read from Terraform's JSON."""

from __future__ import annotations

from typing import Any

import pytest

from lockgate.errors import LockgateError, UsageError
from lockgate.plans.keeping import lost_with
from lockgate.plans.model import UNKNOWN, Action, Attribute, Plan, parse_plan
from lockgate.plans.reading import read_plan
from lockgate.plans.redaction import redact


def change(address: str, *actions: str, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    """A resource's change as Terraform writes it; what is not of the change itself goes through `more`."""
    own = {name: more.pop(name) for name in list(more) if name in ("replace_paths", "importing")}
    unknown = more.pop("after_unknown", {})
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[-2],
        "name": address.split(".")[-1],
        **more,
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": unknown,
            "before_sensitive": {},
            "after_sensitive": {},
            **own,
        },
    }


def read(*changes: dict[str, Any], **more: Any) -> Plan:
    return read_plan(redact({"format_version": "1.2", "resource_changes": list(changes), **more}))


def test_each_action_is_told_apart_and_the_most_dangerous_comes_first() -> None:
    plan = read(
        change("a.nothing", "no-op"),
        change("a.read", "read"),
        change("a.moved", "no-op", previous_address="a.old"),
        change("a.imported", "no-op", importing={"id": "i-1"}),
        change("a.created", "create"),
        change("a.updated", "update"),
        change("a.forgotten", "forget"),
        change("a.replaced", "create", "delete"),
        change("a.destroyed", "delete"),
        change("aws_kms_key.lost", "delete", "create"),
    )
    assert [(one.address.split(".")[1], one.action) for one in plan.changes] == [
        ("lost", Action.REPLACE),
        ("destroyed", Action.DESTROY),
        ("replaced", Action.REPLACE),
        ("forgotten", Action.FORGET),
        ("updated", Action.UPDATE),
        ("created", Action.CREATE),
        ("imported", Action.IMPORT),
        ("moved", Action.MOVE),
        ("read", Action.READ),
    ]
    assert [one.creates_first for one in plan.changes[:3]] == [False, False, True]
    assert plan.changes[-2].previous_address == "a.old"
    assert plan.changes[-3].import_id == "i-1"


def test_what_differs_is_found_within_documents_too() -> None:
    policy = '{"Statement": [{"Action": "s3:%s", "Effect": "Allow"}]}'
    plan = read(
        change(
            "a.b",
            "update",
            before={"n": 1, "tags": {"x": "1", "y": "2"}, "list": [1], "policy": policy % "Get", "same": [1]},
            after={"n": 2, "tags": {"x": "1"}, "list": [1, 5, {}], "policy": policy % "*", "same": [1]},
            after_unknown={"arn": True, "list": [False, False, {"deep": True}]},
        )
    )
    assert plan.changes[0].attributes == (
        Attribute("arn", "null", UNKNOWN),
        Attribute("list[1]", "null", "5"),
        Attribute("list[2].deep", "null", UNKNOWN),
        Attribute("n", "1", "2"),
        Attribute("policy.Statement[0].Action", '"s3:Get"', '"s3:*"'),
        Attribute("tags.y", '"2"', "null"),
    )


def test_what_forces_a_replacement_is_named() -> None:
    plan = read(
        change(
            "a.b", "delete", "create", before={"n": 1}, after={"n": 2}, replace_paths=[["n"], ["x", 0, "y"]]
        ),
        change("a.c", "delete", action_reason="delete_because_no_resource_config"),
    )
    destroyed, replaced = plan.changes
    assert replaced.forced_by == ("n", "x[0].y")
    assert destroyed.reason == "nothing declares it any more"


@pytest.mark.parametrize(
    ("kind", "values", "lost"),
    [
        ("aws_s3_bucket", {}, True),
        ("aws_ssm_parameter", {"type": "SecureString"}, True),
        ("aws_ssm_parameter", {"type": "String"}, False),
        ("aws_ssm_parameter", None, True),
        ("aws_lambda_function", {}, False),
    ],
)
def test_what_holds_state_is_known(kind: str, values: dict[str, Any] | None, lost: bool) -> None:
    assert (lost_with(kind, values) is not None) is lost


def test_only_what_destroys_it_loses_what_it_holds() -> None:
    plan = read(
        change("aws_s3_bucket.updated", "update"),
        change("aws_s3_bucket.forgotten", "forget"),
        change("aws_s3_bucket.left", "create", "forget"),
        change("aws_s3_bucket.deposed", "delete", deposed="0a1b2c3d"),
    )
    assert [one.name for one in plan.losing] == ["aws_s3_bucket.deposed (deposed 0a1b2c3d)"]


def test_drift_outputs_checks_and_unread_parts_are_read() -> None:
    output = {"actions": ["update"], "before": 1, "after": None, "after_unknown": True}
    same = {"actions": ["no-op"], "before": 1, "after": 1, "after_unknown": False}
    plan = read(
        resource_drift=[change("a.b", "update", before={"n": 1}, after={"n": 3})],
        output_changes={"o": output, "same": same},
        checks=[{"address": {"to_display": "check.c"}, "status": "fail"}],
        action_invocations=[{}],
    )
    assert plan.drift[0].attributes == (Attribute("n", "1", "3"),)
    assert [(one.name, one.before, one.after) for one in plan.outputs] == [("o", "1", UNKNOWN)]
    assert (plan.failed_checks, plan.unread) == (("check.c",), ("action_invocations",))
    assert not plan.is_empty
    assert read(change("a.b", "no-op")).is_empty


def test_an_action_that_is_not_known_is_an_error() -> None:
    with pytest.raises(LockgateError, match=r"a\.b: Terraform plans explode"):
        read(change("a.b", "explode"))


def test_a_plan_survives_being_written_and_read() -> None:
    plan = read(
        change("aws_s3_bucket.x", "delete", before={"n": 1}),
        change("a.b", "update", before={"n": 1}, after={"n": 2}),
    )
    assert parse_plan(plan.as_dict() | {"digest": "x"}, "x.json") == plan
    for wrong in ({}, {"schema": 2}, plan.as_dict() | {"changes": [{"address": "a"}]}):
        with pytest.raises(UsageError, match=r"x\.json is not a plan"):
            parse_plan(wrong, "x.json")
