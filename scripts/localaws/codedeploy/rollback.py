"""Rollbacks: when there is one, and what it deploys.

Source: CodeDeploy user guide, "Redeploy and roll back a deployment with CodeDeploy": a rollback is a new
deployment with an id of its own. Recorded outputs of real rollbacks (docs/fidelity.md) say the rest: it is
also made where nothing was shifted yet because an alarm was red before the start, it moves all traffic at
once, invokes no hooks, and is not stopped by alarms.
"""

from __future__ import annotations

import hashlib
import json

from localaws.codedeploy.model import Deployment, EcsState, new_deployment_id
from localaws.codedeploy.outcomes import STOP_ON_REQUEST, Ended

CONFIGS = {"Lambda": "CodeDeployDefault.LambdaAllAtOnce", "ECS": "CodeDeployDefault.ECSAllAtOnce"}
"""Configuration of a rollback by platform (recorded for ECS, inferred for Lambda)."""


def wanted(deployment: Deployment, ended: Ended) -> bool:
    """Whether a deployment that ended badly is rolled back.

    What StopDeployment said is stronger than the configuration. Inferred: a deployment that failed its
    checks, for any reason but an alarm, is not: it has moved nothing, and what the alias serves is not
    what its AppSpec says.
    """
    if deployment.undoes or (not deployment.checked and ended.status != "Stopped"):
        return False
    if not deployment.function and deployment.ecs is None:
        return False
    if ended.trigger == STOP_ON_REQUEST and deployment.stop in ("rollback", "keep"):
        return deployment.stop == "rollback"
    settings = deployment.auto_rollback or deployment.settings.get("autoRollbackConfiguration") or {}
    return bool(settings.get("enabled")) and ended.trigger in (settings.get("events") or [])


def undo(deployment: Deployment, now: float) -> Deployment:
    """The deployment that moves all traffic back to the version that served before."""
    content = _ecs_reversed(deployment.ecs) if deployment.ecs else _reversed(deployment)
    revision = {
        "revisionType": "AppSpecContent",
        "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
    }
    return Deployment(
        deployment_id=new_deployment_id(),
        application=deployment.application,
        group=deployment.group,
        config=CONFIGS[deployment.platform],
        revision=revision,
        content=content,
        created=now,
        creator="codeDeployRollback",
        settings=deployment.settings,
        undoes=deployment.deployment_id,
        platform=deployment.platform,
        ecs=deployment.ecs.turned_round() if deployment.ecs else None,
    )


def _reversed(deployment: Deployment) -> str:
    """The AppSpec with current and target version changed places, and without hooks (inferred)."""
    properties = {
        "Name": deployment.function,
        "Alias": deployment.alias,
        "CurrentVersion": deployment.target_version,
        "TargetVersion": deployment.current_version,
    }
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{deployment.function: resource}]})


def _ecs_reversed(ecs: EcsState) -> str:
    """An AppSpec with the task definition of blue (inferred)."""
    properties = {
        "TaskDefinition": ecs.blue_definition,
        "LoadBalancerInfo": {"ContainerName": ecs.container, "ContainerPort": ecs.port},
    }
    resource = {"Type": "AWS::ECS::Service", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{"TargetService": resource}]})


def info(deployment: Deployment) -> dict[str, str] | None:
    """The link to the other deployment, with AWS's words (recorded)."""
    own, undone_by, undoes = deployment.deployment_id, deployment.undone_by, deployment.undoes
    if undone_by:
        return {
            "rollbackDeploymentId": undone_by,
            "rollbackMessage": f"Deployment {own} terminated. Automatic rollback is triggered with a "
            f"DeploymentId {undone_by}.",
        }
    if undoes:
        return {
            "rollbackTriggeringDeploymentId": undoes,
            "rollbackMessage": f"Deployment {own} is triggered to roll back deployment {undoes}.",
        }
    return None
