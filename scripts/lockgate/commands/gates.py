"""What may refuse a release or an apply besides its own checks: freezes, promotion rules; and break-glass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lockgate.commands.opened import Opened, OpenedAccount, operator
from lockgate.commands.options import now
from lockgate.errors import RefusedError, UsageError
from lockgate.github.approvals import approvals
from lockgate.notify import announce_break_glass
from lockgate.release.freeze import frozen
from lockgate.release.ledger import Ledger
from lockgate.release.model import Artifact, Release
from lockgate.release.permission import BreakGlass
from lockgate.release.promotion import Proof, Standing, proofs


def _said(_context: click.Context, _parameter: click.Parameter, reason: str | None) -> str | None:
    if reason is not None and not reason.strip():
        raise UsageError(
            "--break-glass is given without a reason", hint='Say why: --break-glass "prod is down, INC-1234"'
        )
    return None if reason is None else reason.strip()


break_glass_option = click.option(
    "--break-glass",
    "break_glass",
    metavar="REASON",
    callback=_said,
    help="Go past freezes and promotion rules, and nothing else. Announced at once, and written down.",
)


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way.

    Attributes:
        what: for people.
        hint: what to do, besides break-glass.
    """

    what: str
    hint: str


@dataclass(frozen=True)
class Gate:
    """Lets through what nothing stands in the way of, or what breaks the glass.

    Args:
        break_glass: the reason for going past all of it, if so.
        dry_run: whether it is only said.
        out: where that is.
    """

    break_glass: str | None
    dry_run: bool
    out: Console

    @property
    def refuses(self) -> bool:
        """Whether it refuses at all."""
        return self.break_glass is None and not self.dry_run

    def passes(self, obstacles: list[Obstacle]) -> bool:
        """Whether it goes on: nothing is in the way, or the glass is broken. Each obstacle is said.

        Raises:
            RefusedError: it does not, and it is no dry run.
        """
        if self.refuses and obstacles:
            hints = dict.fromkeys(obstacle.hint for obstacle in obstacles)
            raise RefusedError(
                "\n".join(obstacle.what for obstacle in obstacles),
                hint=f"{' '.join(hints)} Where that cannot wait, break the glass, which everybody hears of: "
                f"ARGS='--break-glass \"<why>\"'.",
            )
        how = "would be refused" if self.break_glass is None else "break-glass goes past"
        for obstacle in obstacles:
            self.out.print(f"{how}: {obstacle.what}", markup=False, soft_wrap=True)
        return self.break_glass is not None or not obstacles

    def broken(self, obstacles: list[Obstacle]) -> BreakGlass | None:
        """What is written down."""
        if self.break_glass is None:
            return None
        return BreakGlass(reason=self.break_glass, overrode=tuple(obstacle.what for obstacle in obstacles))


def freezes(opened: OpenedAccount) -> list[Obstacle]:
    """The freeze that holds now, if any."""
    found = frozen(opened.project.platform, opened.name, now())
    if found is None:
        return []
    hint = "Wait until then. Roll-backs, plans and everything that only reads go on."
    return [Obstacle(f"{opened.name} is frozen: {found}", hint)]


def unproven(opened: Opened, planned: Release, reference: str | None) -> list[Obstacle]:
    """What is to be released and has not succeeded in the environment that it is promoted from.

    What serves already is no matter of promotion: a release of other configuration alone passes.

    Args:
        opened: the environment that is released to.
        planned: the release.
        reference: the bundle, as the command line names it.
    """
    source = opened.environment.promotes_from
    if source is None:
        return []
    wanted = dict(_new_code(opened, planned))
    if not wanted:
        return []
    try:
        found = proofs(wanted, _ledger_of(opened, source).history())
    except (RefusedError, BotoCoreError, ClientError) as error:
        return [_unreadable(opened, source, error)]
    missing = [proof for proof in found.values() if not proof.holds]
    return [_unproven(source, proof, missing, reference) for proof in missing]


def _new_code(opened: Opened, planned: Release) -> Iterator[tuple[str, Artifact]]:
    """By service, the artifacts that do not serve here yet."""
    for name, deployment in planned.deployments.items():
        artifact = deployment.artifact
        if artifact and opened.planner.driver(name).live(None).code_sha256 != artifact.code_sha256:
            yield name, artifact


def _ledger_of(opened: Opened, source: str) -> Ledger:
    """The ledger of another environment, seen as the role that its account has for this."""
    platform = opened.project.platform
    aws = opened.aws.assuming(platform.role_arn_of(source, "promote"), platform.region_of(source))
    environment = platform.environments[source]
    return Opened(opened.project, source, environment, aws, environment).checked().ledger


def _unreadable(opened: Opened, source: str, error: Exception) -> Obstacle:
    said = error.message if isinstance(error, RefusedError) else str(error)
    role = opened.project.platform.role_of(source, "promote")
    return Obstacle(
        f"{opened.name} promotes from {source}, and what has succeeded there cannot be read: {said}",
        f"make apply ENV={source} gives its account the role {role}; these credentials need sts:AssumeRole "
        "for it.",
    )


def _unproven(source: str, proof: Proof, missing: list[Proof], reference: str | None) -> Obstacle:
    names = " ".join(one.service for one in missing if one.standing is not Standing.RUNNING)
    hint = (
        f"Let it succeed there first: "
        f'make deploy ENV={source} SERVICE="{names}" BUNDLE={reference or "<bundle>"}.'
    )
    if proof.standing is Standing.RUNNING:
        hint = f"Wait for its end: make watch ENV={source}."
    what = f"{proof.service}: artifact {proof.sha256} has not succeeded in {source}: {proof}"
    return Obstacle(what, hint)


def permitted(opened: Opened, planned: Release, broken: BreakGlass | None) -> Release:
    """A planned release with those by whose word it runs."""
    return planned.but(break_glass=broken, approvals=approvals(opened.name))


def announce_release(opened: Opened, begun: Release) -> None:
    """Tells everybody that a release has begun by break-glass, where it has."""
    topic = opened.contract.platform.topic("critical")
    if begun.break_glass is not None and topic is not None:
        what = f"{begun.kind} {begun.release_id}"
        announce_break_glass(opened.aws, topic, opened.name, what, begun.by, begun.break_glass)


def announce_apply(opened: OpenedAccount, broken: BreakGlass | None, out: Console) -> None:
    """Tells everybody that Terraform is about to be applied by break-glass; where nobody can be told, that is
    said: an account that was never applied has no topic."""
    if broken is not None:
        why = _not_told(opened, broken)
        said = "is announced" if why is None else f"could not be announced: {why}"
        out.print(f"Break-glass {said}; apply writes no ledger.", markup=False, soft_wrap=True)


def _not_told(opened: OpenedAccount, broken: BreakGlass) -> str | None:
    """Why nobody could be told of an apply; None where they were."""
    try:
        topic = _critical_topic(opened)
    except (RefusedError, BotoCoreError, ClientError) as error:
        return str(error)
    if topic is None:
        return "Terraform has made no topic yet"
    told = announce_break_glass(opened.aws, topic, opened.name, "apply", operator(), broken)
    return None if told else f"{topic} does not take it"


def _critical_topic(opened: OpenedAccount) -> str | None:
    """By the contract; the tooling account, which has none, by its name."""
    if isinstance(opened, Opened):
        return opened.contract.platform.topic("critical")
    return opened.project.platform.topic_arn_of(opened.name, "critical")
