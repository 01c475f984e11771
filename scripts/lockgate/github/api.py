"""GitHub's REST API, as far as it is needed: JSON, pages, retries, one clear error."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.util import Retry

from lockgate import __version__
from lockgate.errors import LockgateError, RefusedError, UsageError

API = "https://api.github.com"
_VERSION = "2022-11-28"
_PAGE = 100
"""Items on a page, the most that GitHub gives (REST API, "Using pagination")."""

_NEXT = re.compile(r'<([^>]+)>; rel="next"')
_REMOTE = re.compile(r"^(?:https://|ssh://git@|git@)[^/:]+[/:]([^/]+/[^/]+?)(?:\.git)?/?$")


class _Retry(Retry):
    """Sends again what GitHub has refused as too much, whatever the method: it has done nothing then (REST
    API, "Rate limits", answers 403 and 429 with retry-after)."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        too_much = has_retry_after and status_code in (403, 429)
        return too_much or super().is_retry(method, status_code, has_retry_after)


_RETRIES = _Retry(
    total=5,
    backoff_factor=1,
    backoff_jitter=0.5,
    status_forcelist=(500, 502, 503, 504),
    # What is created twice is there twice: a POST is sent again only where no connection came about.
    allowed_methods={"GET", "PATCH"},
    raise_on_status=False,
    retry_after_max=90,
)


class NotFoundError(LockgateError):
    """There is nothing of that name, or the token may not see it: GitHub says the same of both."""


@dataclass(frozen=True)
class GitHub:
    """One repository on GitHub.

    Args:
        repository: `owner/name`.
        token: sent as a bearer token.
        api_url: where its API is; a GitHub Enterprise Server has its own.
    """

    repository: str
    token: str = field(repr=False)
    api_url: str = API
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(
            retries=_RETRIES, timeout=urllib3.Timeout(connect=5, read=30)
        ),
        repr=False,
    )

    @classmethod
    def here(cls, root: Path) -> GitHub:
        """The repository that this runs for: a workflow's, else the one that `origin` names.

        Raises:
            UsageError: neither is there, or there is no token.
        """
        repository = os.environ.get("GITHUB_REPOSITORY") or _of_remote(root)
        token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
        if not repository:
            raise UsageError(
                f"which repository on GitHub? {root} has no remote `origin` there",
                hint="Set GITHUB_REPOSITORY=owner/name.",
            )
        if not token:
            raise UsageError(
                "there is no token for GitHub", hint='Set one: export GITHUB_TOKEN="$(gh auth token)".'
            )
        return cls(repository, token, os.environ.get("GITHUB_API_URL") or API)

    def get(self, path: str, **query: str | int) -> Any:
        """What stands at a path of the repository, such as `issues/7`; the empty path is the repository.

        Raises:
            NotFoundError: nothing that this token may see.
            LockgateError: GitHub does not answer, or refuses.
        """
        return self._ask("GET", self._url(path, query))[0]

    def content(self, path: str) -> bytes:
        """What stands at a path, as it is; where GitHub points elsewhere, the token is not sent there.

        Raises:
            LockgateError: as `get`.
        """
        return self._asked("GET", self._url(path, {})).data

    def pages(self, path: str, key: str | None = None, **query: str | int) -> Iterator[Any]:
        """All items of a list, page by page.

        Args:
            path: of the repository.
            key: where the answer holds the list; None where it is the answer.
            query: what to ask for.

        Raises:
            LockgateError: as `get`.
        """
        url: str | None = self._url(path, {**query, "per_page": _PAGE})
        while url is not None:
            found, link = self._ask("GET", url)
            yield from found if key is None else found[key]
            following = _NEXT.search(link)
            url = following[1] if following else None

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Creates something.

        Raises:
            LockgateError: GitHub does not answer, or refuses.
        """
        return self._ask("POST", self._url(path, {}), body)[0]

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Changes something.

        Raises:
            LockgateError: GitHub does not answer, or refuses.
        """
        return self._ask("PATCH", self._url(path, {}), body)[0]

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        url = f"{self.api_url.rstrip('/')}/repos/{self.repository}/{path}".rstrip("/")
        return f"{url}?{urlencode(query)}" if query else url

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> tuple[Any, str]:
        answer = self._asked(method, url, body)
        return json.loads(answer.data) if answer.data else None, answer.headers.get("link", "")

    def _asked(
        self, method: str, url: str, body: Mapping[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": f"lockgate/{__version__}",
            "X-GitHub-Api-Version": _VERSION,
        }
        try:
            answer = self._pool.request(method, url, json=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise LockgateError(
                f"GitHub does not answer to {method} {url}: {error}", hint="Run it again later."
            ) from error
        if answer.status >= 400:
            raise _refusal(method, url, answer.status, answer.data)
        return answer


def _refusal(method: str, url: str, status: int, content: bytes) -> LockgateError:
    said = f"GitHub answers {status} to {method} {url}: {_message(content)}"
    if status == 404:
        return NotFoundError(said, hint="It is not there, or the token may not see it.")
    if status in (401, 403):
        return RefusedError(
            said, hint="Give the token what docs/github.md lists, or wait if it was too many."
        )
    return LockgateError(said, hint="Run it again later.")


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")


def _of_remote(root: Path) -> str | None:
    done = subprocess.run(
        ["git", "-C", root, "remote", "get-url", "origin"], capture_output=True, text=True, check=False
    )
    found = _REMOTE.match(done.stdout.strip())
    return found[1] if found else None
