"""Whether artifacts have succeeded in the environment that they are promoted from: a pure function of its
ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lockgate.release.model import Artifact, Deployment, Phase, Release, Status

Entry = tuple[Release, Deployment]


class Standing(StrEnum):
    """What has become of an artifact in an environment."""

    SUCCEEDED = "succeeded"
    NEVER_RELEASED = "never released there"
    RUNNING = "is still running there"
    ROLLED_BACK = "was rolled back there"
    NOT_STARTED = "ended there before its turn came"
    FAILED = "failed there"
    TAKEN_BACK = "has taken it back there"
    """It succeeded, and a roll-back was asked for later."""


@dataclass(frozen=True)
class Proof:
    """What the ledger says about one service's artifact.

    Attributes:
        service: its name.
        sha256: digest of the artifact.
        standing: what has become of it.
        release: the release that says so; None where there was none.
        cause: why it went badly.
    """

    service: str
    sha256: str
    standing: Standing
    release: Release | None = None
    cause: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it may be promoted."""
        return self.standing is Standing.SUCCEEDED

    def __str__(self) -> str:
        if self.release is None:
            return str(self.standing)
        because = f": {self.cause}" if self.cause else ""
        return f"release {self.release.release_id} {self.standing}{because}"


def proofs(wanted: Mapping[str, Artifact], releases: Iterable[Release]) -> dict[str, Proof]:
    """What has become of each service's artifact, by its digest.

    An artifact is proven when a release that is over has succeeded with it, and no roll-back has taken it
    back since. Another release that went badly with it proves nothing against it: that may have been its
    configuration.

    Args:
        wanted: by service, what is to be promoted.
        releases: of the environment that it is promoted from, the newest first; read only as far as needed.
    """
    past: dict[str, list[Entry]] = {name: [] for name in wanted}
    found: dict[str, Proof] = {}
    for release in releases:
        for name in past.keys() - found.keys():
            deployment = release.deployments.get(name)
            if deployment is not None:
                past[name].append((release, deployment))
                if _is_settled(wanted[name], past[name]):
                    found[name] = _proof(name, wanted[name], past[name])
        if len(found) == len(wanted):
            break
    return {name: found.get(name) or _proof(name, wanted[name], past[name]) for name in wanted}


def _is_settled(artifact: Artifact, past: Sequence[Entry]) -> bool:
    """Whether nothing older can matter: it has succeeded, and nobody went back since."""
    return _has_succeeded(artifact, past[-1]) and all(release.kind == "deploy" for release, _ in past)


def _proof(name: str, artifact: Artifact, past: Sequence[Entry]) -> Proof:
    tried = [entry for entry in past if _is_of(artifact, entry)]
    good = next((at for at, entry in enumerate(past) if _has_succeeded(artifact, entry)), None)
    if good is not None:
        versions = {deployment.to_version for _, deployment in tried}
        taken = _taken_back(past[:good], versions)
        if taken is None:
            return Proof(name, artifact.sha256, Standing.SUCCEEDED, past[good][0])
        return Proof(name, artifact.sha256, Standing.TAKEN_BACK, taken, f"asked for by {taken.by}")
    if not tried:
        return Proof(name, artifact.sha256, Standing.NEVER_RELEASED)
    release, deployment = tried[0]
    cause = deployment.cause or release.reason
    return Proof(name, artifact.sha256, _standing(release, deployment), release, cause)


def _standing(release: Release, deployment: Deployment) -> Standing:
    if release.status is Status.RUNNING:
        return Standing.RUNNING
    if deployment.phase is Phase.FAILED:
        return Standing.FAILED
    return Standing.NOT_STARTED if deployment.phase is Phase.NOT_STARTED else Standing.ROLLED_BACK


def _is_of(artifact: Artifact, entry: Entry) -> bool:
    found = entry[1].artifact
    return found is not None and found.sha256 == artifact.sha256


def _has_succeeded(artifact: Artifact, entry: Entry) -> bool:
    """Also in a release that was rolled back but for this service, as `--keep-promoted` asks."""
    release, deployment = entry
    over = release.status is not Status.RUNNING
    return _is_of(artifact, entry) and over and deployment.phase is Phase.SUCCEEDED


def _taken_back(newer: Sequence[Entry], versions: set[str | None]) -> Release | None:
    """The roll-back that went away from all of these versions, unless a newer one has come back to one."""
    for release, deployment in newer:
        if release.kind != "rollback":
            continue
        left, come = deployment.from_version in versions, deployment.to_version in versions
        if come and deployment.phase is Phase.SUCCEEDED:
            return None
        if left and not come and deployment.phase not in (Phase.NOT_STARTED, Phase.ROLLED_BACK):
            return release
    return None
