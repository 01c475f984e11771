"""`service.yaml` of a container: an ECS service on Fargate behind a load balancer of its own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lockgate.config.service import Service

FARGATE_MEMORY_MB = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""Memory in MB that Fargate gives to a task, by its CPU units (ECS developer guide, "Fargate task definition
considerations", task CPU and memory)."""

CertificateArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/\S+$")]


class ContainerService(Service):
    """A container behind a load balancer, of which two copies serve while traffic moves."""

    kind: Literal["container"] = Field(description="A container on Fargate.")
    port: int = Field(
        default=8080,
        ge=1024,
        le=65535,
        description="Port that the container listens on; those below 1024 need root, which it is not.",
    )
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = Field(
        default=256, description="CPU units of a task; 1,024 are one processor."
    )
    memory_mb: int = Field(default=512, description="Memory of a task; Fargate allows a few for each cpu.")
    desired_count: int = Field(
        default=2, ge=1, le=1000, description="Tasks that serve; two, so that one may fail."
    )
    health_path: str = Field(
        default="/healthz",
        pattern=r"^/\S*$",
        description="Path that answers 200 when the container can serve; the load balancer asks for it.",
    )
    read_only: bool = Field(
        default=True, description="Whether the container's file system is read-only: code writes elsewhere."
    )
    public: bool = Field(
        default=False, description="Whether the load balancer is reached from the internet, not only the VPC."
    )
    certificate_arn: CertificateArn | None = Field(
        default=None, description="Certificate of the listener, which speaks HTTPS then; without one, HTTP."
    )

    @model_validator(mode="after")
    def _fits_fargate(self) -> Self:
        allowed = FARGATE_MEMORY_MB[self.cpu]
        if self.memory_mb not in allowed:
            raise ValueError(
                f"memory_mb: Fargate gives a task of {self.cpu} CPU units {_spoken(allowed)} MB, "
                f"not {self.memory_mb}"
            )
        return self


def _spoken(numbers: tuple[int, ...]) -> str:
    if len(numbers) <= 3:
        return " or ".join(map(str, numbers))
    return f"{numbers[0]} to {numbers[-1]} in steps of {numbers[1] - numbers[0]}"
