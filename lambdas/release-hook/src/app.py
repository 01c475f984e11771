"""The release hook: CodeDeploy asks it whether a new version may get traffic.

CodeDeploy invokes it asynchronously with `DeploymentId` and `LifecycleEventHookExecutionId`, and waits up to
an hour for PutLifecycleEventHookExecutionStatus (CodeDeploy user guide, "AppSpec 'hooks' section for an AWS
Lambda deployment"). So it always reports: after an exception, and shortly before its own time is over.
"""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from reporting import Report
from smoke import check

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Checks the version under test with its service's smoke events, and reports."""
    codedeploy = boto3.client("codedeploy")
    with Report(codedeploy, event, context.get_remaining_time_in_millis(), logger) as report:
        failure = failure_of(event["DeploymentId"], codedeploy, boto3.client("lambda"), boto3.client("ssm"))
        report.outcome(failure)
    return {"status": report.status}


def failure_of(deployment_id: str, codedeploy: Any, lambda_: Any, ssm: Any) -> str | None:
    """What is wrong with the version under test, or None.

    The event does not say which version that is: the deployment's AppSpec does.
    """
    service, properties = target_of(codedeploy, deployment_id)
    name = f"/lockgate/{os.environ['LOCKGATE_ENVIRONMENT']}/services/{service}"
    contract = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    events = contract.get("smoke", [])
    version = properties["TargetVersion"]
    logger.info(
        "checking", deployment_id=deployment_id, service_name=service, version=version, events=len(events)
    )
    for number, smoke in enumerate(events, start=1):
        problem = check(lambda_, properties["Name"], version, smoke)
        if problem:
            return f"smoke event {number} of {len(events)} ({smoke['name']}) on version {version}: {problem}"
    return None


def target_of(codedeploy: Any, deployment_id: str) -> tuple[str, dict[str, str]]:
    """Name and properties of the function in a deployment's AppSpec.

    GetDeployment leaves the AppSpec's text out and gives its digest, by which GetApplicationRevision finds it
    (API reference, GetDeployment).

    Raises:
        ValueError: the AppSpec is not text, but an object in S3, say.
    """
    deployment = codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    asked = deployment["revision"]
    if asked.get("revisionType") not in ("AppSpecContent", "String"):
        raise ValueError(f"the revision is of type {asked.get('revisionType')}: its AppSpec is not in it")
    found = codedeploy.get_application_revision(applicationName=deployment["applicationName"], revision=asked)
    revision = found["revision"]
    content = (revision.get("appSpecContent") or revision["string"])["content"]
    (resource,) = json.loads(content)["Resources"]
    ((service, description),) = resource.items()
    return service, description["Properties"]
