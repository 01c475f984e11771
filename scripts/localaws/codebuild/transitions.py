"""Which phase follows which.

Sources: user guide, "Build phase transitions"; buildspec reference, `phases` and `on-failure`.
"""

from __future__ import annotations

from localaws.codebuild.buildspec import OnFailure

ORDER = (
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
)

OF_COMMANDS = {"INSTALL": "install", "PRE_BUILD": "pre_build", "BUILD": "build", "POST_BUILD": "post_build"}
"""Phases that run commands, and their names in a buildspec."""

_GOES_ON = ("BUILD", "POST_BUILD", "FINALIZING")
"""Phases whose failure does not end the build by itself: after a failed build, post_build runs and artifacts
are uploaded. After a failed post_build they are uploaded too: it is on record in public build logs."""


def following(phase: str, *, failed: bool, on_failure: OnFailure | None = None) -> str:
    """The phase after this one.

    Args:
        phase: the phase that is over, as in the service model's BuildPhaseType.
        failed: whether it has failed.
        on_failure: what its buildspec says about that: CONTINUE goes on in any case, ABORT and RETRY in none.
            That ABORT leaves out the upload too is inferred.
    """
    goes_on = phase in _GOES_ON
    if on_failure is not None and phase in OF_COMMANDS:
        goes_on = on_failure.action == "CONTINUE"
    if failed and not goes_on:
        return "FINALIZING"
    return ORDER[ORDER.index(phase) + 1]
