"""Jobs: their order, conditions, matrices, environments and reusable workflows."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.workflows.runner.expressions import Context, to_string
from tests.workflows.runner.steps import Cancellation, Double, JobSteps, StepResult
from tests.workflows.runner.workflow import WorkflowError, in_order, matrix, needs, read

AT_ONCE = 2
"""Jobs of a matrix that run side by side: two plans take two cores and 3 GB."""

RANK = {"none": 0, "read": 1, "write": 2}


@dataclass(frozen=True)
class Event:
    """What has happened on GitHub."""

    name: str
    payload: Mapping[str, Any]
    ref: str
    sha: str
    actor: str = "ada"
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class JobResult:
    """How a job ended."""

    name: str
    conclusion: str
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[StepResult] = field(default_factory=list)
    summary: str = ""

    @property
    def log(self) -> str:
        """What all steps said."""
        return "\n".join(f"## {step.name}: {step.outcome}\n{step.log}" for step in self.steps)


@dataclass(frozen=True)
class Ended:
    """A job of a workflow that has ended: what others see of it, and the jobs that GitHub shows for it."""

    values: dict[str, Any]
    jobs: dict[str, JobResult]


@dataclass
class Result:
    """How an attempt of a run ended.

    Attributes:
        workflow: path of its file.
        event: what it ran for.
        run_id: what all attempts have in common.
        folder: what the jobs of the run shared: artifacts, what doubles have written.
        attempt: its number.
        jobs: by name, as GitHub shows them; those of a reusable workflow as `caller / name`.
        ended: by id, behind the name of the caller where a reusable workflow has it.
    """

    workflow: str
    event: Event
    run_id: str
    folder: Path
    attempt: int = 1
    jobs: dict[str, JobResult] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)

    @property
    def conclusion(self) -> str:
        """`cancelled` where a job was, `failure` where one failed, else `success`."""
        return _worst(job.conclusion for job in self.jobs.values())

    @property
    def log(self) -> str:
        """What all jobs said."""
        return "\n".join(f"# {job.name}: {job.conclusion}\n{job.log}" for job in self.jobs.values())


@dataclass
class Runner:
    """A repository's workflows.

    Args:
        root: the repository.
        doubles: for other people's actions, by name.
        env: what each step's environment begins with.
        api_url: of GitHub's double.
        token: that it takes.
        gate: says whether somebody approves a job of an environment; asked with both names.
        folder: where jobs get their workspaces.
        repository: its name on GitHub.
    """

    root: Path
    doubles: Mapping[str, Double]
    env: Mapping[str, str]
    folder: Path
    api_url: str = "http://127.0.0.1:9"
    token: str = "token"
    gate: Callable[[str, str], bool] = lambda environment, job: True  # noqa: ARG005
    repository: str = "acme/lockgate"
    cancellation: Cancellation = field(default_factory=Cancellation)
    run_id: str = "1000"
    taken_for_done: Collection[str] = ()

    def run(
        self,
        workflow: str,
        event: Event,
        taken_for_done: Collection[str] = (),
        cancel_when: Callable[[], object] | None = None,
    ) -> Result:
        """Runs a workflow to its end.

        Args:
            workflow: path of its file.
            event: what has happened.
            taken_for_done: names of jobs, as GitHub shows them, that count as succeeded without being run.
            cancel_when: asked again and again; when it says so, the run is cancelled as by a person.

        Raises:
            WorkflowError: GitHub would refuse it, or the runner does not understand it.
            ExpressionError: an expression names what is not there.
        """
        self.run_id = str(int(self.run_id) + 1)
        folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=f"run-{self.run_id}-"))
        data = read(self.root / workflow)
        if event.name not in data["on"]:
            raise WorkflowError(f"{workflow} is not for {event.name}")
        self.taken_for_done = taken_for_done
        return self._attempt(data, Result(workflow, event, self.run_id, folder), None, cancel_when)

    def rerun_failed(self, before: Result, cancel_when: Callable[[], object] | None = None) -> Result:
        """Runs the jobs of a run again that have not succeeded, and those that need them, as "Re-run failed
        jobs" does; what the others have given stays ("Re-running workflows and jobs")."""
        self.run_id = before.run_id
        self.taken_for_done = ()
        result = replace(before, attempt=before.attempt + 1, jobs={}, ended={})
        return self._attempt(read(self.root / before.workflow), result, before, cancel_when)

    def _attempt(
        self,
        data: dict[str, Any],
        result: Result,
        before: Result | None,
        cancel_when: Callable[[], object] | None,
    ) -> Result:
        self.cancellation.asked.clear()
        event = result.event
        values = {"github": self._github(result, data["name"]), "inputs": dict(event.inputs)}
        started = _Workflow(self, data, values, result, None, "", before)
        with self._cancelled(cancel_when or (lambda: False)):
            started.run()
        return result

    @contextmanager
    def _cancelled(self, when: Callable[[], object]) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                if when():
                    self.cancellation.asked.set()
                    return

        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                yield
            finally:
                over.set()
            watching.result()

    def _github(self, result: Result, workflow: str) -> dict[str, Any]:
        event = result.event
        payload = dict(event.payload)
        return {
            "event": payload,
            "event_name": event.name,
            "ref": event.ref,
            "ref_name": event.ref.removeprefix("refs/heads/"),
            "sha": event.sha,
            "actor": event.actor,
            "repository": self.repository,
            "run_id": result.run_id,
            "run_attempt": str(result.attempt),
            "token": self.token,
            "api_url": self.api_url,
            "server_url": "https://github.com",
            "workflow": workflow,
            "base_ref": "main" if event.name == "pull_request" else "",
        }


