"""CloudTrail: what CreateTrail is told besides names and encryption."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from localaws.ministack_patches.contract import Internal

_CLOUDTRAIL = "ministack.services.cloudtrail"

INTERNALS: tuple[Internal, ...] = (
    Internal(_CLOUDTRAIL, "_DISPATCH"),
    Internal(_CLOUDTRAIL, "_create_trail", ("body",)),
    Internal(_CLOUDTRAIL, "_trail_tags"),
    Internal(_CLOUDTRAIL, "_trails"),
)

_KEPT = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")


def keep_what_trails_are_made_with() -> None:
    """Keeps a new trail's log group and tags, which MiniStack takes from UpdateTrail and AddTags only."""
    from ministack.services import cloudtrail

    cloudtrail._DISPATCH["CreateTrail"] = _keeping(cloudtrail._create_trail)


def _keeping(create: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    from ministack.services import cloudtrail

    @functools.wraps(create)
    def keeping(body: dict[str, Any]) -> Any:
        answer = create(body)
        trail = cloudtrail._trails.get(body.get("Name", "").strip())
        if answer[0] == 200 and trail is not None:
            trail |= {key: body[key] for key in _KEPT if body.get(key)}
            tags = {tag["Key"]: tag.get("Value", "") for tag in body.get("TagsList") or []}
            cloudtrail._trail_tags[trail["TrailARN"]] = tags
        return answer

    return keeping
