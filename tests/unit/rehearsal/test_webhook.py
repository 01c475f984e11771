"""The webhook that a rehearsal is told by."""

from __future__ import annotations

import json
import urllib.request

from lockgate.rehearsal.webhook import Webhook, serving


def test_it_keeps_what_it_is_told() -> None:
    webhook = Webhook()
    with serving(webhook):
        body = json.dumps({"id": "release/1/ended", "severity": "info"}).encode()
        with urllib.request.urlopen(webhook.url, data=body) as answer:
            assert answer.status == 200
        assert webhook.was_told("release/1/ended", 0)
        assert not webhook.was_told("release/2/ended", 0)
    assert webhook.taken == [{"id": "release/1/ended", "severity": "info"}]
