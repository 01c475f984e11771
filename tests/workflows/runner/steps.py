"""One job's steps: shells with their environment files ("Workflow commands"), composite actions, doubles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.workflows.runner.expressions import Context, to_string
from tests.workflows.runner.processes import StepProcess, kill
from tests.workflows.runner.workflow import WorkflowError, read_action

SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
PATIENCE = 600.0
"""Seconds for one step, whatever the workflow allows."""

CANCELLED_PATIENCE = 300.0
"""Seconds for the steps of a cancelled run that still run ("Workflow cancellation reference")."""


class StepError(Exception):
    """A double's way to fail its step."""


class StepCancelledError(StepError):
    """The run was cancelled while a step was at work."""


@dataclass
class Cancellation:
    """Whether a run is cancelled, and how its steps end then.

    Attributes:
        asked: set by whoever cancels the run, at any time.
        tree: as `StepProcess.cancel` has it.
    """

    asked: threading.Event = field(default_factory=threading.Event)
    tree: bool = False


@dataclass(frozen=True)
class UsesCall:
    """What a double is told.

    Attributes:
        uses: the action, without its version.
        inputs: its `with`, evaluated.
        job: name of the job.
        environment: the job's environment of GitHub, if it has one.
        permissions: the scopes that the job has.
        workspace: the job's folder.
        run_folder: what all jobs of the run share.
        env: the job's environment; what a double puts there, later steps get.
    """

    uses: str
    inputs: Mapping[str, str]
    job: str
    environment: str | None
    permissions: Mapping[str, str]
    workspace: Path
    run_folder: Path
    env: dict[str, str]

    def need(self, scope: str, access: str) -> None:
        """Fails the step where the job has not this scope."""
        if self.permissions.get(scope) not in (access, "write"):
            raise StepError(f"{self.uses} needs the permission {scope}: {access}")


Double = Callable[[UsesCall], Mapping[str, str]]


