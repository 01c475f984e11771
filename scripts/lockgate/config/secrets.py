"""`secrets` of a `service.yaml`: what a service has to be told that must stand in no file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lockgate.config.base import Declaration, ServiceName

Store = Literal["secrets_manager", "parameter_store"]

SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""It ends up in the name that the store knows it by, and in the name of a variable."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]+$")]
"""Lambda's rule, which is stricter than ECS's (Lambda API reference, Environment)."""

OWN_VARIABLES = ("LOCKGATE_ENVIRONMENT", "POWERTOOLS_SERVICE_NAME")
"""Variables that Terraform gives to every service."""


class Rotation(Declaration):
    """Who makes a new value, and how often."""

    days: int = Field(ge=1, le=1000, description="Days from one value to the next; Secrets Manager's limits.")
    function: ServiceName = Field(
        description="Service whose function makes the new value; its role may write this secret."
    )


class Secret(Declaration):
    """One secret: Terraform makes it without a value, `lockgate secrets set` gives it one."""

    store: Store = Field(
        default="secrets_manager",
        description="secrets_manager: versions, rotation, 0.40 dollars a month; parameter_store: free up to "
        "4 KB, no rotation.",
    )
    description: str = Field(default="", max_length=256, description="One line for consoles and lists.")
    rotation: Rotation | None = Field(
        default=None, description="How its value is renewed; without, whoever sets it does."
    )
    variable: VariableName | None = Field(
        default=None,
        description="Environment variable: a container finds the value in it, a function the name to read "
        "the value by. Without, LOCKGATE_SECRET_ and the name.",
    )

    @model_validator(mode="after")
    def _can_rotate(self) -> Self:
        if self.rotation and self.store != "secrets_manager":
            raise ValueError("only secrets_manager rotates; leave out rotation, or store it there")
        return self


def variable_of(name: str, secret: Secret) -> str:
    """Environment variable of a secret; Terraform's module service-secrets has the same rule.

    Args:
        name: the secret's key in `secrets`.
        secret: what is declared of it.
    """
    return secret.variable or f"LOCKGATE_SECRET_{name.upper().replace('-', '_')}"


def check_variables(secrets: Mapping[str, Secret], environment: Collection[str]) -> None:
    """Looks that each secret has a variable of its own.

    Args:
        secrets: by name.
        environment: names of the variables that `environment` declares.

    Raises:
        ValueError: two want the same one, or it is AWS's or Lockgate's.
    """
    taken: dict[str, str] = dict.fromkeys(OWN_VARIABLES, "Lockgate itself")
    taken |= dict.fromkeys(environment, "`environment`")
    for name, secret in secrets.items():
        variable = variable_of(name, secret)
        if variable.startswith("AWS_"):
            raise ValueError(f"{name}: variable {variable}: names that begin with AWS_ are AWS's own")
        if variable in taken:
            raise ValueError(f"{name}: variable {variable} is set by {taken[variable]} already; name another")
        taken[variable] = f"the secret {name}"