@dataclass
class _Workflow:
    """One workflow of a run: the one that was started, or one that a job calls."""

    runner: Runner
    data: dict[str, Any]
    values: dict[str, Any]
    result: Result
    permitted: Mapping[str, str] | None
    prefix: str
    before: Result | None
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def run(self) -> None:
        for name in in_order(self.data["jobs"]):
            job = self.data["jobs"][name]
            ended = self._kept(name, job)
            if ended is None:
                known = set(self.result.jobs)
                self._run(name, job)
                ended = Ended(self.done[name], self._shown_since(known))
            else:
                self.kept.add(name)
                self.done[name] = ended.values
                self.result.jobs.update(ended.jobs)
            self.result.ended[self.prefix + name] = ended

    def _shown_since(self, known: set[str]) -> dict[str, JobResult]:
        # Other combinations of the caller's matrix add theirs at the same time.
        shown = list(self.result.jobs.items())
        return {name: one for name, one in shown if name not in known and name.startswith(self.prefix)}

    def _before(self, job: dict[str, Any]) -> Result | None:
        """The attempt before, as far as nothing that a job needs is run again."""
        return self.before if set(needs(job)) <= self.kept else None

    def _kept(self, name: str, job: dict[str, Any]) -> Ended | None:
        """How a job ended in the attempt before, unless it is run again."""
        before = self._before(job)
        ended = before.ended.get(self.prefix + name) if before else None
        return ended if ended and ended.values["result"] in ("success", "skipped") else None

    def _run(self, name: str, job: dict[str, Any]) -> None:
        before = {need: self.done[need] for need in needs(job)}
        failed = any(need in self.failed for need in before)
        results = {one["result"] for one in before.values()}
        status = "failure" if failed else "skipped" if "skipped" in results else "success"
        if self.runner.cancellation.asked.is_set():
            status = "cancelled"
        context = Context({**self.values, "needs": before}, status)
        # A job after a skipped one is skipped too, unless its condition has a function of status.
        if context.holds(job.get("if")):
            outcome, outputs = self._combinations(name, job, Context(context.values))
        else:
            outcome, outputs = "skipped", {}
            self.result.jobs[self._named(name, job, context)] = JobResult(name, "skipped")
        if outcome == "failure" or (failed and outcome == "skipped"):
            self.failed.add(name)
        nothing = dict.fromkeys(self._outputs_of(job), "")
        self.done[name] = {"result": outcome, "outputs": {**nothing, **outputs}}

    def _outputs_of(self, job: dict[str, Any]) -> list[str]:
        if "uses" not in job:
            return list(job.get("outputs", {}))
        call = read(self.runner.root / job["uses"])["on"]["workflow_call"] or {}
        return list(call.get("outputs", {}))

    def _combinations(self, name: str, job: dict[str, Any], context: Context) -> tuple[str, dict[str, str]]:
        strategy = context.evaluated(job.get("strategy", {}))
        combinations = matrix(strategy)
        if len(combinations) > 1 and strategy.get("fail-fast", True):
            raise WorkflowError(f"{self.prefix}{name}: the first failure would cancel the others")
        outcomes, outputs = set[str](), dict[str, str]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            run = lambda combination: self._one(name, job, context, combination)  # noqa: E731
            for outcome, given in pool.map(run, combinations):
                outcomes.add(outcome)
                outputs.update(given)
        return _worst(outcomes), outputs

    def _one(
        self, name: str, job: dict[str, Any], context: Context, combination: Mapping[str, Any]
    ) -> tuple[str, dict[str, str]]:
        own = Context({**context.values, "matrix": combination})
        shown = self._named(name, job, own, combination)
        if "uses" in job:
            return self._called(shown, job, own)
        done = shown in self.runner.taken_for_done
        ran = JobResult(shown, "success") if done else self._steps(shown, job, own)
        self.result.jobs[shown] = ran
        return ran.conclusion, ran.outputs

    def _named(
        self, name: str, job: dict[str, Any], context: Context, combination: Mapping[str, Any] | None = None
    ) -> str:
        if combination is None and "matrix." in str(job.get("name")):
            return f"{self.prefix}{name}"
        return f"{self.prefix}{context.text(job.get('name', name))}"

    def _permissions(self, job: dict[str, Any]) -> dict[str, str]:
        wanted: dict[str, str] = job.get("permissions", self.data.get("permissions", {}))
        for scope, access in wanted.items():
            if self.permitted is not None and RANK[access] > RANK[self.permitted.get(scope, "none")]:
                raise WorkflowError(f"{self.prefix}: its caller does not give it {scope}: {access}")
        return wanted

    def _called(self, shown: str, job: dict[str, Any], context: Context) -> tuple[str, dict[str, str]]:
        data = read(self.runner.root / job["uses"])
        call = data["on"]["workflow_call"] or {}
        inputs = _inputs(job["uses"], call.get("inputs", {}), context.evaluated(job.get("with", {})))
        values = {"github": self.values["github"], "inputs": inputs}
        permitted, before = self._permissions(job), self._before(job)
        inner = _Workflow(self.runner, data, values, self.result, permitted, f"{shown} / ", before)
        inner.run()
        results = {one["result"] for one in inner.done.values()}
        outcome = "failure" if inner.failed else _worst(results)
        given = {}
        if outcome == "success":
            context = Context({**values, "jobs": inner.done})
            given = {name: context.text(one["value"]) for name, one in call.get("outputs", {}).items()}
        return outcome, given

    def _steps(self, shown: str, job: dict[str, Any], context: Context) -> JobResult:
        environment = job.get("environment")
        named = environment["name"] if isinstance(environment, Mapping) else environment
        environment = context.text(named) if named else None
        permissions = self._permissions(job)
        if environment is not None and not self.runner.gate(environment, shown):
            return JobResult(shown, "failure")
        steps = self._begun(shown, job, context, environment, permissions)
        steps.run_all(job["steps"])
        steps.complete()
        outputs = {}
        if steps.status == "success":
            outputs = {name: Context(steps.values).text(v) for name, v in job.get("outputs", {}).items()}
        return JobResult(shown, steps.status, outputs, steps.results, steps.summary)

    def _begun(
        self,
        shown: str,
        job: dict[str, Any],
        context: Context,
        environment: str | None,
        permissions: Mapping[str, str],
    ) -> JobSteps:
        folder = Path(tempfile.mkdtemp(dir=self.result.folder, prefix="job-"))
        workspace, files = folder / "workspace", folder / "files"
        workspace.mkdir()
        files.mkdir()
        declared = {**self.data.get("env", {}), **job.get("env", {})}
        env = {name: context.text(to_string(value)) for name, value in declared.items()}
        event = files / "event.json"
        github = context.values["github"]
        event.write_text(json.dumps(github["event"]))
        values = {
            **context.values,
            "env": env,
            "steps": {},
            "job": {"status": "success"},
            "runner": {"temp": str(files), "os": "Linux"},
        }
        return JobSteps(
            shown,
            environment,
            permissions,
            workspace,
            self.result.folder,
            files,
            self.runner.doubles,
            {**self.runner.env, **_variables(github, workspace, event, files), **env},
            values,
            self._cancellation_of(job, context),
        )

    def _cancellation_of(self, job: dict[str, Any], context: Context) -> Cancellation:
        """A job whose condition holds in a cancelled run too is none of those that are cancelled."""
        spared = "if" in job and Context(context.values, "cancelled").holds(job["if"])
        return Cancellation() if spared else self.runner.cancellation


def _worst(conclusions: Iterable[str]) -> str:
    found = set(conclusions)
    return next((one for one in ("cancelled", "failure", "success") if one in found), "skipped")


def _variables(github: Mapping[str, Any], workspace: Path, event: Path, files: Path) -> dict[str, str]:
    """The default environment variables ("Variables reference")."""
    named = (
        "actor",
        "api_url",
        "ref",
        "ref_name",
        "repository",
        "run_attempt",
        "run_id",
        "server_url",
        "sha",
    )
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": github["event_name"],
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(files),
        **{f"GITHUB_{name.upper()}": to_string(github[name]) for name in named},
    }


def _inputs(uses: str, declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(declared):
        raise WorkflowError(f"{uses}: it has no input {', '.join(sorted(unknown))}")
    found = {}
    for name, one in declared.items():
        if one.get("required") and name not in given:
            raise WorkflowError(f"{uses}: {name} is missing")
        value = given.get(name, one.get("default", ""))
        wanted = {"string": str, "boolean": bool, "number": (int, float)}[one["type"]]
        if not isinstance(value, wanted):
            raise WorkflowError(f"{uses}: {name} is no {one['type']}: {value!r}")
        found[name] = value
    return found