@dataclass
class StepResult:
    """How a step went: `outcome` before, `conclusion` after continue-on-error."""

    name: str
    outcome: str = "skipped"
    conclusion: str = "skipped"
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class JobSteps:
    """The steps of one job while it runs."""

    name: str
    environment: str | None
    permissions: Mapping[str, str]
    workspace: Path
    run_folder: Path
    files: Path
    doubles: Mapping[str, Double]
    env: dict[str, str]
    values: dict[str, Any]
    cancellation: Cancellation
    left: list[psutil.Process] = field(default_factory=list)
    results: list[StepResult] = field(default_factory=list)
    summary: str = ""
    status: str = "success"

    def run_all(self, steps: list[dict[str, Any]]) -> None:
        """Runs steps in order; the values of `steps` and `env` grow."""
        for step in steps:
            self._run(step)

    def complete(self) -> None:
        """Kills what cancelled steps have left behind, as GitHub does once all steps are over."""
        kill(self.left)

    def _run(self, step: dict[str, Any]) -> None:
        if self.cancellation.asked.is_set():
            self.status = "cancelled"
        declared = {**self.values["env"], **{k: self._text(v) for k, v in step.get("env", {}).items()}}
        context = Context({**self.values, "env": {**self.env_seen(), **declared}}, self.status)
        result = StepResult(str(step.get("name") or step.get("id") or step.get("run") or step.get("uses")))
        self.results.append(result)
        if context.holds(step.get("if")):
            try:
                result.log, result.outputs = self._done(step, context, declared)
                result.outcome = result.conclusion = "success"
            except StepCancelledError as cancelled:
                result.log = str(cancelled)
                result.outcome = result.conclusion = self.status = "cancelled"
            except StepError as failure:
                result.log = str(failure)
                result.outcome = "failure"
                result.conclusion = (
                    "success" if context.evaluated(step.get("continue-on-error")) else "failure"
                )
        if result.conclusion == "failure" and self.status != "cancelled":
            self.status = "failure"
        if "id" in step:
            self.values["steps"][step["id"]] = {
                "outputs": result.outputs,
                "outcome": result.outcome,
                "conclusion": result.conclusion,
            }

    def env_seen(self) -> dict[str, str]:
        """What earlier steps have put into the environment, for the context `env`."""
        return dict(self.values.get("added", {}))

    def _text(self, template: Any) -> str:
        return Context(self.values, self.status).text(to_string(template))

    def _done(
        self, step: dict[str, Any], context: Context, declared: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        if "run" in step:
            return self._shell(step, context, declared)
        uses = step["uses"]
        inputs = {key: to_string(context.evaluated(value)) for key, value in step.get("with", {}).items()}
        if uses.startswith("./"):
            return self._composite(self.workspace / uses, inputs)
        action = uses.partition("@")[0]
        if action not in self.doubles:
            raise WorkflowError(f"{self.name}: there is no double of {action}")
        call = UsesCall(
            action,
            inputs,
            self.name,
            self.environment,
            self.permissions,
            self.workspace,
            self.run_folder,
            self.env,
        )
        return f"{action} {inputs}", dict(self.doubles[action](call))

    def _composite(self, folder: Path, inputs: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Its steps are steps of the job, with contexts of their own."""
        action = read_action(folder)
        defaults = {name: to_string(one.get("default")) for name, one in action.get("inputs", {}).items()}
        own = {**self.values, "inputs": {**defaults, **inputs}, "steps": {}}
        inner = JobSteps(
            **{key: value for key, value in vars(self).items() if key not in ("results", "summary", "status")}
        )
        inner.values = own
        inner.run_all(action["runs"]["steps"])
        self.summary += inner.summary
        log = "\n".join(f"{one.name}: {one.log}" for one in inner.results)
        if inner.status != "success":
            raise (StepCancelledError if inner.status == "cancelled" else StepError)(log)
        given = {name: Context(own).text(one["value"]) for name, one in action.get("outputs", {}).items()}
        return log, given

    def _shell(
        self, step: dict[str, Any], context: Context, declared: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        files = {
            name: self.files / name.lower()
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.write_text("")
        script = self.files / "step.sh"
        script.write_text(context.text(step["run"]))
        environment = {**self.env, **declared, **{name: str(path) for name, path in files.items()}}
        minutes = step.get("timeout-minutes")
        process = StepProcess.begin(
            [*SHELLS[step.get("shell")], str(script)],
            self.workspace / context.text(step.get("working-directory", ".")),
            environment,
        )
        # A step whose condition holds in a cancelled run too goes on.
        spared = Context(context.values, "cancelled").holds(step.get("if"))
        code, log = self._ended(process, 60 * float(minutes) if minutes else PATIENCE, spared=spared)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        added = pairs(files["GITHUB_ENV"].read_text())
        self.env.update(added)
        self.values.setdefault("added", {}).update(added)
        for line in files["GITHUB_PATH"].read_text().splitlines():
            self.env["PATH"] = f"{line}:{self.env['PATH']}"
        if code:
            raise StepError(f"{log}\nexit code {code}")
        return log, pairs(files["GITHUB_OUTPUT"].read_text())

    def _ended(self, process: StepProcess, seconds: float, *, spared: bool) -> tuple[int, str]:
        asked = self.cancellation.asked
        seconds = min(seconds, CANCELLED_PATIENCE if asked.is_set() else PATIENCE)
        if process.over_within(seconds, None if spared else asked):
            return process.shell.returncode, process.said
        if asked.is_set() and not spared:
            self.left += process.cancel(tree=self.cancellation.tree)
            raise StepCancelledError(f"{process.said}\ncancelled")
        process.kill_all()
        return 1, f"{process.said}\nended after {seconds:.0f} s"


def pairs(text: str) -> dict[str, str]:
    """What an environment file says: `name=value`, or `name<<END` with lines up to END."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if "<<" in line.partition("=")[0]:
            name, _, end = line.partition("<<")
            value: list[str] = []
            for more in lines:
                if more == end:
                    break
                value.append(more)
            found[name] = "\n".join(value)
        elif line:
            name, is_pair, text_of = line.partition("=")
            if not is_pair:
                raise StepError(f"an environment file has a line without a value: {line!r}")
            found[name] = text_of
    return found
