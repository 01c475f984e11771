"""Hooks: what they are given, how long they have, and which ones a role may invoke.

Source: CodeDeploy user guide, "AppSpec 'hooks' section for an AWS Lambda deployment".
"""

from __future__ import annotations

import base64
import fnmatch
import json
import secrets
from collections.abc import Iterable
from typing import Any

from localaws.codedeploy.model import Deployment, HookExecution
from localaws.codedeploy.outcomes import Ended, hook_failed

LIMIT_SECONDS = 3600
"""Time for a hook to report, in seconds of AWS time (user guide, "CodeDeploy quotas")."""

MANAGED_POLICIES = (
    "AWSCodeDeployRoleForLambda",
    "AWSCodeDeployRoleForLambdaLimited",
    "AWSCodeDeployRoleForECS",
    "AWSCodeDeployRoleForECSLimited",
)
"""AWS managed policies that allow `lambda:InvokeFunction` on `function:CodeDeployHook_*` only."""

_MANAGED_PATTERN = "arn:*:lambda:*:*:function:CodeDeployHook_*"


def new_execution(event: str, deadline: float) -> HookExecution:
    """A hook execution with an opaque id: AWS gives an encrypted blob in Base64 (recorded)."""
    blob = json.dumps({"encryptedData": secrets.token_urlsafe(48)}).encode()
    return HookExecution(base64.b64encode(blob).decode(), event, deadline)


def payload(deployment: Deployment, execution: HookExecution) -> dict[str, str]:
    """What the function gets: exactly two members."""
    return {
        "DeploymentId": deployment.deployment_id,
        "LifecycleEventHookExecutionId": execution.execution_id,
    }


def verdict(deployment: Deployment, execution: HookExecution, now: float) -> Ended | None:
    """Why the event has failed, or None when it has succeeded or is still going on."""
    function = deployment.hooks[execution.event]
    if execution.status == "Failed":
        return hook_failed(f"{execution.event}: {function} reported Failed.")
    if execution.status is None and now >= execution.deadline:
        return hook_failed(
            f"{execution.event}: {function} did not report within {LIMIT_SECONDS} seconds.", "ScriptTimedOut"
        )
    return None


def may_invoke(function_arn: str, managed: Iterable[str], documents: Iterable[dict[str, Any]]) -> bool:
    """Whether a role that carries an AWS managed policy may invoke a hook.

    Args:
        function_arn: ARN of the hook, without qualifier.
        managed: names of the AWS managed policies of the role.
        documents: the role's other policies.
    """
    if not set(managed) & set(MANAGED_POLICIES):
        return True
    if fnmatch.fnmatchcase(function_arn, _MANAGED_PATTERN):
        return True
    statements = [one for document in documents for one in _list(document.get("Statement"))]
    return any(_allows(statement, function_arn) for statement in statements)


def _allows(statement: dict[str, Any], arn: str) -> bool:
    actions = [str(action).lower() for action in _list(statement.get("Action"))]
    invokes = any(fnmatch.fnmatchcase("lambda:invokefunction", action) for action in actions)
    resources = [str(resource) for resource in _list(statement.get("Resource"))]
    covered = any(
        fnmatch.fnmatchcase(one, pattern) for pattern in resources for one in (arn, f"{arn}:qualifier")
    )
    return statement.get("Effect") == "Allow" and invokes and covered


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
