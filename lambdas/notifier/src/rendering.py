"""How a message looks to Slack, to Microsoft Teams, and to a program: pure functions to JSON."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from messages import Message
from settings import Webhook

_SLACK_TEXT = 2900
"""Characters of a text: Slack takes 3,000 in a section (Slack API, "Section block"), marks included."""

_SLACK_FIELD = 1900
"""Characters of a field: Slack takes 2,000, and ten fields."""

_TEAMS_TEXT = 8000
"""Characters of a text: a card may have 28 KB (Microsoft Teams, "Limits and specifications")."""

_SIGNS = {"info": ":information_source:", "warning": ":warning:", "critical": ":rotating_light:"}
_STYLES = {"info": "accent", "warning": "warning", "critical": "attention"}


@dataclass(frozen=True)
class Request:
    """A POST: its body, and headers besides Content-Type."""

    body: bytes
    headers: dict[str, str]


def request_of(kind: str | None, message: Message, webhook: Webhook, now: float) -> Request:
    """The request that delivers a message.

    Args:
        kind: what the webhook understands: slack, teams or json.
        message: what to tell.
        webhook: its key signs what goes to a program.
        now: seconds since 1970.
    """
    renderers: dict[str, Callable[[Message], dict[str, Any]]] = {
        "slack": slack,
        "teams": teams,
        "json": plain,
    }
    body = json.dumps(renderers[str(kind)](message), ensure_ascii=False).encode()
    return Request(body, _signature(body, webhook.signing_key, now) if kind == "json" else {})


def slack(message: Message) -> dict[str, Any]:
    """A message in blocks (Slack API, "Sending messages using incoming webhooks")."""
    sign = ":white_check_mark:" if message.resolved else _SIGNS[message.severity]
    blocks: list[dict[str, Any]] = [_section(f"{sign} *{_escaped(message.title, _SLACK_TEXT)}*")]
    if message.text:
        blocks.append(_section(f"```{_escaped(message.text.replace('```', ''), _SLACK_TEXT)}```"))
    if message.facts:
        fields = [
            {"type": "mrkdwn", "text": f"*{name}*\n{_escaped(value, _SLACK_FIELD)}"}
            for name, value in message.facts
        ]
        blocks.append({"type": "section", "fields": fields[:10]})
    return {"text": _escaped(message.title, _SLACK_TEXT), "blocks": blocks}


def teams(message: Message) -> dict[str, Any]:
    """An Adaptive Card in a message, as a webhook of Workflows takes it (Microsoft Teams, "Create incoming
    webhooks with Workflows")."""
    style = "good" if message.resolved else _STYLES[message.severity]
    title = {"type": "TextBlock", "text": message.title[:_TEAMS_TEXT], "weight": "bolder", "wrap": True}
    body: list[dict[str, Any]] = [{"type": "Container", "style": style, "bleed": True, "items": [title]}]
    if message.text:
        text = message.text[:_TEAMS_TEXT]
        body.append({"type": "TextBlock", "text": text, "fontType": "monospace", "wrap": True})
    if message.facts:
        facts = [{"title": name, "value": value[:_SLACK_FIELD]} for name, value in message.facts]
        body.append({"type": "FactSet", "facts": facts})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def plain(message: Message) -> dict[str, Any]:
    """Everything, for a program."""
    found = asdict(message)
    return {"schema": 1, "id": found.pop("key"), **found, "facts": dict(message.facts)}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _escaped(text: str, limit: int) -> str:
    """Text in which Slack finds no mentions or links (Slack API, "Escaping text"), and not more than fits."""
    pieces: list[str] = []
    room = limit
    for character in text:
        piece = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        room -= len(piece)
        if room < 0:
            return "".join(pieces) + "…"
        pieces.append(piece)
    return "".join(pieces)


def _signature(body: bytes, key: str | None, now: float) -> dict[str, str]:
    """Headers by which the receiver knows who sent this, and when: HMAC-SHA256 of `<time>.<body>`."""
    if not key:
        return {}
    at = str(int(now))
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Lockgate-Timestamp": at, "X-Lockgate-Signature": f"v1={digest}"}
