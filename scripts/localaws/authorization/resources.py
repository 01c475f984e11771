"""What AWS looks at where it authorises a call, where MiniStack names something wider or nothing."""

from __future__ import annotations

from collections.abc import Callable

from localaws.authorization.request import Request

GroupOf = Callable[[str, str, str], str]
"""Deployment group of a deployment as `application/group`, by account, region and id; empty where none is."""

_OF_APPLICATION = (
    "BatchGetApplicationRevisions",
    "CreateApplication",
    "DeleteApplication",
    "GetApplication",
    "GetApplicationRevision",
    "ListApplicationRevisions",
    "ListDeploymentGroups",
    "RegisterApplicationRevision",
    "UpdateApplication",
)
_OF_CONFIG = ("CreateDeploymentConfig", "DeleteDeploymentConfig", "GetDeploymentConfig")
_OF_NOTHING = (
    "BatchGetDeploymentTargets",
    "ContinueDeployment",
    "GetDeploymentTarget",
    "ListApplications",
    "ListDeploymentConfigs",
    "ListDeploymentTargets",
    "StopDeployment",
)
"""Service authorization reference, AWS CodeDeploy. The user guide names the group for some of these."""


def resource_of(request: Request, action: str, group_of: GroupOf) -> str:
    """ARN of what a call is authorised for.

    Args:
        request: the call.
        action: name of the IAM action, without its service.
        group_of: finds the group of a deployment.
    """
    if request.service == "codedeploy":
        return _codedeploy(request, action, group_of)
    refine = _REFINED.get(request.service)
    found = (refine(request, action) if refine else "") or request.coarse
    return found if found != "*" else request.text("ResourceArn", "ResourceARN", "resourceArn") or "*"


def _codedeploy(request: Request, action: str, group_of: GroupOf) -> str:
    application = request.text("applicationName")
    if action in _OF_NOTHING:
        return "*"
    if action in ("ListTagsForResource", "TagResource", "UntagResource"):
        return request.text("ResourceArn") or "*"
    if action in _OF_APPLICATION:
        return request.arn("codedeploy", f"application:{application}")
    if action == "BatchGetApplications":
        names = request.params.get("applicationNames") or [""]
        return request.arn("codedeploy", f"application:{names[0]}")
    if action in _OF_CONFIG:
        return request.arn("codedeploy", f"deploymentconfig:{request.text('deploymentConfigName')}")
    return request.arn("codedeploy", f"deploymentgroup:{_group(request, application, group_of)}")


def _group(request: Request, application: str, group_of: GroupOf) -> str:
    ids = request.params.get("deploymentIds") or [request.text("deploymentId")]
    if not application:
        return group_of(request.account, request.region, str(ids[0]))
    names = request.params.get("deploymentGroupNames") or [
        request.text("deploymentGroupName", "currentDeploymentGroupName")
    ]
    return f"{application}/{names[0]}"


def _lambda(request: Request, action: str) -> str:
    """A call of a version or an alias is authorised for that, not for the function (Lambda developer guide,
    "Resources and conditions for Lambda actions")."""
    qualifier = request.text("Qualifier")
    if action == "InvokeFunction" and qualifier and request.coarse.count(":") == 6:
        return f"{request.coarse}:{qualifier}"
    if action in ("CreateFunction", "CreateEventSourceMapping") and request.text("FunctionName"):
        name = request.text("FunctionName").rpartition(":function:")[2].partition(":")[0]
        return request.arn("lambda", f"function:{name}")
    return ""


def _logs(request: Request, action: str) -> str:
    """A log group's ARN ends in `:*` for all but the actions on tags (CloudWatch Logs user guide, "Overview
    of managing access permissions", resources)."""
    del action
    name = request.text("logGroupName")
    stream = request.text("logStreamName")
    return (
        request.arn("logs", f"log-group:{name}:{f'log-stream:{stream}' if stream else '*'}") if name else ""
    )


def _ssm(request: Request, action: str) -> str:
    names = request.params.get("Names")
    path = request.text("Path") or (names[0] if isinstance(names, list) and names else "")
    if action in ("GetParametersByPath", "GetParameters", "DeleteParameters") and path:
        return request.arn("ssm", f"parameter/{path.strip('/')}")
    return ""


