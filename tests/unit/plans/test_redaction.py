"""A plan is masked by its own marks: no secret is left, and nothing else is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LockgateError
from lockgate.plans.redaction import UNREAD, redact
from lockgate.plans.secrets import MASK, MASK_CHANGED, Secrets

Marked = tuple[Any, Any]
"""A value with its marks."""

PLAIN = st.none() | st.booleans() | st.integers(-99, 99) | st.text("abc .", max_size=3)
SECRET = st.text('<>&"\\\n\tä€x7', max_size=8).map(lambda text: f"PLANTED{text}")
NAME = st.sampled_from(["name", "user", "tags", "rules"])


def both(children: st.SearchStrategy[Marked]) -> st.SearchStrategy[Marked]:
    maps = st.dictionaries(NAME, children, max_size=3).map(
        lambda items: ({k: v for k, (v, _) in items.items()}, {k: m for k, (_, m) in items.items()})
    )
    lists = st.lists(children, max_size=3).map(lambda items: ([v for v, _ in items], [m for _, m in items]))
    whole = children.map(lambda item: ({"in": item[0]}, True))
    return maps | lists | whole


MARKED = st.recursive(
    PLAIN.map(lambda value: (value, False)) | SECRET.map(lambda value: (value, True)), both, max_leaves=8
)
OBJECT = st.dictionaries(NAME, MARKED, max_size=4).map(
    lambda items: ({k: v for k, (v, _) in items.items()}, {k: m for k, (_, m) in items.items() if m})
)


def change(before: Marked, after: Marked, **more: Any) -> dict[str, Any]:
    return {
        "actions": ["update"],
        "before": before[0],
        "after": after[0],
        "after_unknown": {},
        "before_sensitive": before[1],
        "after_sensitive": after[1],
        **more,
    }


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {"address": f"x.{name}", "mode": "managed", "type": "x", "name": name, **more}


def values(*items: Marked) -> list[dict[str, Any]]:
    return [resource(f"n{i}", values=v, sensitive_values=m) for i, (v, m) in enumerate(items)]


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """A plan with secrets wherever Terraform's format has room for them, and copies that nothing marks."""
    one, other, third = draw(OBJECT), draw(OBJECT), draw(OBJECT)
    secret = draw(SECRET)
    copied = ({"output": secret, "policy": f'{{"password": {json.dumps(secret)}}}', secret: 1}, {})
    state = {
        "outputs": {"o": {"sensitive": True, "value": one[0]}, "p": {"sensitive": False, "value": secret}},
        "root_module": {
            "resources": values(one, copied),
            "child_modules": [{"address": "module.m", "resources": values(other, third)}],
        },
    }
    variables = {"secret": {"default": secret, "sensitive": True}, "plain": {"default": f"a {secret}"}}
    literal = {"password": {"constant_value": draw(SECRET)}}
    module = {"variables": {"deep": {"default": draw(SECRET), "sensitive": True}}, "resources": []}
    return {
        "format_version": "1.2",
        "variables": {"secret": {"value": secret}, "plain": {"value": "a"}, "unheard": {"value": secret}},
        "resource_changes": [
            resource("a", change=change(one, other)),
            resource("b", change=change(copied, copied, replace_paths=[["set", {"value": secret}]])),
            resource(
                "c", change=change(third, copied, importing={"id": f"{secret}/1"}, generated_config=secret)
            ),
        ],
        "resource_drift": [resource("a", change=change(other, third))],
        "output_changes": {"o": change((secret, True), (secret + "2", True))},
        "planned_values": state,
        "prior_state": {"format_version": "1.0", "values": state},
        "checks": [
            {"address": {"to_display": "check.c"}, "status": "fail", "instances": [{"problems": [secret]}]}
        ],
        "configuration": {
            "provider_config": {
                "aws": {"name": "aws", "expressions": {"secret_key": {"constant_value": secret}}}
            },
            "root_module": {
                "variables": variables,
                "resources": [resource("a", expressions=literal)],
                "module_calls": {"m": {"module": module, "expressions": literal}},
            },
        },
        "section_of_a_newer_terraform": {"values": secret},
    }


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, item in node.items():
            yield key
            yield from texts(item)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, str):
        yield node


@given(plans())
def test_no_secret_is_left_anywhere(plan: dict[str, Any]) -> None:
    redacted = redact(plan)
    assert [text for text in texts(redacted.document) if "PLANTED" in text] == []
    assert "PLANTED" not in repr(redacted)
    assert redacted.document[UNREAD] == ["section_of_a_newer_terraform"]


@given(OBJECT)
def test_only_what_is_marked_is_taken(value: Marked) -> None:
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": values(value)}}}
    (shown,) = redact(plan).document["planned_values"]["root_module"]["resources"]

    def check(before: Any, marks: Any, after: Any) -> None:
        if marks is True and before is not None:
            assert after == MASK
        elif isinstance(before, dict):
            assert before.keys() == after.keys()
            for key, item in before.items():
                check(item, marks.get(key, False), after[key])
        elif isinstance(before, list):
            for item, mark, masked in zip(before, marks or [False] * len(before), after, strict=True):
                check(item, mark, masked)
        else:
            assert before == after

    check(value[0], value[1], shown["values"])


@pytest.mark.parametrize(("new", "mask"), [("hunter22", MASK), ("hunter33", MASK_CHANGED)])
def test_whether_a_secret_changes_is_said(new: str, mask: str) -> None:
    item = resource("a", change=change(({"p": "hunter22"}, {}), ({"p": new}, {"p": True})))
    (shown,) = redact({"format_version": "1.2", "resource_changes": [item]}).document["resource_changes"]
    assert (shown["change"]["before"]["p"], shown["change"]["after"]["p"]) == (MASK, mask)


def test_marks_of_another_shape_than_the_value_mask_all_of_it() -> None:
    item = resource("a", change=change(({"p": "aa"}, {"p": [True]}), ({"p": {"x": "aa"}}, {"p": [[True]]})))
    (shown,) = redact({"format_version": "1.2", "resource_changes": [item]}).document["resource_changes"]
    assert (shown["change"]["before"]["p"], shown["change"]["after"]["p"]) == (MASK, MASK_CHANGED)


def test_a_number_that_is_secret_is_masked_where_nothing_marks_it() -> None:
    secrets = Secrets.of([918273, 7])
    assert secrets.scrubbed({"pin": 918273, "text": "pin 918273", "port": 7}) == {
        "pin": MASK,
        "text": f"pin {MASK}",
        "port": 7,
    }


@pytest.mark.parametrize("version", [None, "2.0", "0.1"])
def test_a_format_that_is_not_known_is_an_error(version: str | None) -> None:
    with pytest.raises(LockgateError, match="can be masked safely"):
        redact({"format_version": version} if version else {})
