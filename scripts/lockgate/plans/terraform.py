"""The adapter around Terraform, and the only module that imports python-terraform.

python-terraform builds the arguments; everything else is done here, since it has not been maintained since
2019: with Terraform 1.11 its `apply` waits for input, `timeout` is passed on, and variables are logged.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import python_terraform

from lockgate.errors import LockgateError
from lockgate.plans.process import TimedOutError, lines_of
from lockgate.plans.toolchain import Toolchain

FLAG = python_terraform.IsFlagged

_TOLD = {"planned_change", "change_summary", "apply_start", "apply_complete", "apply_errored"}
"""Types of Terraform's messages that say what changes; the rest is one line for each resource it looks at."""

_HINTS = {
    "Error acquiring the state lock": "Somebody else applies. Wait; if that process is dead, `terraform "
    "force-unlock` with the id above.",
    "Inconsistent dependency lock file": "Run `terraform init -upgrade` in the stack, and commit "
    "the lock file.",
}


@dataclass(frozen=True)
class Terraform:
    """One root module, for one environment.

    Args:
        project_root: the repository.
        folder: the root module.
        data_dir: where Terraform keeps modules, providers and the backend's settings.
        environment: further environment variables, such as credentials.
        on_line: gets each line for people, as it comes.
        timeout: seconds after which a command is ended.
    """

    project_root: Path
    folder: Path
    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    on_line: Callable[[str], None] = lambda _: None
    timeout: float = 3600

    @cached_property
    def toolchain(self) -> Toolchain:
        """The binary and the provider mirror."""
        return Toolchain.find(self.project_root)

    def init(self, backend_config: dict[str, Any] | None = None) -> None:
        """Initialises the module; the lock file is not changed.

        Args:
            backend_config: settings of the backend, or None to leave the backend out.
        """
        options: dict[str, Any] = {"input": False, "lockfile": "readonly"}
        if backend_config is None:
            options["backend"] = False
        else:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            settings = self.data_dir / "backend.tfvars.json"
            settings.write_text(json.dumps(backend_config), encoding="utf-8")
            options |= {"backend_config": str(settings), "reconfigure": FLAG}
        self._run("init", json=FLAG, **options)

    def plan(self, out: Path, variables: dict[str, str]) -> bool:
        """Plans into a file; whether anything would change."""
        assignments = [f"{name}={value}" for name, value in variables.items()]
        code = self._run(
            "plan", json=FLAG, input=False, out=str(out), detailed_exitcode=FLAG, var=assignments
        )
        return code == 2

    def apply(self, plan: Path) -> None:
        """Applies exactly the plan in a file."""
        self._run("apply", str(plan), json=FLAG, input=False, auto_approve=FLAG)

    def validate(self) -> None:
        """Checks the module without contacting AWS."""
        self._run("validate")

    def _run(self, command: str, *arguments: str, **options: Any) -> int:
        """Runs a command; with `json`, its messages and errors are taken from the JSON lines."""
        words: list[str] = python_terraform.Terraform(
            terraform_bin_path=str(self.toolchain.terraform)
        ).generate_cmd_string(command, *arguments, no_color=FLAG, **options)
        errors: list[str] = []
        other: list[str] = []
        try:
            with lines_of(words, cwd=self.folder, env=self._environment(), timeout=self.timeout) as (
                process,
                lines,
            ):
                for line in lines:
                    self._take(line.rstrip(), errors, other)
        except TimedOutError:
            raise LockgateError(
                f"terraform {command} in {self.folder} took longer than {self.timeout:.0f} s and was ended",
                hint="Run it again; a lock that stays behind is released with `terraform force-unlock`.",
            ) from None
        if process.returncode not in (0, 2) or (
            process.returncode == 2 and "detailed_exitcode" not in options
        ):
            raise self._failed(command, process, errors or other[-20:])
        return process.returncode

    def _take(self, line: str, errors: list[str], other: list[str]) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            other.append(line)
            return
        if not isinstance(entry, dict):
            return
        diagnostic = entry.get("diagnostic")
        if diagnostic and diagnostic["severity"] == "error":
            errors.append(_words(diagnostic))
        elif entry.get("type") in _TOLD:
            self.on_line(str(entry["@message"]))

    def _failed(self, command: str, process: subprocess.Popen[str], words: list[str]) -> LockgateError:
        text = "\n".join(words) or f"exit code {process.returncode}, and it said nothing"
        hint = next((hint for start, hint in _HINTS.items() if start in text), "Mend it, then run it again.")
        return LockgateError(f"terraform {command} in {self.folder.name}: {text}", hint=hint)

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("TF_CLI_ARGS", "TF_LOG")
        }
        own = {"TF_DATA_DIR": str(self.data_dir), **self.toolchain.environment()}
        return {**inherited, **own, **self.environment}


def _words(diagnostic: dict[str, Any]) -> str:
    place = diagnostic.get("range")
    where = f" ({place['filename']}:{place['start']['line']})" if place else ""
    address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    return f"{address}{diagnostic['summary']}{where}: {diagnostic.get('detail', '').strip()}".rstrip(": ")
