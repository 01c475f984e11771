"""What Lockgate says about releases on the event bus: one schema, `schemas/release-event.schema.json`.

A reader of another program finds it in `detail` of an event with the source `lockgate`. Keys are added
without notice; what changes the meaning of one raises `schema`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, ConfigDict, Field

from lockgate.release.model import Status, Tally
from lockgate.release.record import Record

SOURCE = "lockgate"
"""Source of the events on the bus; Terraform's rules have the same."""

DETAIL_TYPE = "Lockgate Release Event"
"""Detail type of them all; `kind` says which it is."""

TEXT_LIMIT = 4000
"""Characters of a text or reason that are kept: an event may have 256 KB, a message of Slack 3,000 in a
block (Slack API, "Section block")."""


class Severity(StrEnum):
    """Whom it concerns: each has a topic of its own."""

    INFO = "info"
    """Nobody has to do anything."""
    WARNING = "warning"
    """Somebody should look today; what customers get is safe."""
    CRITICAL = "critical"
    """Somebody has to look now."""


class Kind(StrEnum):
    """What has happened."""

    BREAK_GLASS = "break_glass"
    """A release goes past a guard, with a reason."""
    STARTED = "started"
    """CodeDeploy has a service's deployment."""
    CANARY = "canary"
    """A service's new version gets traffic."""
    VERDICT = "verdict"
    """The judge's last word on a stage, with its numbers."""
    PROMOTED = "promoted"
    """A service's new version serves everything."""
    ROLLED_BACK = "rolled_back"
    """A service's old version serves everything again."""
    FAILED = "failed"
    """A service's deployment ended in a way that wants a person."""
    ENDED = "ended"
    """The whole release is over; `status` says how."""
    REFUSED = "refused"
    """Nothing was released: something stood in the way."""


class VerdictNumbers(Record):
    """What the judge concluded in one stage."""

    stage: str = Field(description="`canary`, beside the old version, or `bake`, alone.")
    conclusion: str = Field(description="From the best to the worst: proven good, not proven, ..., worse.")
    rollback: bool = Field(description="Whether the judge wants the version gone.")
    reason: str = Field(description="In words, with the numbers that decided.")
    minutes: int = Field(description="Minutes with traffic that were judged.")


class ReleaseEvent(Record):
    """One thing that has happened in a release."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        serialize_by_alias=True,
        ser_json_inf_nan="strings",
    )

    schema_version: Literal[1] = Field(default=1, alias="schema", description="Version of this schema.")
    id: str = Field(
        description="The same each time that the same thing is said: release, service and what happened. "
        "Events may come twice; whoever acts on them keeps the ids."
    )
    kind: Kind = Field(description="What has happened.")
    severity: Severity = Field(description="Whom it concerns.")
    text: str = Field(description="One sentence for people.")
    environment: str = Field(description="Where.")
    release_id: str | None = Field(default=None, description="Release; none where it was refused.")
    service: str | None = Field(default=None, description="Service; none where it is the whole release.")
    at: AwareDatetime = Field(description="When it happened.")
    by: str = Field(description="Who asked for the release.")
    commit: str | None = Field(default=None, description="Of the bundle.")
    status: Status | None = Field(default=None, description="How the release ended.")
    reason: str | None = Field(default=None, description="Why, with numbers.")
    from_version: str | None = Field(default=None, description="The version that served before.")
    to_version: str | None = Field(default=None, description="The version that is released.")
    deployment_id: str | None = Field(default=None, description="CodeDeploy's deployment.")
    verdict: VerdictNumbers | None = Field(default=None, description="The judge's last word on a stage.")
    tallies: dict[str, Tally] = Field(
        default_factory=dict, description="Requests and errors by version, since the deployment started."
    )
