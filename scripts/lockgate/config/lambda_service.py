"""`service.yaml` of a Lambda function."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from lockgate.config.base import Declaration, ServiceName
from lockgate.config.service import Service

Route = Annotated[str, Field(pattern=r"^(\$default|(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S*)$")]


class Smoke(Declaration):
    """One event that the release hook sends to the new version before it gets traffic."""

    name: str = Field(min_length=1, max_length=64, description="Shown when the check fails.")
    event: dict[str, Any] = Field(description="The event, as the function gets it.")
    expect_status: int | None = Field(
        default=None, ge=100, le=599, description="`statusCode` that the answer must have."
    )
    expect_body_contains: str | None = Field(default=None, description="Text that `body` must contain.")


class LambdaService(Service):
    """A function behind an alias."""

    kind: Literal["lambda"] = Field(description="A Lambda function.")
    runtime: Literal["python3.12", "python3.13"] = Field(
        default="python3.12", description="Lambda runtime; python3.12 is what the platform builds for."
    )
    handler: str = Field(
        default="app.handler",
        pattern=r"^[A-Za-z_][\w.]*\.[A-Za-z_]\w*$",
        description="module.function in src/.",
    )
    source_distributions: list[str] = Field(
        default_factory=list,
        description="Packages that may be built from source, since they have no wheel; only ones without "
        "compiled code can be built for another machine.",
    )
    memory_mb: int = Field(default=256, ge=128, le=10240, description="Memory; CPU grows with it.")
    timeout_seconds: int = Field(default=10, ge=1, le=900, description="Lambda's own limit is 900 s.")
    tracing: bool = Field(
        default=True, description="Whether X-Ray traces calls: one a second, and a twentieth of the others."
    )
    routes: list[Route] = Field(
        default_factory=list, description="HTTP API routes, such as `GET /hello`; none means no API."
    )
    hook: ServiceName | None = Field(
        default=None, description="Service whose function checks a new version before it gets traffic."
    )
    codedeploy_hook: bool = Field(
        default=False,
        description="This service is itself such a hook: its function is named CodeDeployHook_*, the only "
        "functions that the AWS-managed CodeDeploy role may invoke.",
    )
    smoke: list[Smoke] = Field(
        default_factory=list, max_length=10, description="Events that the hook sends, in order."
    )

    @property
    def references(self) -> dict[str, list[str]]:
        """Names of other services, the hook's too."""
        return {**super().references, "hook": [self.hook] if self.hook else []}

    @model_validator(mode="after")
    def _hook_fits(self) -> Self:
        if self.smoke and self.hook is None:
            raise ValueError("smoke events are sent by the hook: name one with `hook:`, or remove `smoke:`")
        if self.codedeploy_hook and self.hook:
            raise ValueError("a hook cannot itself have a hook")
        return self
