"""CloudWatch's operations on dashboards."""

from __future__ import annotations

from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import paging
from localaws.cloudwatch.dashboards import Dashboard, DashboardBook, name_problem, problems
from localaws.cloudwatch.operations.metrics import Params, moment
from localaws.service import Caller
from localaws.wire import ServiceError

_PER_PAGE = 1000


class DashboardOperations:
    """Operations on the dashboards of a caller's account."""

    def __init__(self, book: DashboardBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def put_dashboard(self, caller: Caller, params: Params) -> Params:
        """PutDashboard; a body that is wrong is refused as a whole."""
        name, body = params["DashboardName"], params["DashboardBody"]
        if problem := name_problem(name):
            raise ServiceError("InvalidParameterInput", problem)
        if found := problems(body):
            listed = "; ".join(f"{path}: {message}" for path, message in found)
            raise ServiceError("InvalidParameterInput", f"The dashboard body is invalid: {listed}")
        known = self._book.find(caller.account, name)
        tags = known.tags if known else {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
        self._book.put(Dashboard(caller.account, caller.region, name, body, self._clock.now(), tags))
        return {"DashboardValidationMessages": []}

    def get_dashboard(self, caller: Caller, params: Params) -> Params:
        """GetDashboard."""
        found = self._named(caller, params["DashboardName"])
        return {"DashboardArn": found.arn, "DashboardBody": found.body, "DashboardName": found.name}

    def list_dashboards(self, caller: Caller, params: Params) -> Params:
        """ListDashboards, 1,000 on a page."""
        prefix = params.get("DashboardNamePrefix", "")
        found = [one for one in self._book.of(caller.account) if one.name.startswith(prefix)]
        page, token = paging.page(found, params, _PER_PAGE)
        return {"DashboardEntries": [_entry(one) for one in page], **token}

    def delete_dashboards(self, caller: Caller, params: Params) -> Params:
        """DeleteDashboards; those that exist are deleted, also when others do not."""
        found = [self._book.find(caller.account, name) for name in params["DashboardNames"]]
        for dashboard in found:
            if dashboard:
                self._book.remove(dashboard)
        for name, dashboard in zip(params["DashboardNames"], found, strict=True):
            if dashboard is None:
                raise ServiceError("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return {}

    def _named(self, caller: Caller, name: str) -> Dashboard:
        found = self._book.find(caller.account, name)
        if found is None:
            raise ServiceError("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return found


def _entry(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "DashboardName": dashboard.name,
        "DashboardArn": dashboard.arn,
        "LastModified": moment(dashboard.modified),
        "Size": dashboard.size,
    }
