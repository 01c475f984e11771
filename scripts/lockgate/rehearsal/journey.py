"""The steps from empty accounts to a release in every environment, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lockgate.config import TOOLING
from lockgate.config.platform import Purpose

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Step:
    """One command, as somebody runs it.

    Attributes:
        says: what it does, for people.
        account: whose credentials it has.
        purpose: the role; None is whoever administers the account.
        arguments: of `lockgate`; `{digest}` and `{commit}` stand for what was planned and committed last.
        expect: words that its output must hold.
        change: what is changed and committed in the clone first.
        keeps_digest: whether its output names the plan that the next step applies.
    """

    says: str
    account: str
    purpose: Purpose | None
    arguments: tuple[str, ...]
    expect: str = ""
    change: Change | None = field(default=None, compare=False)
    keeps_digest: bool = False

    @property
    def who(self) -> str:
        """Who runs it."""
        return self.purpose or "administrator"


def journey(names: Sequence[str], service: str, change: Change, *, all_of_them: bool) -> Iterator[Step]:
    """All steps.

    Args:
        names: environments, in the order in which a bundle comes to them; all share the tooling account.
        service: what is changed for the second release.
        change: changes its code, in the clone.
        all_of_them: whether no other environment shares the tooling account, which asks each before pruning.
    """
    stacks = [TOOLING, *names]
    for name in stacks:
        yield Step("set the account up", name, None, ("bootstrap", "--account", name, "--yes"), "is set up.")
    yield from _applied(TOOLING)
    for name in names:
        yield from _applied(name)
    first, last = names[0], names[-1]
    yield _built(first, None)
    for name in names:
        yield _released(name)
    yield _built(first, change)
    for name in names:
        yield _released(name, service)
    back = ("rollback", "--env", last, "--service", service)
    yield Step("go back to the version before", last, "deploy", back, "succeeded")
    yield Step("delete what nobody needs", first, "deploy", ("prune", "--env", first))
    shared = ("prune", "--stack", TOOLING)
    if all_of_them:
        yield Step("ask who shares it, delete what nobody needs", TOOLING, "deploy", shared)
    for name in stacks:
        again = ("bootstrap", "--account", name, "--yes")
        yield Step("set it up again: nothing to do", name, None, again, "nothing to change")
        plan = ("plan", *_stack(name))
        yield Step("plan again: nothing to do", name, "plan", plan, "nothing to change")


def _applied(name: str) -> Iterator[Step]:
    plan = ("plan", *_stack(name), "--keep")
    yield Step("plan what is in it", name, "plan", plan, "for apply --digest", keeps_digest=True)
    yield Step(
        "apply that plan", name, "deploy", ("apply", *_stack(name), "--digest", "{digest}"), "Applied."
    )


def _built(environment: str, change: Change | None) -> Step:
    says = "build everything once" if change is None else "change a service, and build it"
    return Step(says, TOOLING, "build", ("build", "--env", environment, "--publish"), change=change)


def _released(name: str, service: str | None = None) -> Step:
    says = "release it" if service is None else f"release {service} as a canary"
    arguments = ("deploy", "--env", name, "--bundle", "{commit}", "--traffic")
    return Step(says, name, "deploy", arguments, "succeeded")


def _stack(name: str) -> tuple[str, ...]:
    return ("--stack", TOOLING) if name == TOOLING else ("--env", name)
