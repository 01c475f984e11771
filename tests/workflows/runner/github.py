"""GitHub's REST API as far as Lockgate uses it, on 127.0.0.1; answers as in its reference."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token"
REPOSITORY = "acme/lockgate"
BOT = {"login": "github-actions[bot]", "type": "Bot"}

Answer = tuple[int, Any]


def guarded(name: str, *, reviewers: bool = True) -> dict[str, Any]:
    """An environment as "Get an environment" answers; approved by somebody else, from main alone."""
    reviewing = {
        "id": 1,
        "type": "required_reviewers",
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "reviewer": {"login": "grace", "id": 2}}],
    }
    rules = [{"id": 2, "type": "branch_policy"}, *([reviewing] if reviewers else [])]
    policy = {"protected_branches": False, "custom_branch_policies": True}
    return {
        "name": name,
        "can_admins_bypass": False,
        "protection_rules": rules,
        "deployment_branch_policy": policy,
    }


def review(
    *environments: str, state: str = "approved", by: str = "grace", comment: str = ""
) -> dict[str, Any]:
    """A review of a run's pending deployments, as it stands in the history."""
    named = [{"id": at, "name": name} for at, name in enumerate(environments, 1)]
    return {"state": state, "comment": comment, "environments": named, "user": {"login": by, "id": 2}}


@dataclass
class State:
    """What is on GitHub. Tests read it and write it.

    Attributes:
        environments: by name, as `guarded` makes them.
        branches: names from which each environment may be changed.
        rules: of the branch main, as "Get rules for a branch" answers.
        protection: of the branch main, as "Get branch protection" answers; None where there is none.
        pulls: pull requests by commit, as "List pull requests associated with a commit" answers.
        reviews: by run, as "Get the review history for a workflow run" answers; `review` makes them.
        artifacts: as "List artifacts for a repository" answers, with their zip as `content`.
        issues, comments: in the order in which they were made.
        failing: answers that come instead of the next ones: status and headers.
        asked: method and path of each request.
    """

    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branches: dict[str, list[str]] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    protection: dict[str, Any] | None = None
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    failing: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    author: dict[str, str] = field(default_factory=lambda: dict(BOT))

    def comment(self, number: int, body: str, user: dict[str, str] | None = None) -> dict[str, Any]:
        """Adds a comment to an issue or pull request."""
        made = {
            "id": len(self.comments) + 1,
            "issue": number,
            "body": body,
            "user": user or self.author,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}#{len(self.comments) + 1}",
        }
        self.comments.append(made)
        return made

    def issue(self, title: str, body: str, labels: list[str], user: dict[str, str] | None = None) -> Any:
        """Adds an issue."""
        number = len(self.issues) + 100
        made = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "labels": [{"name": label} for label in labels],
            "user": user or self.author,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
        }
        self.issues.append(made)
        return made


@dataclass(frozen=True)
class _Routes:
    state: State

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """What GitHub says to a request below the repository."""
        for wanted, pattern, make in self._all():
            match = re.fullmatch(pattern, path)
            if wanted == method and match:
                return make(match, query, body)
        return 404, {"message": f"Not Found: {method} {path}"}

    def _all(self) -> list[tuple[str, str, Callable[[re.Match[str], dict[str, str], Any], Answer]]]:
        return [
            ("GET", r"environments/([\w-]+)", lambda m, *_: _or_404(self.state.environments.get(m[1]))),
            ("GET", r"environments/([\w-]+)/deployment-branch-policies", self._policies),
            ("GET", r"rules/branches/main", lambda *_: (200, self.state.rules)),
            ("GET", r"branches/main/protection", lambda *_: _or_404(self.state.protection)),
            ("GET", r"commits/(\w+)/pulls", lambda m, *_: (200, self.state.pulls.get(m[1], []))),
            ("GET", r"actions/runs/(\d+)/approvals", lambda m, *_: (200, self.state.reviews.get(m[1], []))),
            ("GET", r"actions/artifacts", self._artifacts),
            ("GET", r"actions/artifacts/(\d+)/zip", self._content),
            ("GET", r"issues", self._issues),
            ("POST", r"issues", lambda _m, _q, b: (201, self.state.issue(**b))),
            ("PATCH", r"issues/(\d+)", lambda m, _q, b: self._patch(self.state.issues, "number", m[1], b)),
            ("GET", r"issues/(\d+)/comments", self._comments),
            ("POST", r"issues/(\d+)/comments", lambda m, _q, b: (201, self.state.comment(int(m[1]), **b))),
            (
                "PATCH",
                r"issues/comments/(\d+)",
                lambda m, _q, b: self._patch(self.state.comments, "id", m[1], b),
            ),
        ]

    def _policies(self, match: re.Match[str], _query: dict[str, str], _body: Any) -> Answer:
        names = self.state.branches.get(match[1], ["main"])
        return 200, {"total_count": len(names), "branch_policies": [{"name": name} for name in names]}

    def _issues(self, _match: re.Match[str], query: dict[str, str], _body: Any) -> Answer:
        label = query.get("labels")
        return 200, [
            issue
            for issue in self.state.issues
            if issue["state"] == query.get("state", "open")
            and (label is None or label in [one["name"] for one in issue["labels"]])
        ]

    def _artifacts(self, _match: re.Match[str], query: dict[str, str], _body: Any) -> Answer:
        named = [one for one in self.state.artifacts if one["name"] == query["name"]]
        shown = [{key: value for key, value in one.items() if key != "content"} for one in named]
        return 200, {"total_count": len(shown), "artifacts": shown}

    def _content(self, match: re.Match[str], _query: dict[str, str], _body: Any) -> Answer:
        return 200, next(one["content"] for one in self.state.artifacts if one["id"] == int(match[1]))

    def _comments(self, match: re.Match[str], _query: dict[str, str], _body: Any) -> Answer:
        return 200, [one for one in self.state.comments if one["issue"] == int(match[1])]

    @staticmethod
    def _patch(where: list[dict[str, Any]], key: str, value: str, body: Any) -> Answer:
        found = next((one for one in where if one[key] == int(value)), None)
        if found is not None:
            found.update(body)
        return _or_404(found)


def _or_404(found: Any) -> Answer:
    return (404, {"message": "Not Found"}) if found is None else (200, found)


class _Server(ThreadingHTTPServer):
    def __init__(self, state: State) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        split = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(split.query).items()}
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.state.asked.append((self.command, split.path))
        status, headers, answer = self._answered(split.path, query, body)
        if isinstance(answer, list):
            page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
            if len(answer) > page * size:
                more = f"{self.server.url}{split.path}?per_page={size}&page={page + 1}"
                headers = {**headers, "link": f'<{more}>; rel="next"'}
            answer = answer[(page - 1) * size : page * size]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _answered(self, path: str, query: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        state = self.server.state
        if state.failing:
            status, headers = state.failing.pop(0)
            return status, headers, {"message": "for now it fails"}
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {}, {"message": "Bad credentials"}
        inside = path.removeprefix(f"/repos/{REPOSITORY}/")
        status, answer = _Routes(state).answer(self.command, inside, query, body)
        return status, {}, answer

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def github(state: State) -> Iterator[str]:
    """Serves a state; its address. Lists come in pages, as "Using pagination in the REST API" says."""
    server = _Server(state)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