def _codebuild(request: Request, action: str) -> str:
    listed = {"BatchGetProjects": "names", "BatchGetBuilds": "ids", "BatchGetBuildBatches": "ids"}
    values = request.params.get(listed.get(action, ""))
    name = str(values[0]) if isinstance(values, list) and values else ""
    name = name or (request.text("id") if action in ("StopBuild", "RetryBuild", "StopBuildBatch") else "")
    return request.arn("codebuild", f"project/{name.rpartition('/')[2].partition(':')[0]}") if name else ""


def _ecs(request: Request, action: str) -> str:
    cluster = request.text("cluster").rpartition("/")[2] or "default"
    if action == "RegisterTaskDefinition":
        return request.arn("ecs", f"task-definition/{request.text('family')}:*")
    if action == "CreateCluster":
        return request.arn("ecs", f"cluster/{request.text('clusterName')}")
    listed = request.params.get("services")
    first = str(listed[0]) if isinstance(listed, list) and listed else ""
    name = (request.text("serviceName", "service") or first).rpartition("/")[2]
    if name:
        task_set = request.text("taskSet", "primaryTaskSet").rpartition("/")[2]
        kind = f"task-set/{cluster}/{name}/{task_set}" if task_set else f"service/{cluster}/{name}"
        return request.arn("ecs", kind)
    return ""


def _balancing(request: Request, action: str) -> str:
    """What is made has no id yet, where AWS looks for a pattern with a wildcard."""
    name = request.text("Name")
    made = {"CreateLoadBalancer": "loadbalancer/app", "CreateTargetGroup": "targetgroup"}
    if action in made and name:
        return request.arn("elasticloadbalancing", f"{made[action]}/{name}/*")
    if action.startswith("Describe"):
        return "*"
    return request.text("RuleArn", "RuleArns.member.1", "ResourceArns.member.1", "ListenerArn")


def _monitoring(request: Request, action: str) -> str:
    if action == "DescribeAlarms":
        return request.arn("cloudwatch", "alarm:*")
    alarm = request.text("AlarmNames.member.1") if action == "DeleteAlarms" else ""
    listed = request.params.get("AlarmNames")
    if action == "DeleteAlarms" and isinstance(listed, list) and listed:
        alarm = str(listed[0])
    if alarm:
        return request.arn("cloudwatch", f"alarm:{alarm}")
    dashboard = request.text("DashboardName")
    return f"arn:aws:cloudwatch::{request.account}:dashboard/{dashboard}" if dashboard else ""


def _iam(request: Request, action: str) -> str:
    policy = request.text("PolicyName") if action == "CreatePolicy" else ""
    url = request.text("Url") if action == "CreateOpenIDConnectProvider" else ""
    provider = request.text("OpenIDConnectProviderArn")
    if policy:
        return f"arn:aws:iam::{request.account}:policy/{policy}"
    return f"arn:aws:iam::{request.account}:oidc-provider/{url.removeprefix('https://')}" if url else provider


def _kms(request: Request, action: str) -> str:
    alias = request.text("AliasName")
    return request.arn("kms", alias) if action in ("CreateAlias", "DeleteAlias", "UpdateAlias") else ""


def _events(request: Request, action: str) -> str:
    """A rule of the default bus has no bus in its ARN (EventBridge user guide, "Resources")."""
    if action.endswith("EventBus"):
        return request.arn("events", f"event-bus/{request.text('Name').rpartition('/')[2]}")
    rule = request.text("Rule") or (request.text("Name") if action.endswith("Rule") else "")
    bus = request.text("EventBusName").rpartition("/")[2]
    within = f"{bus}/" if bus not in ("", "default") else ""
    return request.arn("events", f"rule/{within}{rule}") if rule else ""


def _cloudtrail(request: Request, action: str) -> str:
    name = request.text("Name", "TrailName")
    if action.startswith(("List", "Describe")) or not name or name.startswith("arn:"):
        return name if name.startswith("arn:") else ""
    return request.arn("cloudtrail", f"trail/{name}")


_REFINED: dict[str, Callable[[Request, str], str]] = {
    "cloudtrail": _cloudtrail,
    "codebuild": _codebuild,
    "ecs": _ecs,
    "elasticloadbalancing": _balancing,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _monitoring,
    "ssm": _ssm,
}
