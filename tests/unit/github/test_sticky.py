"""A comment and an issue that are written again instead of once more."""

from __future__ import annotations

from lockgate.github.api import GitHub
from lockgate.github.drift import write_issue
from lockgate.github.sticky import comment
from lockgate.plans.model import Action, Attribute, Change
from tests.workflows.runner.github import State

CHANGED = Change(
    address="aws_sns_topic.this",
    type="aws_sns_topic",
    action=Action.UPDATE,
    attributes=(Attribute("display_name", '"declared"', '"a | b `c` @everybody"'),),
)


def test_there_is_one_comment_whatever_is_said_how_often(asked: GitHub, state: State) -> None:
    first = comment(asked, 7, "review", "one")
    assert comment(asked, 7, "review", "two") == first
    comment(asked, 8, "review", "of another pull request")
    assert [one["body"] for one in state.comments] == [
        "<!-- lockgate: review -->\ntwo",
        "<!-- lockgate: review -->\nof another pull request",
    ]


def test_what_somebody_else_wrote_is_never_written_over(asked: GitHub, state: State) -> None:
    state.comment(7, "<!-- lockgate: review -->\nmine", {"login": "mallory", "type": "User"})
    comment(asked, 7, "review", "ours")
    assert [one["body"].splitlines()[-1] for one in state.comments] == ["mine", "ours"]


def test_the_issue_of_a_stack_is_opened_updated_and_closed(asked: GitHub, state: State) -> None:
    assert write_issue(asked, "prod", ()) is None
    address = write_issue(asked, "prod", (CHANGED,))
    (issue,) = state.issues
    assert issue["html_url"] == address
    assert issue["title"] == "Drift in prod: 1 resource changed by hand"
    row = issue["body"].splitlines()[-1]
    assert row == '| `aws_sns_topic.this` | `display_name` | `"declared"` | `"a / b \'c\' @everybody"` |'
    asked_before = len(state.asked)
    write_issue(asked, "prod", (CHANGED,))
    assert [method for method, _ in state.asked[asked_before:]] == ["GET"], "nothing is new"
    write_issue(asked, "staging", (CHANGED,))
    assert len(state.issues) == 2
    gone = Change(address="aws_sns_topic.this", type="aws_sns_topic", action=Action.DESTROY)
    write_issue(asked, "prod", (CHANGED, gone))
    assert state.issues[0]["title"] == "Drift in prod: 2 resources changed by hand"
    assert "it is gone" in state.issues[0]["body"]
    write_issue(asked, "prod", ())
    assert [issue["state"] for issue in state.issues] == ["closed", "open"]
    assert [one["body"] for one in state.comments] == ["Nothing differs any more."]
    write_issue(asked, "prod", (CHANGED,))
    assert [issue["state"] for issue in state.issues] == ["closed", "open", "open"]
