"""The steps from empty accounts to a release in every environment, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lockgate.config import TOOLING
from lockgate.config.platform import Purpose
from lockgate.rehearsal.declared import NOTIFIER, made_up

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Step:
    """One command, as somebody runs it.

    Attributes:
        says: what it does, for people.
        account: whose credentials it has.
        purpose: the role; None is whoever administers the account.
        arguments: `$digest`, `$release` and `$commit` stand for what was planned, released and committed
            last, `$platform` for the platform's name, `$webhook` for the webhook's address.
        program: what is run.
        stdin: what it reads from standard input.
        expect: words that its output must hold.
        change: what is changed and committed in the clone first.
    """

    says: str
    account: str
    purpose: Purpose | None
    arguments: tuple[str, ...]
    program: Literal["aws", "lockgate"] = "lockgate"
    stdin: str = ""
    expect: str = ""
    change: Change | None = field(default=None, compare=False)

    @property
    def who(self) -> str:
        """Who runs it."""
        return self.purpose or "administrator"

    @property
    def command(self) -> str:
        """The command, for people."""
        return f"{self.program} {' '.join(self.arguments)}"


@dataclass(frozen=True)
class Told:
    """Waiting until the webhook has a message.

    Attributes:
        says: what for, for people.
        account: whose notifier sends it.
        message_id: with the same placeholders as a command.
        seconds: how long it may take.
    """

    says: str
    account: str
    message_id: str
    seconds: float = 60.0

    who = NOTIFIER
    command = ""


Event = Step | Told
Lane = tuple[Event, ...]
"""Steps one after the other."""

Round = tuple[Lane, ...]
"""Lanes that do not wait for one another."""


def journey(
    names: Sequence[str],
    service: str,
    change: Change,
    secrets: Mapping[str, Sequence[tuple[str, str]]],
    *,
    notifies: bool,
) -> Iterator[Round]:
    """All steps.

    Args:
        names: environments, in the order in which a bundle comes to them: all that share the tooling account.
        service: what is changed for the second release.
        change: changes its code, in the clone.
        secrets: what the services of each environment declare, as service and name.
        notifies: whether the repository has a notifier.
    """
    stacks = [TOOLING, *names]
    yield tuple((_set_up(name, "set the account up", "is set up."),) for name in stacks)
    yield (_applied(TOOLING),)
    build = ("build", "--env", names[0], "--publish")
    built = Step("build everything once", TOOLING, "build", build)
    yield (*(_ready(name, secrets[name], notifies) for name in names), (built,))
    yield (tuple(_released(name) for name in names),)
    canaries = _canaries(names, service, notifies)
    yield ((_rebuilt(names[0], change), *canaries, *_tidied(names, service)),)
    yield tuple(_nothing_to_do(name) for name in stacks)


def _set_up(name: str, says: str, expect: str) -> Step:
    return Step(says, name, None, ("bootstrap", "--account", name, "--yes"), expect=expect)


def _applied(name: str) -> Lane:
    plan = ("plan", *_stack(name), "--keep")
    apply = ("apply", *_stack(name), "--digest", "$digest")
    return (
        Step("plan what is in it", name, "plan", plan, expect="for apply --digest"),
        Step("apply that plan", name, "deploy", apply, expect="Applied."),
    )


def _ready(name: str, secrets: Sequence[tuple[str, str]], notifies: bool) -> Lane:
    """What no file says is people's to set: the pipeline may not."""
    own = (
        Step(
            f"set {secret} of {service}",
            name,
            None,
            ("secrets", "set", service, secret, "--env", name),
            stdin=made_up(service, secret),
            expect="is set in",
        )
        for service, secret in secrets
    )
    where = ("--secret-id", f"$platform-{name}/notifier", "--secret-string", '{"url": "$webhook"}')
    put = ("secretsmanager", "put-secret-value", *where)
    address = Step("set the webhook's address", name, None, put, program="aws", expect="AWSCURRENT")
    return (
        *_applied(name),
        *own,
        *([address] if notifies else []),
        Step("see whether a release can begin", name, "deploy", ("verify", "--env", name)),
    )


def _released(name: str, service: str | None = None) -> Step:
    says = "release it" if service is None else f"release {service} as a canary"
    arguments = ("deploy", "--env", name, "--bundle", "$commit", "--traffic")
    return Step(says, name, "deploy", arguments, expect="succeeded")


def _rebuilt(environment: str, change: Change) -> Step:
    says = "change a service, and build it in CodeBuild"
    arguments = ("build", "--env", environment, "--remote")
    return Step(says, TOOLING, "build", arguments, change=change, expect="release it with BUNDLE=")


def _canaries(names: Sequence[str], service: str, notifies: bool) -> Iterator[Event]:
    message = f"release/$release/{service}/promoted"
    for name in names:
        yield _released(name, service)
        if notifies:
            yield Told(f"the webhook is told that {service} is promoted", name, message)


def _tidied(names: Sequence[str], service: str) -> Iterator[Step]:
    first, last = names[0], names[-1]
    back = ("rollback", "--env", last, "--service", service)
    yield Step("go back to the version before", last, "deploy", back, expect="succeeded")
    yield Step("delete what nobody needs", first, "deploy", ("prune", "--env", first))
    shared = ("prune", "--stack", TOOLING)
    yield Step("ask who shares it, delete what nobody needs", TOOLING, "deploy", shared)


def _nothing_to_do(name: str) -> Lane:
    plan, drift = ("plan", *_stack(name)), ("drift", *_stack(name))
    return (
        _set_up(name, "set it up again: nothing to do", "nothing to change"),
        Step("plan again: nothing to do", name, "plan", plan, expect="nothing to change"),
        Step(
            "look for changes by hand: none", name, "plan", drift, expect="nothing that was changed by hand"
        ),
    )


def _stack(name: str) -> tuple[str, ...]:
    return ("--stack", TOOLING) if name == TOOLING else ("--env", name)
