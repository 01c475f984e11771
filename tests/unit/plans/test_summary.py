"""The summary: ranked, never too long, with everything in it that was left out counted."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from lockgate.plans.by_hand import by_hand, left_alone
from lockgate.plans.model import Action, Attribute, Change, Output, Plan
from lockgate.plans.summary.entries import entries, headline
from lockgate.plans.summary.markdown import LIMIT, markdown
from lockgate.plans.summary.terminal import show

NAME = st.text("ab`<|[]@\"'", min_size=1, max_size=30)
VALUE = st.text(max_size=500).map(json.dumps)
ATTRIBUTE = st.builds(Attribute, NAME, VALUE, VALUE)
CHANGE = st.builds(
    Change,
    address=NAME,
    type=NAME,
    action=st.sampled_from(Action),
    attributes=st.lists(ATTRIBUTE, max_size=4).map(tuple),
    reason=st.sampled_from(["", "why"]),
    loses=st.sampled_from([None, "data"]),
)


def ranked(*changes: Change) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change.rank))


PLANS = st.builds(
    Plan,
    terraform_version=st.just("1.11.4"),
    changes=st.lists(CHANGE, max_size=20).map(lambda changes: ranked(*changes)),
    outputs=st.lists(st.builds(Output, NAME, VALUE, VALUE), max_size=3).map(tuple),
    failed_checks=st.lists(NAME, max_size=40).map(tuple),
)

CHANGES = (
    Change("aws_sns_topic.new", "aws_sns_topic", Action.CREATE, (Attribute("name", "null", '"x"'),)),
    Change("aws_s3_bucket.this", "aws_s3_bucket", Action.DESTROY, loses="its objects"),
    Change("aws_alb.x", "aws_alb", Action.DESTROY, reason="nothing declares it any more"),
    Change(
        'module.service["a"].aws_lambda_function.this',
        "aws_lambda_function",
        Action.UPDATE,
        (Attribute("memory_size", "256", "512"), Attribute("note", '"```"', '"</details>"')),
    ),
    Change(
        "aws_lb_target_group.blue",
        "aws_lb_target_group",
        Action.REPLACE,
        (Attribute("port", "80", "8080"),),
        forced_by=("port",),
        creates_first=True,
    ),
)
PLAN = Plan("1.11.4", ranked(*CHANGES), outputs=(Output("url", '"a"', '"b"'),))


def test_the_most_dangerous_comes_first() -> None:
    text = markdown(PLAN, "Plan for dev", ["commit abc"])
    order = [
        "## Plan for dev: 2 to destroy, 1 to replace, 1 to update, 1 to create, 1 output",
        "commit abc",
        "1 would destroy what cannot be made again",
        "### Destroys what cannot be made again",
        "aws_s3_bucket.this",
        "### Destroy\n",
        "`aws_alb.x` nothing declares it any more",
        "### Replace",
        "+ port = 8080  # replaces it",
        "### Update",
        "+ memory_size = 512",
        "### Create",
        "### Outputs",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_no_value_gets_out_of_its_block() -> None:
    text = markdown(PLAN, "dev")
    assert '\n````diff\n- memory_size = 256\n+ memory_size = 512\n- note = "```"' in text
    mention = Change("a.b", "a", Action.DESTROY, reason="@everybody <b>")
    assert "&#64;everybody &lt;b&gt;" in markdown(Plan("1", (mention,)), "dev")


@settings(max_examples=60)
@given(PLANS, st.integers(2_000, 9_000))
def test_it_is_never_too_long_and_counts_what_is_left_out(plan: Plan, limit: int) -> None:
    text = markdown(plan, "Plan for an environment", ["a fact"] * 9, limit)
    assert len(text) <= limit
    every = list(entries(plan))
    left = re.search(r"\*\*(\d+) changes are left out here", text)
    without = re.search(r"what differs in (\d+) changes is left out here", text)
    outside = re.sub(r"^(`{3,})diff\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    detailed = outside.count("\n<details>")
    named = len(re.findall(r"^- `", outside, re.MULTILINE))
    assert detailed + named + (int(left[1]) if left else 0) == len(every)
    shown = every[: detailed + named]
    assert sum(1 for entry in shown if entry.lines) == detailed + (int(without[1]) if without else 0)


def test_a_plan_of_a_thousand_changes_fits_into_a_comment() -> None:
    many = [
        Change(f"a.{number}", "a", Action.UPDATE, (Attribute("x", '"' + "y" * 5_000 + '"', '"z"'),))
        for number in range(1_000)
    ]
    text = markdown(Plan("1", (CHANGES[1], *many)), "dev")
    assert LIMIT - 1_000 < len(text) <= LIMIT
    assert "aws_s3_bucket.this" in text
    assert "and 4,702 more characters" in text


def test_a_limit_without_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="a summary needs"):
        markdown(PLAN, "dev", limit=100)


def test_an_empty_plan_says_so() -> None:
    assert headline(Plan("1")) == "nothing to change"
    assert markdown(Plan("1"), "dev") == "## dev: nothing to change\n"


def test_the_terminal_shows_the_same_without_what_is_created() -> None:
    file = io.StringIO()
    show(PLAN, "dev", Console(file=file, width=200))
    text = file.getvalue()
    assert text.index("Destroys what cannot be made again") < text.index("aws_alb.x") < text.index("Update")
    assert "+ memory_size = 512" in text
    assert 'module.service["a"].aws_lambda_function.this' in text
    assert '+ name = "x"' not in text
    show(PLAN, "dev", Console(file=file, width=200), details=True)
    assert '+ name = "x"' in file.getvalue()


def test_only_what_would_be_set_back_was_changed_by_hand() -> None:
    def drifted(name: str, action: Action, *attributes: Attribute) -> Change:
        return Change(f"x.{name}", "x", action, attributes, declared=frozenset({"routing_config"}))

    weights, policy = (Attribute(path, "null", "1") for path in ("routing_config[0].x", "policy"))
    nothing = Attribute("routing_config", "null", "{}")
    plan = Plan(
        "1",
        changes=(
            drifted(
                "function", Action.UPDATE, Attribute("memory", "512", "256"), Attribute("new", "null", "1")
            ),
            drifted("alarm", Action.CREATE),
            drifted("ahead", Action.UPDATE, Attribute("x", "1", "2")),
        ),
        drift=(
            drifted("function", Action.UPDATE, Attribute("memory", "256", "512"), weights),
            drifted("alias", Action.UPDATE, weights, policy),
            drifted("bucket", Action.UPDATE, policy, nothing),
            drifted("alarm", Action.DESTROY),
        ),
    )
    assert [(one.address, one.attributes) for one in by_hand(plan)] == [
        ("x.function", (Attribute("memory", "256", "512"),)),
        ("x.alarm", ()),
    ]
    assert left_alone(plan) == 1
