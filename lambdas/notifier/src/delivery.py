"""One POST: it is taken, comes back later, or is never taken. No address stands in an error."""

from urllib.parse import urlsplit

import urllib3
from rendering import Request
from settings import Webhook

LONGEST_WAIT_SECONDS = 900
"""How long a webhook may ask to be left alone; the queue asks again after that."""

_SHOWN = 200
"""Characters of an answer that are worth a log."""

_http = urllib3.PoolManager(retries=False)


class LaterError(Exception):
    """It cannot be delivered now.

    Attributes:
        seconds: how long to wait; None leaves that to whoever counts the tries.
    """

    def __init__(self, why: str, seconds: int | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class NeverError(Exception):
    """The webhook does not take this, and will not."""


def post(webhook: Webhook, request: Request, timeout_seconds: float) -> int:
    """Delivers a request; the status that the webhook answered with.

    Raises:
        LaterError: it does not answer, is busy (429) or has failed (5xx).
        NeverError: it refuses (any other status), or the address is none that may be written to.
    """
    host = _host(webhook.url)
    headers = {"Content-Type": "application/json", "User-Agent": "lockgate-notifier", **request.headers}
    try:
        answer = _http.request(
            "POST",
            webhook.url,
            body=request.body,
            headers=headers,
            timeout=urllib3.Timeout(total=timeout_seconds),
            redirect=False,
            retries=False,
        )
    except urllib3.exceptions.HTTPError as error:
        # Its words name the address.
        raise LaterError(f"{host} does not answer: {type(error).__name__}") from None
    if 200 <= answer.status < 300:
        return answer.status
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise LaterError(f"{host} answers {answer.status}", _asked_wait(answer.headers.get("Retry-After")))
    raise NeverError(f"{host} answers {answer.status}: {_shown(answer.data, webhook)}")


def _host(url: str) -> str:
    """Host of an address, which may be said.

    Raises:
        NeverError: it is not HTTPS, besides on this machine.
    """
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not parts.hostname or (parts.scheme != "https" and not local):
        raise NeverError("the address in the secret is not one of https")
    return parts.hostname


def _asked_wait(header: str | None) -> int | None:
    """Seconds of a Retry-After header; None without one, or where it is a date."""
    return min(int(header), LONGEST_WAIT_SECONDS) if header and header.isdecimal() else None


def _shown(data: bytes, webhook: Webhook) -> str:
    """Some of an answer, without the secret part of the address."""
    text = data[: 4 * _SHOWN].decode("utf-8", "replace")
    parts = urlsplit(webhook.url)
    for secret in (webhook.url, parts.path, parts.query, webhook.signing_key):
        if secret and secret != "/":
            text = text.replace(secret, "...")
    return text[:_SHOWN]
