"""What an artifact is built for: it runs there and nowhere else."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from typing import Self

from lockgate.config import Environment, LambdaService, Service

_MACHINES = {"arm64": ("aarch64", 0xB7), "x86_64": ("x86_64", 0x3E)}
"""By Lambda's architecture: the machine as wheels name it, and as ELF headers do (ELF gABI, e_machine)."""

_GLIBC = "manylinux_2_34"
"""Lambda's runtimes from python3.12 on are Amazon Linux 2023, which has glibc 2.34 (Lambda developer guide,
"Lambda runtimes"; Amazon Linux 2023 user guide, "Core glibc")."""


@dataclass(frozen=True)
class Target:
    """A Lambda runtime on an architecture.

    Attributes:
        runtime: such as `python3.12`.
        architecture: `arm64` or `x86_64`.
        is_host: whether it is this machine and its Python, whatever its operating system.
    """

    runtime: str
    architecture: str
    is_host: bool = False

    @classmethod
    def of(cls, service: LambdaService, environment: Environment | None = None) -> Self:
        """What a service runs on; without an environment, what it declares."""
        if environment is None or environment.build_for == "declared":
            return cls(service.runtime, service.architecture)
        machine = architecture_of(service, environment)
        return cls(f"python{sys.version_info.major}.{sys.version_info.minor}", machine, is_host=True)

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}{' (this machine)' if self.is_host else ''}"

    @property
    def python(self) -> str:
        """Version of Python, such as `3.12`."""
        return self.runtime.removeprefix("python")

    @property
    def machine(self) -> str:
        """The machine as wheels name it, such as `aarch64`."""
        return _MACHINES[self.architecture][0]

    @property
    def installer_options(self) -> list[str]:
        """Options that tell uv for what to choose wheels."""
        if self.is_host:
            return ["--python", sys.executable]
        return ["--python-platform", f"{self.machine}-{_GLIBC}", "--python-version", self.python]

    def runs(self, name: str, data: bytes) -> bool:
        """Whether a file can be loaded there; only shared libraries can fail to."""
        if self.is_host and sys.platform != "linux":
            return True
        if ".so" not in name.rpartition("/")[2]:
            return True
        if not name.endswith(".so") and not data.startswith(b"\x7fELF"):
            return True
        return data.startswith(b"\x7fELF") and int.from_bytes(data[18:20], "little") == self._elf

    @property
    def _elf(self) -> int:
        return _MACHINES[self.architecture][1]


def architecture_of(service: Service, environment: Environment | None) -> str:
    """`arm64` or `x86_64`: what a service declares, or this machine's where an environment runs on it."""
    if environment is None or environment.build_for == "declared":
        return service.architecture
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
