"""What a plan would do, in the words of those who review it. Nothing in here is secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lockgate.errors import UsageError

UNKNOWN = "(known after apply)"
"""A value that only the provider will know."""

SCHEMA = 1
"""Version of the JSON that `as_dict` makes."""


class Action(StrEnum):
    """What is done to a resource, the most dangerous first."""

    DESTROY = "destroy"
    REPLACE = "replace"
    FORGET = "forget"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"
    MOVE = "move"
    READ = "read"


RANK = {action: rank for rank, action in enumerate(Action)}


@dataclass(frozen=True, order=True)
class Attribute:
    """A value that differs.

    Attributes:
        path: where it is, as `tags.team` or `rule[0].port`; within a text that is JSON too.
        before: the old value as JSON, or a mask.
        after: the new value as JSON, a mask, or `UNKNOWN`.
    """

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What is done to one resource.

    Attributes:
        address: its address in Terraform.
        type: such as aws_s3_bucket.
        action: what is done.
        attributes: what differs, by path.
        forced_by: attributes that cannot be changed in place, and so have it replaced.
        reason: why, as far as Terraform says more than that something differs; else empty.
        loses: what cannot be made again and is gone then; None where there is nothing of that kind.
        previous_address: where it was until now, if it is moved.
        import_id: id of what is taken over, if it is imported.
        deposed: key of an old object of a replacement that did not come to its end.
        creates_first: whether a replacement is there before the old one goes.
        declared: of what has drifted, the attributes that its configuration sets.
    """

    address: str
    type: str
    action: Action
    attributes: tuple[Attribute, ...] = ()
    forced_by: tuple[str, ...] = ()
    reason: str = ""
    loses: str | None = None
    previous_address: str | None = None
    import_id: str | None = None
    deposed: str | None = None
    creates_first: bool = False
    declared: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The address, with the key of a deposed object."""
        return f"{self.address} (deposed {self.deposed})" if self.deposed else self.address

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Order in which changes are shown: what loses something comes first."""
        return (self.loses is None, RANK[self.action], self.name)


@dataclass(frozen=True)
class Output:
    """An output of the stack that changes: what it was and will be, as of an attribute."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """All that a plan would do.

    Attributes:
        terraform_version: what made it.
        changes: by danger.
        drift: what has changed outside of Terraform since the last apply, as it would be recorded.
        outputs: by name.
        failed_checks: addresses of checks that do not hold.
        unread: parts of Terraform's plan that are not known here, and so are not shown.
        errored: whether Terraform could not plan to the end.
    """

    terraform_version: str
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    outputs: tuple[Output, ...] = ()
    failed_checks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    errored: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether applying it would do nothing."""
        return not (self.outputs or self.unread) and all(
            change.action is Action.READ for change in self.changes
        )

    @property
    def losing(self) -> tuple[Change, ...]:
        """Changes that destroy what cannot be made again."""
        return tuple(change for change in self.changes if change.loses is not None)

    def of(self, action: Action) -> tuple[Change, ...]:
        """Changes of one kind."""
        return tuple(change for change in self.changes if change.action is action)

    def as_dict(self) -> dict[str, Any]:
        """As JSON, for programs; `parse_plan` reads it."""
        dumped: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return {"schema": SCHEMA, **dumped}


_ADAPTER = TypeAdapter(Plan)


def parse_plan(data: dict[str, Any], origin: str) -> Plan:
    """Reads what `Plan.as_dict` made.

    Args:
        data: the JSON; keys beside the plan's own are left alone.
        origin: where it comes from, for the error.

    Raises:
        UsageError: it is none.
    """
    wanted = {name: data[name] for name in Plan.__dataclass_fields__ if name in data}
    try:
        if data.get("schema") != SCHEMA:
            raise ValueError(f"schema is {data.get('schema')!r} and not {SCHEMA}")
        return _ADAPTER.validate_python(wanted)
    except (ValidationError, ValueError) as error:
        raise UsageError(
            f"{origin} is not a plan of this version of Lockgate: {error}",
            hint="Make it anew: make plan ENV=... leaves it as plan.json beside the summary.",
        ) from error
