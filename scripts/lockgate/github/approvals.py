"""Who has approved the run of a workflow for an environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import urllib3

from lockgate.errors import LockgateError
from lockgate.github.api import API, GitHub
from lockgate.release.permission import Approval, Approvals

_HASTY = urllib3.Retry(total=1, backoff_factor=0.5, raise_on_status=False)
_WAIT = urllib3.Timeout(connect=3, read=10)
"""A release, and still less a roll-back, does not wait long for a note about it."""

_LONGEST = 1000
"""Characters of a comment that are kept: an item of DynamoDB holds 400 KB of a whole release."""


def approvals(environment: str, variables: Mapping[str, str] = os.environ) -> Approvals | None:
    """Who has approved this run for an environment, as GitHub says; None outside of a workflow.

    What GitHub does not say is unknown, with the reason: nothing is held up for it.

    Args:
        environment: its name, the same in GitHub and in platform.yaml.
        variables: those that GitHub gives to a step ("Default environment variables"), and its token.
    """
    repository, run = variables.get("GITHUB_REPOSITORY"), variables.get("GITHUB_RUN_ID")
    if not repository or not run:
        return None
    server = variables.get("GITHUB_SERVER_URL") or "https://github.com"
    url = f"{server.rstrip('/')}/{repository}/actions/runs/{run}"
    token = variables.get("GITHUB_TOKEN") or variables.get("GH_TOKEN")
    if not token:
        return Approvals(run_url=url, unknown="the step has no GITHUB_TOKEN")
    pool = urllib3.PoolManager(retries=_HASTY, timeout=_WAIT)
    github = GitHub(repository, token, variables.get("GITHUB_API_URL") or API, pool)
    try:
        # "Get the review history for a workflow run" (REST API, Actions), which takes actions: read.
        found = github.get(f"actions/runs/{run}/approvals")
        return Approvals(run_url=url, given=_given(found, environment))
    except LockgateError as error:
        return Approvals(run_url=url, unknown=error.message)
    except (KeyError, TypeError, ValueError) as error:
        return Approvals(run_url=url, unknown=f"GitHub's answer cannot be read: {error!r}")


def _given(reviews: Any, environment: str) -> tuple[Approval, ...]:
    given = (
        Approval(by=review["user"]["login"], comment=(review.get("comment") or "")[:_LONGEST])
        for review in reviews
        if review["state"] == "approved"
        and environment in [reviewed["name"] for reviewed in review["environments"]]
    )
    # A run that was run again has those of its earlier attempts as well.
    return tuple(dict.fromkeys(given))
