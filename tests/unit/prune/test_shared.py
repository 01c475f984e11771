"""What environments share is pruned only where all of them can be asked."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.commands.options import now
from lockgate.commands.prunable import of_tooling
from lockgate.config import Platform
from lockgate.errors import RefusedError

HERE = {"endpoint_url": "http://127.0.0.1:1"}


def tooling(environments: dict[str, Any]) -> Any:
    platform = Platform.model_validate(
        {
            "organisation": "acme",
            "region": "eu-west-1",
            "tooling": {"account_id": "5" * 12},
            "environments": environments,
        }
    )
    asked: list[str] = []

    def assuming(arn: str, region: str) -> None:
        asked.append(f"{arn} in {region}")
        raise RefusedError("no", hint="")

    project = SimpleNamespace(platform=platform, services=lambda *_: {})
    return SimpleNamespace(
        project=project, checked=lambda: None, aws=SimpleNamespace(assuming=assuming), asked=asked
    )


def test_where_nobody_shares_nothing_goes() -> None:
    """An artifact store that nobody seems to need would lose everything."""
    opened = tooling({"local": {"account_id": "1" * 12, **HERE}})
    with pytest.raises(RefusedError, match="all of it would go"):
        list(of_tooling(opened, (), timedelta(days=30), now()))


def test_each_is_asked_as_its_own_role_in_its_own_region() -> None:
    opened = tooling({"prod": {"account_id": "4" * 12}, "local": {"account_id": "1" * 12, **HERE}})
    with pytest.raises(RefusedError, match=r"what prod needs .* cannot be read, so nothing may go: no"):
        list(of_tooling(opened, (), timedelta(days=30), now()))
    assert opened.asked == ["arn:aws:iam::444444444444:role/lockgate-prod-prune in eu-west-1"]
