"""`service.yaml`: what services of every kind declare, and how they are released.

Every default stands here or in the module of its kind, each with what it does and why that value. Terraform
reads the same values from `schemas/service.defaults.json`, which `lockgate schema` writes from these modules.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lockgate.config.base import Declaration, ServiceName
from lockgate.config.judge import JudgeSettings, JudgeSettingsOrMode, Metric
from lockgate.config.secrets import Secret, SecretName, check_variables

AUTO_INTERVALS = (5, 10, 15, 30, 60, 120, 240, 480, 960, 1440, 2880)
"""Minutes that `interval_minutes: auto` chooses from. Each is a CodeDeploy configuration, of which an account
may have 50 besides the predefined ones, 10 percent for 5, 10, 15 and 30 minutes (CodeDeploy quotas)."""


class Release(Declaration):
    """How traffic moves to a new version."""

    strategy: Literal["canary", "linear", "all_at_once"] = Field(
        default="canary",
        description="canary: one share, then the rest; linear: equal steps; all_at_once: no watching.",
    )
    percentage: int = Field(
        default=10,
        ge=1,
        le=99,
        description="Share of the canary, or of one linear step. 10 % is what the judge is tuned on.",
    )
    interval_minutes: Annotated[int, Field(ge=1, le=2880)] | Literal["auto"] = Field(
        default=5,
        description="Minutes before the rest (canary) or the next step (linear). 5 is CodeDeploy's shortest "
        "predefined one; CodeDeploy allows at most 2,880 minutes from the first shift to the last. auto: "
        "each canary takes as long as the last day's traffic needs to show five times the errors.",
    )
    auto_shortest_minutes: int = Field(
        default=5, ge=1, le=2880, description="Shortest interval that auto may choose."
    )
    auto_longest_minutes: int = Field(
        default=60,
        ge=1,
        le=2880,
        description="Longest interval that auto may choose: an hour is what people wait for.",
    )
    bake_minutes: int = Field(
        default=2,
        ge=0,
        le=1440,
        description="Minutes of watching the alarms after all traffic has moved, before it counts as good. "
        "2 covers two alarm periods.",
    )

    @model_validator(mode="after")
    def _fits_codedeploy(self) -> Release:
        if self.interval_minutes == "auto":
            return self._auto()
        steps = -(-100 // self.percentage) - 1
        if self.strategy == "linear" and steps * self.interval_minutes > 2880:
            raise ValueError(
                f"{steps} steps of {self.interval_minutes} minutes exceed CodeDeploy's 2,880 minutes "
                "from the first shift to the last; take a larger percentage or a shorter interval"
            )
        return self

    def _auto(self) -> Release:
        if self.strategy == "linear":
            raise ValueError("interval_minutes: auto is for canaries; give a linear release its minutes")
        if not self.auto_intervals():
            raise ValueError(
                f"auto_shortest_minutes ({self.auto_shortest_minutes}) to auto_longest_minutes "
                f"({self.auto_longest_minutes}) has none of {', '.join(map(str, AUTO_INTERVALS))}"
            )
        return self

    def auto_intervals(self) -> list[int]:
        """Intervals that auto may choose from."""
        return [
            minutes
            for minutes in AUTO_INTERVALS
            if self.auto_shortest_minutes <= minutes <= self.auto_longest_minutes
        ]


class Alarms(Declaration):
    """When CodeDeploy itself stops a deployment. Rates are errors per request, in percent: per
    invocation of the alias, or per request that the load balancer hands on."""

    error_rate_percent: float = Field(
        default=2.0,
        gt=0,
        le=100,
        description="Error rate of the alias that stops a deployment. At 10 % canary, 2 % means that one "
        "canary request in five fails.",
    )
    minimum_requests: int = Field(
        default=10,
        ge=1,
        description="Requests in a minute below which the error rate is not looked at: one error in two "
        "requests says nothing.",
    )
    datapoints: int = Field(default=2, ge=1, le=10, description="Bad minutes needed ...")
    periods: int = Field(default=3, ge=1, le=10, description="... out of this many: one bad minute is noise.")
    backstop_error_rate_percent: float = Field(
        default=25.0,
        gt=0,
        le=100,
        description="Absolute error rate that always stops a deployment, two minutes running: it still sees "
        "a canary that broke the old version too.",
    )

    @model_validator(mode="after")
    def _datapoints_fit(self) -> Alarms:
        if self.datapoints > self.periods:
            raise ValueError(f"datapoints ({self.datapoints}) cannot exceed periods ({self.periods})")
        return self


class Statement(Declaration):
    """An IAM statement for the execution role. `${...}` are Terraform's: environment, region, account_id,
    partition, name_prefix."""

    actions: list[str] = Field(min_length=1)
    resources: list[str] = Field(min_length=1)


class Service(Declaration):
    """One deployable service: a folder with this file, `src/` and tests."""

    kind: str = Field(description="What it is.")
    description: str = Field(default="", max_length=256, description="One line for consoles and lists.")
    architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="arm64 costs a fifth less for the same duration."
    )
    environment: dict[str, str] = Field(
        default_factory=dict, description="Environment variables, part of the released version."
    )
    secrets: dict[SecretName, Secret] = Field(
        default_factory=dict,
        description="What must stand in no file, by name: `make secret` sets their values.",
    )
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = Field(
        default=365, description="Days that logs are kept; a year answers most audits."
    )
    permissions: list[Statement] = Field(
        default_factory=list, description="What its code may do, besides writing its logs."
    )
    depends_on: list[ServiceName] = Field(
        default_factory=list, description="Services that are released in an earlier wave."
    )
    release: Release = Field(default_factory=Release, description="How traffic moves.")
    alarms: Alarms = Field(default_factory=Alarms, description="What stops a deployment.")
    judge: JudgeSettingsOrMode = Field(
        default_factory=JudgeSettings,
        description="How the new version is judged beside the old one; a mode alone is short for `mode:`.",
    )
    metrics: list[Metric] = Field(
        default_factory=list, max_length=10, description="Metrics of its own that count in the judgement."
    )
    overrides: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="By environment: any of the fields above with another value (maps are merged one level).",
    )

    @property
    def references(self) -> dict[str, list[str]]:
        """Names of other services, by the field that names them: each is released in an earlier wave."""
        return {"depends_on": self.depends_on}

    @field_validator("secrets")
    @classmethod
    def _own_variables(cls, secrets: dict[str, Secret], info: ValidationInfo) -> dict[str, Secret]:
        check_variables(secrets, info.data.get("environment", {}))
        return secrets

    @model_validator(mode="after")
    def _one_latency(self) -> Self:
        if sum(metric.kind == "latency" for metric in self.metrics) > 1:
            raise ValueError("metrics: more than one of kind latency; the judge follows one")
        return self
