"""What a build is made with: its project's settings, and what StartBuild says instead.

Source: API reference, StartBuild and StartBuildBatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.codebuild.defaults import (
    with_artifact_defaults,
    with_environment_defaults,
    with_log_defaults,
    with_source_defaults,
)
from localaws.codebuild.environment import merged

_OF_PROJECT = (
    "source",
    "secondarySources",
    "secondarySourceVersions",
    "sourceVersion",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "vpcConfig",
    "logsConfig",
    "fileSystemLocations",
    "buildBatchConfig",
    "autoRetryLimit",
)

_OF_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "buildspecOverride": "buildspec",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}

_OF_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
}

_OTHERS = {
    "sourceVersion": "sourceVersion",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "buildTimeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
    "autoRetryLimitOverride": "autoRetryLimit",
    "buildBatchConfigOverride": "buildBatchConfig",
}


def settings_of(project: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a build.

    Args:
        project: as the API answers with it.
        params: of StartBuild or StartBuildBatch.
    """
    settings = {name: project[name] for name in _OF_PROJECT if name in project}
    settings |= _renamed(_OTHERS, params)
    settings["source"] = with_source_defaults({**project["source"], **_renamed(_OF_SOURCE, params)})
    environment = {**project["environment"], **_renamed(_OF_ENVIRONMENT, params)}
    environment["environmentVariables"] = merged(
        environment.get("environmentVariables", []), params.get("environmentVariablesOverride", [])
    )
    settings["environment"] = with_environment_defaults(environment)
    settings["artifacts"] = with_artifact_defaults(settings["artifacts"], project["name"])
    if "secondaryArtifacts" in settings:
        settings["secondaryArtifacts"] = [
            with_artifact_defaults(item, project["name"]) for item in settings["secondaryArtifacts"]
        ]
    settings["logsConfig"] = with_log_defaults(settings.get("logsConfig", {}))
    return settings


def _renamed(names: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, Any]:
    return {to: params[name] for name, to in names.items() if name in params}
