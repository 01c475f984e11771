"""`freezes:` of `platform.yaml`: when nothing is released and nothing is applied."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PlainValidator, WithJsonSchema, field_validator, model_validator

from lockgate.config.base import Declaration, EnvironmentName

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"
_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$"


def _moment(given: Any) -> date:
    """A date, or a date-time, which is a date too; YAML itself makes some of them from text."""
    if isinstance(given, date):
        return given
    if not isinstance(given, str) or not re.match(_MOMENT, given):
        raise ValueError("must be a date or a date-time, such as 2026-12-18 or 2026-12-18T16:00")
    return date.fromisoformat(given) if len(given) == 10 else datetime.fromisoformat(given)


def _clock(given: Any) -> str:
    if not isinstance(given, str) or not re.match(_CLOCK, given):
        raise ValueError('must be a time from "00:00" to "24:00", in quotes: YAML reads 16:00 as a number')
    return given


Moment = Annotated[date, PlainValidator(_moment), WithJsonSchema({"type": "string", "pattern": _MOMENT})]
Clock = Annotated[str, PlainValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK})]


class Weekly(Declaration):
    """A window that comes every week."""

    days: list[Weekday] = Field(min_length=1, description="Days on which it begins.")
    opens: Clock = Field(alias="from", description='When it begins, such as "16:00".')
    closes: Clock = Field(
        alias="until",
        description='When it ends, such as "24:00". Not after `from`: on the day after, over midnight.',
    )

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.opens == self.closes:
            raise ValueError(f"from and until are both {self.opens}: say 00:00 to 24:00 for a whole day")
        if self.opens == "24:00":
            raise ValueError("from 24:00: say 00:00 of the day after")
        return self


class Freeze(Declaration):
    """A time in which nothing is released and nothing is applied."""

    reason: str = Field(min_length=1, description="What whoever is refused reads.")
    environments: list[EnvironmentName] | None = Field(
        default=None,
        min_length=1,
        description="Which environments; `tooling` may be among them. All that are not an embedded AWS when "
        "not given, and the tooling account with them.",
    )
    since: Moment | None = Field(
        default=None, alias="from", description="When it begins; a date alone begins with that day."
    )
    until: Moment | None = Field(
        default=None, description="When it ends; a date alone ends with that day: the day belongs to it."
    )
    weekly: Weekly | None = Field(default=None, description="Instead of from and until: every week.")
    timezone: str = Field(
        default="UTC", description="Where the clock hangs that times are read from, such as Europe/Berlin."
    )

    @field_validator("reason")
    @classmethod
    def _says_something(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("must say why")
        return reason

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is no time zone of the IANA database, such as Europe/Berlin or UTC") from error
        return name

    @model_validator(mode="after")
    def _once_or_weekly(self) -> Self:
        once = self.since is not None and self.until is not None
        neither = self.since is None and self.until is None
        if not (once if self.weekly is None else neither):
            raise ValueError("needs both from and until, or weekly instead of them")
        if self.since is not None and self.until is not None:
            first, last = self._local(self.since, time.min), self._local(self.until, time.max)
            if first >= last:
                raise ValueError("until must come after from")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    def _local(self, moment: date, at: time) -> datetime:
        """What the clock shows; a date alone at a time of that day."""
        if not isinstance(moment, datetime):
            return datetime.combine(moment, at)
        return moment if moment.tzinfo is None else moment.astimezone(self.zone).replace(tzinfo=None)
