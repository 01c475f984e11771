"""By whose word a release ran: kept with it in the ledger, for whoever asks later."""

from __future__ import annotations

from lockgate.release.record import Record


class BreakGlass(Record):
    """A release that went past a freeze or a promotion rule on purpose.

    Attributes:
        reason: why, in the words of whoever released.
        overrode: what would have refused it, in the words of the refusal; empty where nothing would have.
    """

    reason: str
    overrode: tuple[str, ...] = ()


class Approval(Record):
    """Somebody who has approved in GitHub.

    Attributes:
        by: login.
        comment: what they have written beside it.
    """

    by: str
    comment: str = ""


class Approvals(Record):
    """Who has approved the run of a workflow for the environment.

    Attributes:
        run_url: the run, for people.
        given: in GitHub's order, each once; empty where nobody had to, or where it is not known.
        unknown: why it is not known, where it is not.
    """

    run_url: str
    given: tuple[Approval, ...] = ()
    unknown: str | None = None
