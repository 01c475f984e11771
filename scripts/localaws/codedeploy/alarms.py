"""Whether alarms let a deployment go on: a pure decision.

Source: CodeDeploy user guide, "Monitoring deployments with CloudWatch alarms in CodeDeploy", and API
reference, AlarmConfiguration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.codedeploy.model import Deployment
from localaws.codedeploy.outcomes import Ended, alarms_active, alarms_unreadable


def watched(deployment: Deployment) -> list[str]:
    """Names of the alarms that may stop a deployment; a rollback is not stopped by any (recorded)."""
    settings = _settings(deployment)
    if deployment.undoes or not settings.get("enabled"):
        return []
    return [alarm["name"] for alarm in settings.get("alarms") or []]


def verdict(deployment: Deployment, states: Mapping[str, str] | str) -> Ended | None:
    """Why the deployment must stop, if it must. INSUFFICIENT_DATA is not ALARM.

    Args:
        states: state by name, or why they could not be read. An alarm without state does not exist.
    """
    names = watched(deployment)
    if isinstance(states, str):
        return None if _settings(deployment).get("ignorePollAlarmFailure") else alarms_unreadable(states)
    red = [name for name in names if states.get(name) == "ALARM"]
    if red:
        return alarms_active(red)
    missing = [name for name in names if name not in states]
    if missing and not _settings(deployment).get("ignorePollAlarmFailure"):
        return alarms_unreadable(f"there is no alarm named {', '.join(missing)}")
    return None


def _settings(deployment: Deployment) -> dict[str, Any]:
    """The deployment's own configuration replaces the group's (API reference, CreateDeployment,
    overrideAlarmConfiguration)."""
    if deployment.alarm_override is not None:
        return deployment.alarm_override
    return deployment.settings.get("alarmConfiguration") or {}
