"""`platform.yaml`: the organisation, its accounts and environments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from lockgate.config.base import Declaration, EnvironmentName

AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Endpoint = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+/?$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class Environment(Declaration):
    """One place that services are released to: one account and one region."""

    account_id: AccountId = Field(description="Account that every command checks itself against first.")
    region: Region | None = Field(default=None, description="Region; the platform's when not given.")
    endpoint_url: Endpoint | None = Field(
        default=None, description="Endpoint of an embedded AWS; none for the real one."
    )
    emulator: str | None = Field(
        default=None,
        pattern=r"^[a-z_][a-z0-9_.]*$",
        description="Python module that starts what answers at endpoint_url: "
        "`python -m MODULE up --port PORT --minute SECONDS`.",
    )
    minute_seconds: float = Field(
        default=60.0,
        ge=0.5,
        le=60,
        description="Seconds in a CodeDeploy minute. Only an embedded AWS can run its clock faster.",
    )
    build_for: Literal["declared", "host"] = Field(
        default="declared",
        description="What artifacts are built for: what service.yaml declares, or this machine and its "
        "Python, which is what an embedded AWS runs functions with.",
    )
    dirty_builds: bool = Field(
        default=False,
        description="Whether a tree with changes that are in no commit may be released here. Where it may "
        "not, what runs can always be looked up. An embedded AWS always takes them.",
    )
    state_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Bucket of Terraform's state; named after platform, environment, account and region "
        "when not given.",
    )

    @property
    def is_embedded(self) -> bool:
        """Whether this environment is an embedded AWS on this machine."""
        return self.endpoint_url is not None

    @model_validator(mode="after")
    def _only_embedded_is_fast(self) -> Environment:
        if self.emulator and not self.is_embedded:
            raise ValueError("emulator is for an environment with an endpoint_url")
        if self.build_for == "host" and not self.is_embedded:
            raise ValueError("build_for: host is for an environment with an endpoint_url")
        if self.minute_seconds != 60 and not self.is_embedded:
            raise ValueError(
                "minute_seconds is for an environment with an endpoint_url: AWS's minute has 60 s"
            )
        return self


class Platform(Declaration):
    """The organisation's platform."""

    organisation: str = Field(pattern=r"^[a-z][a-z0-9-]{1,20}$", description="Tag on every resource.")
    name: str = Field(
        default="lockgate",
        pattern=r"^[a-z][a-z0-9-]{1,11}$",
        description="First part of every resource's name, so that two platforms can share an account.",
    )
    region: Region = Field(description="Region of every environment that names none.")
    environments: dict[EnvironmentName, Environment] = Field(min_length=1, description="By name.")
    tags: dict[str, str] = Field(default_factory=dict, description="Further tags on every resource.")

    @field_validator("environments", mode="after")
    @classmethod
    def _own_accounts(cls, environments: dict[str, Environment]) -> dict[str, Environment]:
        seen: dict[tuple[str, str | None], str] = {}
        for name, environment in environments.items():
            key = (environment.account_id, environment.region)
            if key in seen:
                raise ValueError(
                    f"environments {seen[key]} and {name} share account {key[0]} and region: "
                    "give each an account of its own"
                )
            seen[key] = name
        return environments

    def region_of(self, environment: str) -> str:
        """Region of an environment, its own or the platform's."""
        return self.environments[environment].region or self.region

    def state_bucket_of(self, environment: str) -> str:
        """Name of the bucket that holds an environment's Terraform state."""
        declared = self.environments[environment]
        generated = f"{self.name}-{environment}-state-{declared.account_id}-{self.region_of(environment)}"
        return declared.state_bucket or generated
