"""Terraform as the tests run it: in a copy of the part of the repository that it reads."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lockgate.plans.toolchain import Toolchain
from tests.terraform.hcl import ROOT

_WITHOUT_WORK_FILES = shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__")
LOCK = Path("terraform/stacks/workload/.terraform.lock.hcl")


@dataclass(frozen=True)
class Ran:
    """What a command left.

    Args:
        code: its exit code.
        output: what it printed, errors too.
    """

    code: int
    output: str


@dataclass(frozen=True)
class Copy:
    """A copy of what Terraform reads.

    Args:
        root: its folder.
        toolchain: the binary and its providers.
    """

    root: Path
    toolchain: Toolchain

    @classmethod
    def make(cls, root: Path, toolchain: Toolchain) -> Copy:
        """Copies modules, stacks, declarations and their defaults."""
        shutil.copytree(ROOT / "terraform", root / "terraform", ignore=_WITHOUT_WORK_FILES)
        shutil.copytree(ROOT / "schemas", root / "schemas")
        shutil.copy(ROOT / "platform.yaml", root / "platform.yaml")
        (root / "lambdas").mkdir()
        return cls(root, toolchain)

    def add_service(self, name: str, declaration: str) -> None:
        """Declares a service."""
        folder = self.root / "lambdas" / name
        folder.mkdir(parents=True)
        (folder / "service.yaml").write_text(declaration)

    def terraform(self, folder: str, *arguments: str) -> Ran:
        """Runs Terraform in a folder of `terraform/`."""
        ran = subprocess.run(
            [str(self.toolchain.terraform), *arguments],
            cwd=self.root / "terraform" / folder,
            env=os.environ | self.toolchain.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout)

    def init(self, folder: str, *arguments: str) -> None:
        """Initializes a folder, with exactly the providers of the stack's lock file."""
        lock = self.root / "terraform" / folder / ".terraform.lock.hcl"
        if not lock.exists():
            shutil.copy(self.root / LOCK, lock)
        ran = self.terraform(
            folder,
            "init",
            "-input=false",
            "-no-color",
            "-lockfile=readonly",
            *(arguments or ["-backend=false"]),
        )
        assert ran.code == 0, ran.output
