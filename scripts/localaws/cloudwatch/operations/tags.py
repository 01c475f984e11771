"""CloudWatch's operations on the tags of alarms and dashboards."""

from __future__ import annotations

from localaws.cloudwatch.alarms.book import AlarmBook
from localaws.cloudwatch.dashboards import DashboardBook
from localaws.cloudwatch.operations.metrics import Params
from localaws.service import Caller
from localaws.wire import ServiceError

_MOST_TAGS = 50


class TagOperations:
    """Operations on the tags of what a caller's account has."""

    def __init__(self, alarms: AlarmBook, dashboards: DashboardBook) -> None:
        self._alarms = alarms
        self._dashboards = dashboards

    def tag_resource(self, caller: Caller, params: Params) -> Params:
        """TagResource; an existing tag gets its new value."""
        tags = self._tags(caller, params)
        added = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        if len(tags | added) > _MOST_TAGS:
            message = f"A resource can have at most {_MOST_TAGS} tags."
            raise ServiceError("InvalidParameterValue", message)
        tags.update(added)
        return {}

    def untag_resource(self, caller: Caller, params: Params) -> Params:
        """UntagResource; keys that are not there are passed over."""
        tags = self._tags(caller, params)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, caller: Caller, params: Params) -> Params:
        """ListTagsForResource."""
        tags = self._tags(caller, params)
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}

    def _tags(self, caller: Caller, params: Params) -> dict[str, str]:
        arn = params["ResourceARN"]
        for alarm in self._alarms.of(caller.account, caller.region):
            if alarm.arn == arn:
                return alarm.tags
        for dashboard in self._dashboards.of(caller.account):
            if dashboard.arn == arn:
                return dashboard.tags
        raise ServiceError("ResourceNotFoundException", f"Unknown resource: {arn}", 404)
