"""The steps of a rehearsal, before any is run."""

from __future__ import annotations

from pathlib import Path

from lockgate.rehearsal.journey import Event, Round, Step, Told, journey

SECRETS = {"dev": [("orders", "password")], "prod": []}


def change(_: Path) -> None:
    pass


def rounds(*, notifies: bool) -> list[Round]:
    return list(journey(["dev", "prod"], "orders", change, SECRETS, notifies=notifies))


def events(*, notifies: bool) -> list[Event]:
    return [event for lanes in rounds(notifies=notifies) for lane in lanes for event in lane]


def test_each_account_is_set_up_before_the_shared_one_is_applied_and_that_before_the_others() -> None:
    first, shared, others, *_ = rounds(notifies=True)
    assert [[event.account for event in lane] for lane in first] == [["tooling"], ["dev"], ["prod"]]
    assert {event.account for lane in shared for event in lane} == {"tooling"}
    assert [lane[0].account for lane in others] == ["dev", "prod", "tooling"]


def test_environments_are_released_in_their_order() -> None:
    for lanes in rounds(notifies=True):
        released = [
            event.account
            for lane in lanes
            for event in lane
            if isinstance(event, Step) and event.arguments[0] == "deploy"
        ]
        assert released in ([], ["dev", "prod"])


def test_a_secret_is_set_before_anything_is_released_and_never_by_an_argument() -> None:
    found = [event for event in events(notifies=True) if isinstance(event, Step)]
    verbs = [step.arguments[0] for step in found]
    setting = found[verbs.index("secrets")]
    assert verbs.index("secrets") < verbs.index("deploy")
    assert setting.arguments == ("secrets", "set", "orders", "password", "--env", "dev")
    assert setting.purpose is None
    assert setting.stdin not in setting.command


def test_only_a_notifier_has_an_address_and_tells() -> None:
    for notifies in (True, False):
        found = events(notifies=notifies)
        addressed = [event for event in found if isinstance(event, Step) and event.program == "aws"]
        told = [event for event in found if isinstance(event, Told)]
        assert [len(addressed), len(told)] == ([2, 2] if notifies else [0, 0])
