"""What AWS adds to settings that leave something out."""

from __future__ import annotations

from typing import Any


def with_source_defaults(source: dict[str, Any]) -> dict[str, Any]:
    """A source with what AWS adds."""
    return {"insecureSsl": False, **source}


def with_environment_defaults(environment: dict[str, Any]) -> dict[str, Any]:
    """An environment with what AWS adds."""
    variables = [{"type": "PLAINTEXT", **item} for item in environment.get("environmentVariables", [])]
    return {
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
        **environment,
        "environmentVariables": variables,
    }


def with_artifact_defaults(artifacts: dict[str, Any], project: str) -> dict[str, Any]:
    """Artifacts with what AWS adds. That the project's name is the default name is inferred."""
    if artifacts["type"] != "S3":
        return artifacts
    defaults = {"namespaceType": "NONE", "packaging": "NONE", "encryptionDisabled": False, "name": project}
    return {**defaults, **artifacts}


def with_log_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """A log configuration with what AWS adds: CloudWatch Logs unless disabled, S3 only if enabled."""
    cloudwatch = config.get("cloudWatchLogs", {"status": "ENABLED"})
    s3 = {"encryptionDisabled": False, **config.get("s3Logs", {"status": "DISABLED"})}
    return {"cloudWatchLogs": cloudwatch, "s3Logs": s3}
