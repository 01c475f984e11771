"""`judge:` and `metrics:` of `service.yaml`: what the judge looks at, and what follows from its verdict.

Values that the judge itself knows have their defaults in `lockgate.judge.policy`, with the reasons.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from lockgate.config.base import Declaration
from lockgate.judge import JudgePolicy

_POLICY = JudgePolicy()

_QUANTILES = [quantile for quantile, _ in _POLICY.latency_margins]

Mode = Literal["enforce", "observe", "off"]


class Metric(Declaration):
    """A metric that the service's own code reports, such as business errors in the embedded metric format."""

    namespace: str = Field(
        min_length=1, max_length=255, pattern=r"^[^:]", description="CloudWatch namespace."
    )
    name: str = Field(min_length=1, max_length=255, description="Name of the metric.")
    dimensions: dict[str, str] = Field(
        min_length=1,
        max_length=30,
        description="By name; `{version}` in a value stands for the number of the version that ran.",
    )
    kind: Literal["errors", "latency"] = Field(
        description="errors: its sum counts as failed requests. latency: its samples are judged in place of "
        "Lambda's Duration."
    )

    @model_validator(mode="after")
    def _tells_versions_apart(self) -> Metric:
        if not any("{version}" in value for value in self.dimensions.values()):
            raise ValueError(
                "no dimension has {version} in its value: the judge could not tell the versions apart; "
                "report it with a dimension from AWS_LAMBDA_FUNCTION_VERSION"
            )
        return self


class JudgeSettings(Declaration):
    """How a release is judged. docs/judge.md explains every word."""

    mode: Mode = Field(
        default="enforce",
        description="enforce: roll back on evidence; observe: only write it down; off: do not look.",
    )
    alpha: float = Field(
        default=_POLICY.alpha,
        gt=0,
        lt=1,
        description="Probability of rolling back a good release, over all looks.",
    )
    alpha_promote: float = Field(
        default=_POLICY.alpha_promote,
        gt=0,
        lt=1,
        description="Probability of calling a release proven that is worse than the margins.",
    )
    latency_tolerance: float = Field(
        default=_POLICY.tau,
        ge=0,
        le=0.24,
        description="Share by which the new version may be slower. 0 to 0.05 suits Lambda alone, 0.10 to "
        "0.15 a service with few tasks; below 0.25, the margin of what is proven good.",
    )
    error_ratio: float = Field(
        default=_POLICY.allowed_ratio,
        gt=0,
        le=1.2,
        description="The new version may fail this many times as often as the old one; below 1.25, the "
        "margin of what is proven good.",
    )
    error_rate: float = Field(
        default=_POLICY.allowed_rate,
        ge=0,
        lt=0.1,
        description="Error rate that the new version may have on top.",
    )
    proven_error_rate: float = Field(
        default=_POLICY.margin_rate,
        ge=0,
        lt=0.2,
        description="Error rate that a release which is proven good may have on top of 1.25 times the old "
        "one's.",
    )
    proven_quantiles: list[float] = Field(
        default=_QUANTILES,
        min_length=1,
        description="Quantiles of latency at which a release has to be proven no worse. The last, p99, needs "
        "a thousand requests of the new version; without it a longer tail may be proven good.",
    )
    dispersion: float = Field(
        default=_POLICY.dispersion,
        ge=1,
        le=100,
        description="How many times more than chance the split of errors varies: from `lockgate calibrate`.",
    )
    warmup_minutes: int = Field(
        default=_POLICY.warmup, ge=0, le=60, description="First minutes in which latency is not judged."
    )
    cold_minutes: int = Field(
        default=_POLICY.cold_minutes,
        ge=0,
        le=60,
        description="First minutes that may be slow from cold starts: what they say counts little.",
    )
    prove_minutes: int = Field(
        default=_POLICY.min_bake, ge=1, le=1440, description="Minutes before a release can be proven good."
    )
    on_inconclusive: Literal["promote", "rollback"] = Field(
        default="promote",
        description="What follows at the end of the interval when nothing is proven. CodeDeploy cannot hold "
        "a canary.",
    )
    on_metrics_outage: Literal["promote", "rollback"] = Field(
        default="promote",
        description="What follows at the end when CloudWatch has not given the last minutes: an outage of "
        "metrics is not a bad release.",
    )
    on_traffic_mismatch: Literal["rollback", "hold"] = Field(
        default=_POLICY.on_traffic_mismatch,
        description="rollback: a new version that gets far too little traffic goes back. hold: it is only "
        "not proven.",
    )
    on_little_traffic: Literal["warn", "refuse"] = Field(
        default="warn",
        description="What follows before a release when the last day's traffic is too little to judge it.",
    )
    throttles: bool = Field(default=False, description="Whether throttled requests count as failed ones.")

    @field_validator("proven_quantiles")
    @classmethod
    def _known_quantiles(cls, quantiles: list[float]) -> list[float]:
        if strange := [quantile for quantile in quantiles if quantile not in _QUANTILES]:
            raise ValueError(f"{strange[0]} has no margin; take some of {', '.join(map(str, _QUANTILES))}")
        return quantiles

    def policy(self, base: JudgePolicy = _POLICY) -> JudgePolicy:
        """The judge's policy.

        Args:
            base: what holds for everything that is not declared.
        """
        declared = {
            POLICY_FIELDS[name]: self._for_policy(name)
            for name in self.model_fields_set
            if name in POLICY_FIELDS
        }
        return replace(base, **declared, max_bake=max(base.max_bake, self.prove_minutes))

    def _for_policy(self, name: str) -> Any:
        if name == "proven_quantiles":
            return tuple(one for one in _POLICY.latency_margins if one[0] in self.proven_quantiles)
        return getattr(self, name)


POLICY_FIELDS = {
    "alpha": "alpha",
    "alpha_promote": "alpha_promote",
    "latency_tolerance": "tau",
    "error_ratio": "allowed_ratio",
    "error_rate": "allowed_rate",
    "proven_error_rate": "margin_rate",
    "proven_quantiles": "latency_margins",
    "dispersion": "dispersion",
    "warmup_minutes": "warmup",
    "cold_minutes": "cold_minutes",
    "prove_minutes": "min_bake",
    "on_inconclusive": "on_inconclusive",
    "on_traffic_mismatch": "on_traffic_mismatch",
}
"""What a declaration calls differently from the judge, by the declaration's name."""


def _from_mode(value: Any) -> Any:
    """`judge: observe` is short for `judge: { mode: observe }`."""
    return {"mode": value} if isinstance(value, str) else value


JudgeSettingsOrMode = Annotated[
    JudgeSettings, BeforeValidator(_from_mode, json_schema_input_type=JudgeSettings | Mode)
]
