"""What GitHub asks for before an environment is changed, and before main is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lockgate.errors import LockgateError
from lockgate.github.api import GitHub, NotFoundError

BRANCH = "main"
_CHECKS = ("Dependencies", "Gate", "Lint", "Test")
"""Jobs of pull-request.yml without which nothing may be merged."""


@dataclass(frozen=True)
class Gap:
    """Something that is not protected as it should be.

    Attributes:
        where: an environment, or the branch.
        what: what is missing.
        hint: what to do in GitHub.
    """

    where: str
    what: str
    hint: str


def destroying(name: str) -> str:
    """The environment of GitHub whose approval it takes to destroy what cannot be made again."""
    return f"{name}-destroy"


def environment_gaps(github: GitHub, name: str, *, approval: bool) -> Iterator[Gap]:
    """What an environment of GitHub lacks, field by field of the REST API reference, "Get an environment".

    Args:
        github: the repository.
        name: of the environment.
        approval: whether somebody else has to approve.

    Raises:
        LockgateError: GitHub does not answer, or the token may not ask.
    """
    try:
        found = github.get(f"environments/{name}")
    except NotFoundError:
        yield Gap(name, "GitHub has no environment of that name", f"Add it: Settings, Environments, {name}.")
        return
    rules = {rule["type"]: rule for rule in found.get("protection_rules", [])}
    if approval:
        yield from _approval(
            name, rules.get("required_reviewers"), bypass=found.get("can_admins_bypass", False)
        )
    yield from _branches(github, name, found.get("deployment_branch_policy"))


def _approval(name: str, reviewers: dict[str, Any] | None, *, bypass: bool) -> Iterator[Gap]:
    if not reviewers or not reviewers.get("reviewers"):
        yield Gap(
            name,
            "nobody has to approve",
            "Turn Required reviewers on and name them (private repositories need a paid plan for that), or "
            "declare `approval: false` in platform.yaml.",
        )
        return
    if not reviewers.get("prevent_self_review"):
        yield Gap(name, "whoever starts a release may approve it", "Turn Prevent self-review on.")
    if bypass:
        yield Gap(
            name,
            "administrators may go on without an approval",
            "Turn Allow administrators to bypass configured protection rules off.",
        )


def _branches(github: GitHub, name: str, policy: dict[str, bool] | None) -> Iterator[Gap]:
    hint = f"Under Deployment branches and tags choose Selected branches, and {BRANCH} alone."
    if policy is None:
        yield Gap(name, "any branch may change it", hint)
    elif policy.get("custom_branch_policies"):
        path = f"environments/{name}/deployment-branch-policies"
        allowed = [one["name"] for one in github.pages(path, "branch_policies")]
        if allowed != [BRANCH]:
            yield Gap(name, f"it may be changed from {', '.join(allowed) or 'nowhere'}", hint)


def branch_gaps(github: GitHub) -> Iterator[Gap]:
    """What rulesets and branch protection leave open on main.

    Rulesets can be read by anybody who can read the repository (REST API, "Get rules for a branch"); the
    older branch protection by administrators alone, so that it counts only where the token may see it.

    Raises:
        LockgateError: GitHub does not answer, or the token may not ask.
    """
    rules = {rule["type"]: rule for rule in github.pages(f"rules/branches/{BRANCH}")}
    classic = _classic(github)
    if "pull_request" not in rules and not classic.get("required_pull_request_reviews"):
        yield Gap(BRANCH, "it takes pushes without a pull request", "Require a pull request in a ruleset.")
    checks = [
        *(rules.get("required_status_checks", {}).get("parameters", {}).get("required_status_checks", [])),
        *((classic.get("required_status_checks") or {}).get("checks", [])),
    ]
    missing = sorted({*_CHECKS} - {check["context"] for check in checks})
    if missing:
        yield Gap(
            BRANCH,
            f"a pull request may be merged without {', '.join(missing)}",
            "Require these status checks in a ruleset.",
        )
    if (
        "non_fast_forward" not in rules
        and (classic.get("allow_force_pushes") or {"enabled": True})["enabled"]
    ):
        yield Gap(BRANCH, "its history can be overwritten", "Block force pushes in a ruleset.")


def _classic(github: GitHub) -> dict[str, Any]:
    try:
        found: dict[str, Any] = github.get(f"branches/{BRANCH}/protection")
    except LockgateError:
        return {}
    return found
