"""The environment variables of a build, and where each of them wins.

StartBuild's come before the project's, and the project's before the buildspec's (buildspec reference, `env`);
CODEBUILD_* are CodeBuild's (user guide, "Environment variables in build environments").
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from localaws.clients import Clients
from localaws.codebuild.buildspec import NAME, Buildspec
from localaws.codebuild.model import Build

_NETWORK = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_KEPT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_KEPT_PREFIXES = ("PIP_", "UV_")

_PARAMETERS_AT_ONCE = 10
"""Names that GetParameters takes (Systems Manager API reference)."""


class UnresolvedError(Exception):
    """A variable whose value cannot be had.

    Attributes:
        code: status code of the phase's context, as CodeBuild has it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Variable:
    """A variable as it is declared.

    Attributes:
        value: the value itself, or the name of a parameter, or a reference to a secret.
        kind: as in the service model's EnvironmentVariableType.
    """

    value: str
    kind: str = "PLAINTEXT"


def declared(buildspec: Buildspec, settings: Iterable[Mapping[str, str]]) -> dict[str, Variable]:
    """Variables by name.

    Args:
        settings: those of project and StartBuild, as `merged` gives them.
    """
    found = {name: Variable(value) for name, value in buildspec.variables.items()}
    found |= {name: Variable(value, "PARAMETER_STORE") for name, value in buildspec.parameters.items()}
    found |= {name: Variable(value, "SECRETS_MANAGER") for name, value in buildspec.secrets.items()}
    for item in settings:
        found[item["name"]] = Variable(item["value"], item.get("type", "PLAINTEXT"))
    return found


def merged(project: Iterable[dict[str, str]], overrides: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """The project's variables with what StartBuild says of them, and what it adds."""
    found = {item["name"]: {"type": "PLAINTEXT", **item} for item in (*project, *overrides)}
    return list(found.values())


def of_machine(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a build takes from the environment of the server: what the network and package indexes need.

    pip's own file of settings is named, since the build has another home folder.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name.lower() in _NETWORK or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    settings = Path(environ.get("HOME", "/nowhere")) / ".config" / "pip" / "pip.conf"
    if settings.is_file() and "PIP_CONFIG_FILE" not in environ:
        kept["PIP_CONFIG_FILE"] = str(settings)
    return {"PATH": os.defpath, **kept}


def of_account(clients: Clients) -> dict[str, str]:
    """How AWS SDKs reach the embedded AWS; where nothing is enforced, the account id is the access key."""
    access_key, secret_key, token = clients.credentials()
    return {
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        **({"AWS_SESSION_TOKEN": token} if token else {}),
        "AWS_DEFAULT_REGION": clients.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": clients.endpoint,
        "AWS_REGION": clients.region,
    }


def of_build(build: Build, arn: str, project_arn: str, source_folders: Mapping[str, Path]) -> dict[str, str]:
    """CODEBUILD_* of a build that has its sources.

    Args:
        source_folders: by source identifier; the primary source's is empty.
    """
    settings = build.settings
    source = settings["source"]
    version = settings.get("sourceVersion") or (
        f"arn:aws:s3:::{source['location']}" if source["type"] == "S3" else ""
    )
    found = {
        "CODEBUILD_BUILD_ARN": arn,
        "CODEBUILD_BUILD_ID": build.build_id,
        "CODEBUILD_BUILD_IMAGE": settings["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": settings["encryptionKey"],
        "CODEBUILD_LOG_PATH": build.log_stream or "",
        "CODEBUILD_PROJECT_ARN": project_arn,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_version or "",
        "CODEBUILD_SOURCE_REPO_URL": source.get("location", ""),
        "CODEBUILD_SOURCE_VERSION": version,
        "CODEBUILD_START_TIME": str(int(build.started * 1000)),
    }
    if build.identifier:
        found["CODEBUILD_BATCH_BUILD_IDENTIFIER"] = build.identifier
    for identifier, folder in source_folders.items():
        found[f"CODEBUILD_SRC_DIR{f'_{identifier}' if identifier else ''}"] = str(folder)
    return found


def resolve(
    variables: Mapping[str, Variable], clients: Clients, hide: Callable[[str], None]
) -> dict[str, str]:
    """Values of variables, with those of Parameter Store and Secrets Manager fetched.

    Args:
        hide: is told each value that no log may show.

    Raises:
        UnresolvedError: one cannot be had.
    """
    wrong = [name for name in variables if not NAME.fullmatch(name)]
    if wrong:
        raise UnresolvedError("CLIENT_ERROR", f"environment variables cannot be called {', '.join(wrong)}")
    stored = {name: each.value for name, each in variables.items() if each.kind == "PARAMETER_STORE"}
    parameters = _parameters(clients, sorted(set(stored.values())), hide)
    values: dict[str, str] = {}
    for name, variable in variables.items():
        if variable.kind == "PARAMETER_STORE":
            values[name] = parameters[variable.value]
        elif variable.kind == "SECRETS_MANAGER":
            values[name] = _secret(clients, variable.value)
            hide(values[name])
        else:
            values[name] = variable.value
    return values


def _parameters(clients: Clients, names: list[str], hide: Callable[[str], None]) -> dict[str, str]:
    """That a SecureString is hidden as a secret is inferred."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _PARAMETERS_AT_ONCE):
        wanted = names[start : start + _PARAMETERS_AT_ONCE]
        answer = clients.client("ssm").get_parameters(Names=wanted, WithDecryption=True)
        asked = {
            name.rpartition(":parameter")[2] if name.startswith("arn:") else name: name for name in wanted
        }
        for parameter in answer["Parameters"]:
            found[asked.get(parameter["Name"], parameter["Name"])] = parameter["Value"]
            if parameter["Type"] == "SecureString":
                hide(parameter["Value"])
    missing = [name for name in names if name not in found]
    if missing:
        raise UnresolvedError("Decrypted Variables Error", f"parameter does not exist: {', '.join(missing)}")
    return found


def secret_reference(text: str) -> tuple[str, str, dict[str, str]]:
    """Secret id, JSON key (or nothing), and the version that is meant, of
    `secret-id:json-key:version-stage:version-id`; an ARN has seven parts itself."""
    parts = text.split(":")
    length = 7 if text.startswith("arn:") else 1
    secret, rest = ":".join(parts[:length]), [*parts[length:], "", "", ""]
    named = {"VersionStage": rest[1], "VersionId": rest[2]}
    return secret, rest[0], {name: value for name, value in named.items() if value}


def _secret(clients: Clients, reference: str) -> str:
    secret, key, version = secret_reference(reference)
    try:
        text: str = clients.client("secretsmanager").get_secret_value(SecretId=secret, **version)[
            "SecretString"
        ]
    except ClientError as error:
        told = error.response["Error"]
        raise UnresolvedError("Secrets Manager Error", f"{told['Code']}: {told['Message']}") from error
    except KeyError:
        raise UnresolvedError("Secrets Manager Error", f"{secret} has no SecretString") from None
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        raise UnresolvedError("Secrets Manager Error", f"{secret} has no JSON key {key}") from None
