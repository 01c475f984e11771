"""One comment of a pull request, and one issue of a stack, that are written again instead of once more.

Both are known by a comment in their own Markdown, which readers do not see, and only where a bot has written
them: anybody may copy such a mark.
"""

from __future__ import annotations

from typing import Any

from lockgate.github.api import GitHub

LABEL = "drift"


def comment(github: GitHub, number: int, name: str, body: str) -> str:
    """Writes the comment of that name, or writes it anew; its address.

    Args:
        github: the repository.
        number: the pull request.
        name: which comment it is.
        body: Markdown, short enough together with the mark (65,536 characters).

    Raises:
        LockgateError: GitHub refuses.
    """
    marked = f"{_mark(name)}\n{body}"
    found = next((one for one in github.pages(f"issues/{number}/comments") if _is_ours(one, name)), None)
    if found is None:
        written = github.post(f"issues/{number}/comments", {"body": marked})
    else:
        written = github.patch(f"issues/comments/{found['id']}", {"body": marked})
    return str(written["html_url"])


def raise_issue(github: GitHub, name: str, title: str, body: str) -> str:
    """Opens the issue of that name, or brings the open one up to date; its address.

    Raises:
        LockgateError: GitHub refuses.
    """
    wanted = {"title": title, "body": f"{_mark(name)}\n{body}"}
    found = _issue(github, name)
    if found is None:
        return str(github.post("issues", {**wanted, "labels": [LABEL]})["html_url"])
    if any(found[key] != value for key, value in wanted.items()):
        github.patch(f"issues/{found['number']}", wanted)
    return str(found["html_url"])


def close_issue(github: GitHub, name: str, because: str) -> str | None:
    """Closes the issue of that name with a comment; its address, or None where none is open.

    Raises:
        LockgateError: GitHub refuses.
    """
    found = _issue(github, name)
    if found is None:
        return None
    github.post(f"issues/{found['number']}/comments", {"body": because})
    github.patch(f"issues/{found['number']}", {"state": "closed", "state_reason": "completed"})
    return str(found["html_url"])


def _issue(github: GitHub, name: str) -> Any | None:
    # Pull requests are issues too (REST API, "List repository issues").
    issues = github.pages("issues", state="open", labels=LABEL)
    return next((one for one in issues if "pull_request" not in one and _is_ours(one, name)), None)


def _mark(name: str) -> str:
    return f"<!-- lockgate: {name} -->"


def _is_ours(written: Any, name: str) -> bool:
    return written["user"]["type"] == "Bot" and (written["body"] or "").startswith(_mark(name))
