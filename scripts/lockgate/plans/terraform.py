"""The adapter around Terraform, and the only module that imports python-terraform.

python-terraform builds the arguments; everything else is done here, since it has not been maintained since
2019: with Terraform 1.11 its `apply` waits for input, `timeout` is passed on, and variables are logged.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import python_terraform

from lockgate.errors import LockgateError, RefusedError
from lockgate.plans.initialised import Initialised, fingerprint
from lockgate.plans.redaction import Redacted, redact
from lockgate.plans.toolchain import Toolchain
from lockgate.processes.child import Running, TimedOutError, lines_of

FLAG = python_terraform.IsFlagged

_TOLD = {
    "planned_change": "to {action}",
    "apply_start": "{action} begins",
    "apply_complete": "{action} done after {elapsed_seconds} s",
    "apply_errored": "{action} failed after {elapsed_seconds} s",
}
"""Types of Terraform's messages that say what changes, and what is said then; the rest is one line for each
resource it looks at. Terraform's own words have ids in them, which providers make of values."""

_COUNTED = {"add": "to create", "change": "to update", "remove": "to destroy"}
"""Numbers in Terraform's summary, in our words."""

_TAIL = 20
"""Lines of a failed command's output that are shown where it gave no diagnostics."""

_PRIVATE = 0o600

_DIFFERS = 2
_UNFORMATTED = 3
"""Exit codes that are answers: of `plan -detailed-exitcode`, and of `fmt -check`."""

_ANEW = "Run it again: what is missing from `.lockgate` is installed anew then."
_HINTS = {
    "Inconsistent dependency lock file": "Run `terraform init -upgrade` in the stack, and commit "
    "the lock file.",
    "Required plugins are not installed": _ANEW,
    "Module not installed": _ANEW,
    "Failed to query available provider packages": "The provider mirror may lack that version: name another "
    "with LOCKGATE_PROVIDER_MIRROR, or set it empty to download.",
}

_LOCKED = "Error acquiring the state lock"
_LOCK_INFO = re.compile(r"^\W*(ID|Operation|Who|Created):[ \t]*(\S.*?)\s*$", re.MULTILINE)

_NOT_INHERITED = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_INPUT", "TF_LOG", "TF_VAR_", "TF_WORKSPACE")
"""Starts of variables that would make a run differ from what the repository says."""

_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_",
)
"""Starts of variables that go where credentials are passed: a session token does not fit another key."""


