"""Whether every secret of a service has a value: without, a container does not start and a function fails."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.config import Service
from lockgate.contract import SecretContract, ServiceContract
from lockgate.release.findings import Finding, Level
from lockgate.secrets.stores import look

_CHECK = "secret"


def secret_findings(
    aws: Aws, contract: ServiceContract, declared: Service, apply_hint: str
) -> Iterator[Finding]:
    """Looks at the secrets of a service; asks for no value.

    Args:
        aws: clients of the environment.
        contract: what Terraform has provisioned.
        declared: what the service's folder says, which may be ahead of that.
        apply_hint: what to do where it is.
    """
    for secret in contract.secrets:
        yield _finding(aws, contract, secret, apply_hint)
    for name in sorted(set(declared.secrets) - {secret.name for secret in contract.secrets}):
        detail = f"{name} is declared and not provisioned"
        yield Finding(contract.service, _CHECK, Level.PROBLEM, detail, apply_hint)


def _finding(aws: Aws, contract: ServiceContract, secret: SecretContract, apply_hint: str) -> Finding:
    def problem(detail: str, hint: str) -> Finding:
        return Finding(contract.service, _CHECK, Level.PROBLEM, f"{secret.name} {detail}", hint)

    try:
        known = look(aws, secret)
    except ClientError as error:
        return problem(f"({secret.id}): {error}", "Correct that: docs/secrets.md says who needs what.")
    if known.deleted:
        restore = f"aws secretsmanager restore-secret --secret-id {secret.id}"
        return problem(f"is being deleted: it is gone on {known.deleted:%Y-%m-%d}", restore)
    if known.has_value:
        return Finding(contract.service, _CHECK, Level.OK, f"{secret.name} has a value")
    if not known.exists and secret.store == "secrets_manager":
        return problem(f"is gone: there is no secret {secret.id}", apply_hint)
    command = f"make secret ENV={contract.environment} SERVICE={contract.service} NAME={secret.name}"
    return problem("has no value", f"Set it: {command}.")
