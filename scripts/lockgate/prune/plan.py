"""What a prune would do: what is kept and why, and what is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why something is kept, the strongest reason first."""

    IN_USE = "in use now"
    FOREIGN = "not named as Lockgate names things"
    WINDOW = "a roll-back may go to it"
    DEFINED = "named by a task definition that is kept"
    NAMED = "named by a bundle that is kept"
    NEWEST = "the newest"
    YOUNG = "too young"


@dataclass(frozen=True)
class Item:
    """Something that may be pruned.

    Attributes:
        name: a version's number, or an object's key.
        created_at: when it was made, as AWS says.
    """

    name: str
    created_at: datetime


@dataclass(frozen=True)
class Plan:
    """What is to become of the things of one kind.

    Attributes:
        subject: what they belong to: a service, or the artifact store.
        kind: what they are, in the plural, for people.
        delete: what is deleted, in this order.
        kept: what is kept, by the reason.
        skipped: why nothing of it is touched, whatever it is; None where that is not so.
    """

    subject: str
    kind: str
    delete: tuple[Item, ...] = ()
    kept: Mapping[Reason, tuple[Item, ...]] = field(default_factory=dict)
    skipped: str | None = None


@dataclass(frozen=True)
class Done:
    """What has become of one thing that was to be deleted.

    Attributes:
        name: of the thing.
        spared: why it was kept after all; None where it is gone.
    """

    name: str
    spared: str | None = None


def decide(subject: str, kind: str, items: Iterable[Item], keeps: Callable[[Item], Reason | None]) -> Plan:
    """A plan in which each thing is kept that there is a reason for.

    Args:
        subject: what the things belong to.
        kind: what they are.
        items: all of them.
        keeps: the strongest reason to keep one, or None.
    """
    kept: dict[Reason, tuple[Item, ...]] = {}
    delete: tuple[Item, ...] = ()
    for item in items:
        reason = keeps(item)
        if reason is None:
            delete = (*delete, item)
        else:
            kept[reason] = (*kept.get(reason, ()), item)
    return Plan(subject, kind, delete, kept)