@dataclass(frozen=True)
class Terraform:
    """One root module, for one environment.

    Each command raises LockgateError with Terraform's own words when it fails or takes too long, and
    RefusedError when somebody else holds the state's lock: nothing was written then.

    Args:
        project_root: the repository.
        folder: the root module.
        data_dir: where Terraform keeps modules, providers and the backend's settings.
        environment: further environment variables. Credentials among them replace all inherited ones.
        on_line: gets each line for people, as it comes.
        scrub: takes secrets out of what Terraform says when it fails.
        timeout: seconds after which a command is ended.
        running: where its processes are noted, for another thread to end them.
    """

    project_root: Path
    folder: Path
    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    on_line: Callable[[str], None] = lambda _: None
    scrub: Callable[[str], str] = str
    timeout: float = 3600
    running: Running | None = None

    @cached_property
    def toolchain(self) -> Toolchain:
        """The binary and the provider mirror."""
        return Toolchain.find(self.project_root)

    def ready(self, backend_config: dict[str, Any]) -> None:
        """Initialises the module unless it was for just that before, by what `init` reads.

        Where a command fails afterwards, the next run initialises it again, whatever it was.

        Args:
            backend_config: settings of the backend.
        """
        wanted = fingerprint(self.folder, self.toolchain, backend_config)
        if not self._initialised.is_for(wanted):
            self.init(backend_config)
            self._initialised.write(wanted)

    def init(self, backend_config: dict[str, Any] | None = None) -> None:
        """Initialises the module; the lock file is not changed.

        Args:
            backend_config: settings of the backend, or None to leave the backend out.
        """
        self._initialised.forget()
        options: dict[str, Any] = {"input": False, "lockfile": "readonly"}
        if backend_config is None:
            options["backend"] = False
        else:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            settings = self.data_dir / "backend.tfvars.json"
            settings.write_text(json.dumps(backend_config), encoding="utf-8")
            options |= {"backend_config": str(settings), "reconfigure": FLAG}
        self._run("init", json=FLAG, **options)

    def plan(
        self, out: Path, variables: dict[str, str], *, lock: bool = True, targets: Sequence[str] = ()
    ) -> bool:
        """Plans into a file, which nobody else may read; whether anything would change.

        Args:
            out: the file. It holds secrets in plain text.
            variables: by name. They are seen in the list of processes: none may be a secret.
            lock: whether to hold the state's lock. Without it, a role that may only read can plan.
            targets: addresses to plan alone, with what they need.
        """
        out.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(out, os.O_CREAT | os.O_WRONLY, _PRIVATE))
        out.chmod(_PRIVATE)
        assignments = [f"{name}={value}" for name, value in variables.items()]
        options = {
            "json": FLAG,
            "input": False,
            "detailed_exitcode": FLAG,
            **({} if lock else {"lock": False}),
            **({"target": list(targets)} if targets else {}),
        }
        return self._run("plan", answers=(_DIFFERS,), out=str(out), var=assignments, **options) == _DIFFERS

    def apply(self, plan: Path) -> None:
        """Applies exactly the plan in a file."""
        self._run("apply", str(plan), json=FLAG, input=False, auto_approve=FLAG)

    def adopt(self, address: str, resource_id: str, variables: dict[str, str]) -> None:
        """Takes something that exists into the state."""
        assignments = [f"{name}={value}" for name, value in variables.items()]
        self._captured("import", address, resource_id, input=False, var=assignments)

    def show(self, plan: Path) -> Redacted:
        """What is in a plan's file, masked before it leaves this call."""
        return redact(json.loads(self._captured("show", str(plan), json=FLAG)[1]))

    def output(self) -> dict[str, Any]:
        """Values of the outputs by name, sensitive ones too."""
        outputs = json.loads(self._captured("output", json=FLAG)[1])
        return {name: output["value"] for name, output in outputs.items()}

    def validate(self) -> None:
        """Checks the module without contacting AWS."""
        self._run("validate")

    def test(self) -> str:
        """Runs the module's own tests; what they said."""
        return self._captured("test")[1]

    def fmt_check(self) -> str:
        """How the files under the folder differ from Terraform's format; empty when they do not."""
        options = {"check": FLAG, "recursive": FLAG, "diff": FLAG}
        code, diff = self._captured("fmt", answers=(_UNFORMATTED,), **options)
        return diff if code == _UNFORMATTED else ""

    def fmt(self) -> None:
        """Brings the files under the folder into Terraform's format."""
        self._captured("fmt", recursive=FLAG)

    def _run(self, command: str, *arguments: str, answers: tuple[int, ...] = (), **options: Any) -> int:
        """Runs a command; its messages and errors are taken from the lines that are JSON."""
        errors: list[str] = []
        other: list[str] = []
        take = lambda line: self._take(line, errors, other)  # noqa: E731
        code = self._each_line(take, command, arguments, options)
        if code not in (0, *answers):
            raise self._failed(command, code, errors or other[-_TAIL:])
        return code

    def _captured(
        self, command: str, *arguments: str, answers: tuple[int, ...] = (), **options: Any
    ) -> tuple[int, str]:
        """Runs a command for its exit code and its standard output."""
        lines: list[str] = []
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
            code = self._each_line(lines.append, command, arguments, options, stderr)
            if code not in (0, *answers):
                stderr.seek(0)
                words = [line.rstrip() for line in stderr] if command != "test" else lines
                raise self._failed(command, code, words[-_TAIL:])
        return code, "\n".join(lines)

    def _each_line(
        self,
        take: Callable[[str], None],
        command: str,
        arguments: tuple[str, ...],
        options: dict[str, Any],
        stderr: IO[str] | int = subprocess.STDOUT,
    ) -> int:
        words: list[str] = python_terraform.Terraform(
            terraform_bin_path=str(self.toolchain.terraform)
        ).generate_cmd_string(command, *arguments, no_color=FLAG, **options)
        started = lines_of(
            words,
            cwd=self.folder,
            env=self._environment(),
            timeout=self.timeout,
            stderr=stderr,
            running=self.running,
        )
        try:
            with started as (process, lines):
                for line in lines:
                    take(line.rstrip("\n"))
        except TimedOutError:
            raise LockgateError(
                f"terraform {command} in {self.folder} took longer than {self.timeout:.0f} s and was ended",
                hint="Run it again; a lock that stays behind is released with `terraform force-unlock`.",
            ) from None
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
        elif told := _told(entry):
            self.on_line(told)

    def _failed(self, command: str, code: int, words: list[str]) -> LockgateError:
        self._initialised.forget()
        text = self.scrub("\n".join(words).strip()) or f"exit code {code}, and it said nothing"
        where = f"terraform {command} in {self.folder.name}"
        if _LOCKED in text:
            return _locked(where, text, f"TF_DATA_DIR={self.data_dir} terraform -chdir={self.folder}")
        hint = next((hint for start, hint in _HINTS.items() if start in text), "Mend it, then run it again.")
        return LockgateError(f"{where}: {text}", hint=hint)

    @property
    def _initialised(self) -> Initialised:
        return Initialised(self.data_dir)

    def _environment(self) -> dict[str, str]:
        dropped = _NOT_INHERITED + (_CREDENTIALS if "AWS_ACCESS_KEY_ID" in self.environment else ())
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        own = {"TF_DATA_DIR": str(self.data_dir), **self.toolchain.environment()}
        return {**inherited, **own, **self.environment}


def _told(entry: dict[str, Any]) -> str | None:
    """A message in our words, with its names and numbers only; None where there is nothing to say."""
    kind = str(entry.get("type"))
    if kind == "change_summary":
        changes = entry["changes"]
        counts = ((changes[key], words) for key, words in _COUNTED.items())
        return f"{changes['operation']}: " + ", ".join(f"{number} {words}" for number, words in counts)
    if kind not in _TOLD:
        return None
    about = entry.get("change") or entry.get("hook") or {}
    return f"{about['resource']['addr']}: {_TOLD[kind].format(**{'elapsed_seconds': 0, **about})}"


def _locked(where: str, text: str, terraform: str) -> LockgateError:
    """Who holds the lock; Terraform's own words where it does not say.

    Args:
        terraform: how Terraform is called by hand for this state.
    """
    info = dict(_LOCK_INFO.findall(text))
    if "Who" not in info or "ID" not in info:
        return RefusedError(f"{where}: {text}", hint="Somebody else applies: wait, then run it again.")
    doing = info.get("Operation", "").removeprefix("OperationType").lower() or "something"
    return RefusedError(
        f"{where}: the state is locked by {info['Who']} since {info.get('Created', 'an unknown time')}, "
        f"for {doing} (lock {info['ID']})",
        hint=f"Wait for it. If that process is dead, release the lock: {terraform} force-unlock {info['ID']}",
    )


def _words(diagnostic: dict[str, Any]) -> str:
    place = diagnostic.get("range")
    where = f" ({place['filename']}:{place['start']['line']})" if place else ""
    address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    return f"{address}{diagnostic['summary']}{where}: {diagnostic.get('detail', '').strip()}".rstrip(": ")
