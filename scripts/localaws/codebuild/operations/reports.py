"""Report groups and the reports in them."""

from __future__ import annotations

from typing import Any

from localaws.codebuild.operations.context import Context, Operation, Params, page, with_times
from localaws.wire import ServiceError


def create_group(context: Context, params: Params) -> Params:
    """CreateReportGroup."""
    arn = context.arn("report-group", params["name"])
    if arn in context.region.report_groups:
        raise ServiceError("ResourceAlreadyExistsException", f"Report group already exists: {arn}")
    _check_export(params["exportConfig"])
    group = {
        "arn": arn,
        "name": params["name"],
        "type": params["type"],
        "exportConfig": _export(context, params["exportConfig"]),
        "created": context.now,
        "lastModified": context.now,
        "tags": params.get("tags", []),
        "status": "ACTIVE",
    }
    context.region.report_groups[arn] = group
    return {"reportGroup": with_times(group)}


def update_group(context: Context, params: Params) -> Params:
    """UpdateReportGroup: what is not sent stays."""
    group = _group(context, params["arn"])
    if "exportConfig" in params:
        _check_export(params["exportConfig"])
        group["exportConfig"] = _export(context, params["exportConfig"])
    if "tags" in params:
        group["tags"] = params["tags"]
    group["lastModified"] = context.now
    return {"reportGroup": with_times(group)}


def delete_group(context: Context, params: Params) -> Params:
    """DeleteReportGroup: only an empty one, unless its reports may be deleted too."""
    arn = params["arn"]
    own = [name for name, report in context.region.reports.items() if report["reportGroupArn"] == arn]
    if own and not params.get("deleteReports"):
        raise ServiceError("InvalidInputException", f"Report group {arn} has reports; delete them first")
    for name in own:
        _forget(context, name)
    context.region.report_groups.pop(arn, None)
    return {}


def batch_get_groups(context: Context, params: Params) -> Params:
    """BatchGetReportGroups."""
    groups = context.region.report_groups
    found = [with_times(groups[arn]) for arn in params["reportGroupArns"] if arn in groups]
    missing = [arn for arn in params["reportGroupArns"] if arn not in groups]
    answer: Params = {"reportGroups": found} if found else {}
    return {**answer, "reportGroupsNotFound": missing} if missing else answer


def list_groups(context: Context, params: Params) -> Params:
    """ListReportGroups."""
    return page(_sorted(list(context.region.report_groups), params), params, "reportGroups")


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetReports."""
    reports = context.region.reports
    found = [with_times(reports[arn]) for arn in params["reportArns"] if arn in reports]
    missing = [arn for arn in params["reportArns"] if arn not in reports]
    answer: Params = {"reports": found} if found else {}
    return {**answer, "reportsNotFound": missing} if missing else answer


def list_for_group(context: Context, params: Params) -> Params:
    """ListReportsForReportGroup."""
    arn = _group(context, params["reportGroupArn"])["arn"]
    own = [name for name, report in context.region.reports.items() if report["reportGroupArn"] == arn]
    return _list(context, own, params)


def list_reports(context: Context, params: Params) -> Params:
    """ListReports."""
    return _list(context, list(context.region.reports), params)


def delete(context: Context, params: Params) -> Params:
    """DeleteReport: nothing happens where there is none."""
    _forget(context, params["arn"])
    return {}


def test_cases(context: Context, params: Params) -> Params:
    """DescribeTestCases, filtered by status and by a part of the name."""
    arn = params["reportArn"]
    if arn not in context.region.test_cases:
        raise ServiceError("ResourceNotFoundException", f"Report {arn} does not exist")
    wanted = params.get("filter", {})
    found = [
        with_times(case)
        for case in context.region.test_cases[arn]
        if wanted.get("status", case["status"]) == case["status"]
        and wanted.get("keyword", "") in case["name"]
    ]
    numbered = page([str(number) for number in range(len(found))], params, "testCases")
    return {**numbered, "testCases": [found[int(number)] for number in numbered["testCases"]]}


def _list(context: Context, arns: list[str], params: Params) -> Params:
    status = params.get("filter", {}).get("status")
    reports = context.region.reports
    wanted = [arn for arn in arns if status in (None, reports[arn]["status"])]
    return page(_sorted(wanted, params), params, "reports")


def _sorted(arns: list[str], params: Params) -> list[str]:
    """In the order in which they were made; the newest first unless told otherwise."""
    return arns if params.get("sortOrder") == "ASCENDING" else arns[::-1]


def _forget(context: Context, arn: str) -> None:
    context.region.reports.pop(arn, None)
    context.region.test_cases.pop(arn, None)


def _group(context: Context, arn: str) -> dict[str, Any]:
    found = context.region.report_groups.get(arn)
    if found is None:
        raise ServiceError("ResourceNotFoundException", f"Report group {arn} does not exist")
    return found


def _check_export(config: Params) -> None:
    if config.get("exportConfigType") == "S3" and not config.get("s3Destination", {}).get("bucket"):
        raise ServiceError("InvalidInputException", "exportConfig: S3 needs s3Destination with a bucket")


def _export(context: Context, config: Params) -> Params:
    """An export configuration with what AWS adds."""
    if config.get("exportConfigType") != "S3":
        return {"exportConfigType": "NO_EXPORT"}
    clients = context.engine.clients
    key = f"arn:aws:kms:{clients.region}:{clients.account}:alias/aws/s3"
    defaults = {"packaging": "NONE", "encryptionKey": key, "encryptionDisabled": False}
    return {**config, "s3Destination": {**defaults, **config["s3Destination"]}}


OPERATIONS: dict[str, Operation] = {
    "CreateReportGroup": create_group,
    "UpdateReportGroup": update_group,
    "DeleteReportGroup": delete_group,
    "BatchGetReportGroups": batch_get_groups,
    "ListReportGroups": list_groups,
    "BatchGetReports": batch_get,
    "ListReportsForReportGroup": list_for_group,
    "ListReports": list_reports,
    "DeleteReport": delete,
    "DescribeTestCases": test_cases,
}
