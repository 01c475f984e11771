"""How a deployment ends badly: codes, rollback events, and CodeDeploy's own words.

Codes: API reference, ErrorInformation. Words: "recorded" are those that public outputs of real deployments
show (docs/fidelity.md lists where); "inferred" are ours, because no public output shows AWS's.
"""

from __future__ import annotations

from collections.abc import Sequence

FAILURE = "DEPLOYMENT_FAILURE"
STOP_ON_ALARM = "DEPLOYMENT_STOP_ON_ALARM"
STOP_ON_REQUEST = "DEPLOYMENT_STOP_ON_REQUEST"


class Ended(Exception):  # noqa: N818 - how a deployment ends, not an error of this program
    """A deployment ends badly.

    Args:
        code: one of ErrorInformation's codes.
        message: what GetDeployment says.
        trigger: the rollback event that this is.
        status: Failed or Stopped.
        detail: what the lifecycle event's diagnostics and the server's log say besides.
        event_code: LifecycleErrorCode of the event's diagnostics.
    """

    def __init__(
        self,
        code: str,
        message: str,
        trigger: str = FAILURE,
        status: str = "Failed",
        detail: str = "",
        event_code: str = "UnknownError",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.trigger = trigger
        self.status = status
        self.detail = detail or message
        self.event_code = event_code


def alarms_active(names: Sequence[str]) -> Ended:
    """An alarm is red (recorded)."""
    listed = " ".join(f"<{name}>" for name in names)
    return Ended(
        "ALARM_ACTIVE",
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and "
        f"the affected deployments have been stopped. Activated alarms: {listed}",
        STOP_ON_ALARM,
        "Stopped",
    )


def alarms_unreadable(why: str) -> Ended:
    """The state of the alarms cannot be read: the deployment stops (API reference, AlarmConfiguration,
    ignorePollAlarmFailure). Code and words are inferred."""
    return Ended(
        "ALARM_ACTIVE",
        "The deployment was stopped because the state of its alarms could not be retrieved from Amazon "
        f"CloudWatch: {why}",
        STOP_ON_ALARM,
        "Stopped",
    )


def stopped_by_user() -> Ended:
    """StopDeployment (words inferred)."""
    message = "The deployment was stopped by a user."
    return Ended("MANUAL_STOP", message, STOP_ON_REQUEST, "Stopped")


def hook_failed(detail: str, event_code: str = "ScriptFailed") -> Ended:
    """A hook said no, said nothing, or could not be invoked (recorded for the first)."""
    return Ended(
        "HOOK_EXECUTION_FAILURE",
        "The deployment failed because one or more of the lifecycle event validation functions failed.",
        detail=detail,
        event_code=event_code,
    )


def invalid_configuration(reason: str, detail: str = "") -> Ended:
    """AppSpec and alias do not fit (recorded; where the versions are equal, without a reason)."""
    sentence = (
        "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment "
        "configuration is missing or has an invalid configuration."
    )
    return Ended("INVALID_LAMBDA_CONFIGURATION", f"{sentence} {reason}".rstrip(), detail=detail)


def missing_function(function: str, detail: str) -> Ended:
    """Function, alias or version is not there (recorded)."""
    return Ended(
        "INVALID_LAMBDA_FUNCTION",
        f"The deployment failed because either the target Lambda function {function} does not exist or the "
        "specified function version or alias cannot be found",
        detail=detail,
    )


def role_unusable(code: str, role: str) -> Ended:
    """The service role is missing or not assumable (words inferred)."""
    what = "is missing" if code == "IAM_ROLE_MISSING" else "cannot be assumed by CodeDeploy"
    return Ended(code, f"The service role {role} {what}.")


def timed_out(what: str, minutes: int, status: str = "Failed") -> Ended:
    """A wait of a deployment to ECS was too long (documented: user guide, "Troubleshoot Amazon ECS deployment
    issues"; the code is inferred).

    Args:
        what: that was waited for.
    """
    message = f"The deployment timed out while waiting for {what}. This time out period is {minutes} minutes."
    return Ended("TIMEOUT", message, status=status)


def ecs_refused(error: str, detail: str = "") -> Ended:
    """ECS does not do what a deployment asks (recorded)."""
    return Ended(
        "ECS_UPDATE_ERROR",
        f"The ECS service cannot be updated due to an unexpected error: {error}. "
        "Check your ECS service status.",
        detail=detail,
    )


def invalid_service(why: str) -> Ended:
    """The service cannot be deployed to (words inferred)."""
    return Ended("INVALID_ECS_SERVICE", why)


def invalid_balancing(why: str) -> Ended:
    """Listeners and target groups are not as they have to be (words documented, the code is inferred)."""
    return Ended(
        "ELASTIC_LOAD_BALANCING_INVALID", f"The ELB could not be updated due to the following error: {why}"
    )
