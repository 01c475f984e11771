"""The runner keeps the rules of GitHub Actions that the workflows rely on."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.workflows.runner import Cancellation, Event, Result, Runner, StepError, UsesCall, processes
from tests.workflows.runner.expressions import Context, ExpressionError
from tests.workflows.runner.workflow import WorkflowError

PUSH = Event("push", {}, "refs/heads/main", "0" * 40)


def run(tmp_path: Path, text: str, doubles: Mapping[str, Any] | None = None, **others: Any) -> Result:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for name, other in {"main.yml": text, **others.pop("files", {})}.items():
        (folder / name).write_text(textwrap.dedent(other))
    (tmp_path / "runs").mkdir(exist_ok=True)
    runner = Runner(tmp_path, doubles or {}, {"PATH": os.environ["PATH"]}, tmp_path / "runs", **others)
    return runner.run(".github/workflows/main.yml", PUSH)


def conclusions(result: Result) -> dict[str, str]:
    return {name: job.conclusion for name, job in result.jobs.items()}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a' == 'A'", True),
        ("1 == '1'", True),
        ("null == ''", True),
        ("'it''s'", "it's"),
        ("inputs.name != 'tooling' && inputs.name || ''", "prod"),
        ("!(1 < 2) || false", False),
        ("contains('Hello', 'ell') && startsWith('ab', 'A')", True),
        ("fromJSON('[1, 2]')[1]", 2),
        ("format('{0} of {1}', 1, 'two')", "1 of two"),
        ("join(fromJSON('[\"a\", \"b\"]'), '-')", "a-b"),
        ("inputs['name']", "prod"),
    ],
)
def test_expressions_mean_what_github_says(expression: str, value: Any) -> None:
    assert Context({"inputs": {"name": "prod"}}).value(expression) == value


@pytest.mark.parametrize(
    "expression", ["inputs.nmae", "nothing.at.all", "unknown('x')", "1 +", "'open", "inputs.name inputs.name"]
)
def test_what_is_not_there_is_an_error_not_an_empty_text(expression: str) -> None:
    with pytest.raises(ExpressionError):
        Context({"inputs": {"name": "prod"}}).value(expression)


def test_outputs_travel_through_steps_jobs_and_reusable_workflows(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        env: {GREETING: hello}
        jobs:
          called:
            permissions: {contents: read}
            uses: ./.github/workflows/_called.yml
            with: {name: prod}
          last:
            needs: called
            runs-on: x
            steps:
              - env: {SAID: "${{ needs.called.outputs.said }}"}
                run: |
                  test "$SAID" = "hello prod
                  twice"
                  echo "# done" >> "$GITHUB_STEP_SUMMARY"
        """,
        files={
            "_called.yml": """
            name: Called
            on:
              workflow_call:
                inputs: {name: {type: string, required: true}}
                outputs: {said: {value: "${{ jobs.one.outputs.said }}"}}
            permissions: {}
            env: {GREETING: hello}
            jobs:
              one:
                name: One
                runs-on: x
                permissions: {contents: read}
                outputs: {said: "${{ steps.say.outputs.said }}"}
                steps:
                  - run: echo "LATER=twice" >> "$GITHUB_ENV"
                  - id: say
                    run: |
                      printf 'said<<END\\n%s %s\\n%s\\nEND\\n' \\
                        "$GREETING" "${{ inputs.name }}" "$LATER" >> "$GITHUB_OUTPUT"
            """
        },
    )
    assert conclusions(result) == {"called / One": "success", "last": "success"}, result.log
    assert result.jobs["last"].summary == "# done\n"


def test_what_follows_a_failure_or_a_skipped_job_is_skipped_unless_it_says_otherwise(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          skipped: {if: false, runs-on: x, steps: [{run: "true"}]}
          after-skipped: {needs: skipped, runs-on: x, steps: [{run: "true"}]}
          although-skipped: {needs: skipped, if: "!failure()", runs-on: x, steps: [{run: "true"}]}
          failing:
            runs-on: x
            steps:
              - {id: bad, run: exit 3}
              - run: echo never
              - if: failure() && steps.bad.outcome == 'failure'
                run: echo here
          after-failing: {needs: failing, runs-on: x, steps: [{run: "true"}]}
          even-later: {needs: after-failing, if: "!failure()", runs-on: x, steps: [{run: "true"}]}
          always: {needs: after-failing, if: always(), runs-on: x, steps: [{run: "true"}]}
        """,
    )
    assert conclusions(result) == {
        "skipped": "skipped",
        "after-skipped": "skipped",
        "although-skipped": "success",
        "failing": "failure",
        "after-failing": "skipped",
        "even-later": "skipped",
        "always": "success",
    }
    assert [step.outcome for step in result.jobs["failing"].steps] == ["failure", "skipped", "success"]
    assert result.conclusion == "failure"


def test_a_matrix_of_an_output_and_an_environment_that_is_not_approved(tmp_path: Path) -> None:
    asked = []

    def gate(environment: str, job: str) -> bool:
        asked.append((environment, job))
        return environment != "prod"

    result = run(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          find:
            runs-on: x
            outputs: {names: "${{ steps.find.outputs.names }}"}
            steps:
              - id: find
                run: echo 'names=["dev", "prod"]' >> "$GITHUB_OUTPUT"
          each:
            name: Each (${{ matrix.name }})
            needs: find
            runs-on: x
            environment: ${{ matrix.name }}
            strategy: {fail-fast: false, matrix: {name: "${{ fromJSON(needs.find.outputs.names) }}"}}
            steps: [{run: "true"}]
        """,
        gate=gate,
    )
    assert conclusions(result) == {"find": "success", "Each (dev)": "success", "Each (prod)": "failure"}
    assert asked == [("dev", "Each (dev)"), ("prod", "Each (prod)")]


def test_permissions_reach_doubles_and_are_never_widened(tmp_path: Path) -> None:
    def signs(call: UsesCall) -> Mapping[str, str]:
        call.need("id-token", "write")
        return {"signed": "yes"}

    text = """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          one:
            permissions: {%s}
            runs-on: x
            steps:
              - {id: sign, uses: a/b@v1}
              - run: test "${{ steps.sign.outputs.signed }}" = yes
        """
    assert run(tmp_path, text % "id-token: write", {"a/b": signs}).conclusion == "success"
    assert run(tmp_path, text % "contents: read", {"a/b": signs}).conclusion == "failure"
    with pytest.raises(WorkflowError, match="no double of a/b"):
        run(tmp_path, text % "", {})
    called = """
        name: Called
        on: {workflow_call: {}}
        jobs: {one: {permissions: {id-token: write}, runs-on: x, steps: [{run: "true"}]}}
        """
    calls = """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs: {call: {permissions: {contents: read}, uses: ./.github/workflows/_called.yml}}
        """
    with pytest.raises(WorkflowError, match="does not give it id-token: write"):
        run(tmp_path, calls, files={"_called.yml": called})


def test_continue_on_error_and_a_step_that_hangs(tmp_path: Path) -> None:
    def fails(call: UsesCall) -> Mapping[str, str]:
        raise StepError(call.uses)

    result = run(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          one:
            runs-on: x
            steps:
              - {uses: a/b@v1, continue-on-error: true}
              - {run: sleep 60, timeout-minutes: 0.01}
        """,
        {"a/b": fails},
    )
    first, second = result.jobs["one"].steps
    assert (first.outcome, first.conclusion) == ("failure", "success")
    assert "ended after" in second.log


def test_jobs_of_a_matrix_run_side_by_side(tmp_path: Path) -> None:
    text = """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          each:
            name: Each ${{ matrix.name }}
            runs-on: x
            env: {NAME: "${{ matrix.name }}", FOLDER: %s}
            strategy: {%smatrix: {name: [1, 2]}}
            steps:
              - run: |
                  touch "$FOLDER/$NAME"
                  for i in $(seq 100); do test -f "$FOLDER/$((3 - NAME))" && exit; sleep 0.05; done
                  exit 1
        """
    result = run(tmp_path, text % (tmp_path, "fail-fast: false, "))
    assert conclusions(result) == {"Each 1": "success", "Each 2": "success"}, result.log
    with pytest.raises(WorkflowError, match="the first failure would cancel the others"):
        run(tmp_path, text % (tmp_path, ""))


def test_failed_jobs_are_run_again_with_what_depends_on_them_and_nothing_else(tmp_path: Path) -> None:
    text = """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          first:
            runs-on: x
            outputs: {once: "${{ steps.once.outputs.once }}"}
            steps:
              - id: once
                run: echo "once=$GITHUB_RUN_ATTEMPT" >> "$GITHUB_OUTPUT"
          skipped: {needs: first, if: false, runs-on: x, steps: [{run: "true"}]}
          called:
            needs: [first, skipped]
            if: ${{ !failure() }}
            uses: ./called.yml
            with: {once: "${{ needs.first.outputs.once }}"}
          last: {needs: called, runs-on: x, steps: [{run: 'test "$GITHUB_RUN_ATTEMPT" = 2'}]}
        """
    called = """
        name: Called
        on: {workflow_call: {inputs: {once: {type: string, required: true}}}}
        permissions: {}
        jobs:
          good: {name: Good, runs-on: x, steps: [{run: 'echo "attempt $GITHUB_RUN_ATTEMPT"'}]}
          bad:
            name: Bad
            runs-on: x
            env: {ONCE: "${{ inputs.once }}"}
            steps: [{run: 'echo "$ONCE of $GITHUB_RUN_ATTEMPT"; test "$GITHUB_RUN_ATTEMPT" = 2'}]
        """
    for name, one in {"main.yml": text, "called.yml": called}.items():
        (tmp_path / name).write_text(textwrap.dedent(one))
    (tmp_path / "runs").mkdir()
    runner = Runner(tmp_path, {}, {"PATH": os.environ["PATH"]}, tmp_path / "runs")
    before = runner.run("main.yml", PUSH)
    assert conclusions(before) == {
        "first": "success",
        "skipped": "skipped",
        "called / Good": "success",
        "called / Bad": "failure",
        "last": "skipped",
    }
    result = runner.rerun_failed(before)
    assert (result.run_id, result.attempt) == (before.run_id, 2)
    assert set(conclusions(result).values()) == {"success", "skipped"}
    assert conclusions(result)["last"] == "success"
    assert "attempt 1" in result.jobs["called / Good"].log
    assert "1 of 2" in result.jobs["called / Bad"].log
    assert runner.rerun_failed(result).jobs == result.jobs


CANCELLED = """
    name: Main
    on: {push: {}}
    permissions: {}
    jobs:
      one:
        runs-on: x
        steps:
          - id: long
            run: python3 "$HEARS"
          - {name: usual, run: "true"}
          - name: undone
            if: cancelled() && steps.long.outcome == 'cancelled'
            run: wc -c < "$HEARD"; wc -c < "$ALIVE"; sleep 0.3; wc -c < "$ALIVE"
      usual: {needs: one, runs-on: x, steps: [{run: "true"}]}
      although-skipped: {needs: usual, if: "!failure() && !cancelled()", runs-on: x, steps: [{run: "true"}]}
      always: {needs: one, if: always(), runs-on: x, steps: [{if: always(), run: "true"}]}
    """
HEARS = """
import os, signal, time
heard, alive = (open(os.environ[name], "ab", buffering=0) for name in ("HEARD", "ALIVE"))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: heard.write(b"x"))
while True:
    alive.write(b"x")
    time.sleep(0.02)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are ended ten times as fast."""
    for name in ("INTERRUPTED", "TERMINATED", "UNHEARD"):
        monkeypatch.setattr(processes, name, getattr(processes, name) / 10)


def cancelled(tmp_path: Path, text: str, started: Path, **others: Any) -> Result:
    """A run that is cancelled as soon as there is something in a file."""

    (tmp_path / "runs").mkdir()
    (tmp_path / "main.yml").write_text(textwrap.dedent(text))
    env = {"PATH": os.environ["PATH"], **others.pop("env", {})}
    runner = Runner(tmp_path, {}, env, tmp_path / "runs", **others)
    return runner.run("main.yml", PUSH, cancel_when=lambda: started.exists() and started.stat().st_size)


@pytest.mark.parametrize("tree", [False, True])
def test_signals_of_a_cancelled_run_go_to_the_shell_alone(tmp_path: Path, quick: None, tree: bool) -> None:
    files = {name: tmp_path / name for name in ("HEARS", "HEARD", "ALIVE")}
    files["HEARS"].write_text(HEARS)
    env = {name: str(path) for name, path in files.items()}
    result = cancelled(tmp_path, CANCELLED, files["ALIVE"], env=env, cancellation=Cancellation(tree=tree))
    assert conclusions(result) == {
        "one": "cancelled",
        "usual": "skipped",
        "although-skipped": "skipped",
        "always": "success",
    }
    assert result.conclusion == "cancelled"
    steps = {step.name: step for step in result.jobs["one"].steps}
    assert [step.conclusion for step in steps.values()] == ["cancelled", "skipped", "success"]
    heard, before, after = map(int, steps["undone"].log.split())
    assert heard == 0
    assert (before < after) != tree, "it is at work until the job is over, or gone before the next step"
    left = files["ALIVE"].stat().st_size
    time.sleep(0.1)
    assert files["ALIVE"].stat().st_size == left, "what is left goes with the job"


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_shell_may_end_by_itself_and_is_cancelled_all_the_same(tmp_path: Path, quick: None) -> None:
    started = tmp_path / "started"
    result = cancelled(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          one:
            runs-on: x
            steps:
              - run: |
                  trap 'echo tidied up; exit 0' INT
                  sleep 60 &
                  echo $! > "$STARTED"
                  while true; do sleep 0.05; done
              - {if: always(), run: echo still here}
        """,
        started,
        env={"STARTED": str(started)},
    )
    first, last = result.jobs["one"].steps
    assert (first.outcome, last.outcome) == ("cancelled", "success")
    assert "tidied up" in first.log
    assert not runs(int(started.read_text())), "what is left goes with the job"


def test_what_is_to_run_in_any_case_is_not_interrupted(tmp_path: Path, quick: None) -> None:
    started = tmp_path / "started"
    result = cancelled(
        tmp_path,
        """
        name: Main
        on: {push: {}}
        permissions: {}
        jobs:
          one:
            runs-on: x
            steps:
              - {if: always(), run: echo x > "$STARTED"; sleep 0.5; echo done}
              - run: "true"
        """,
        started,
        env={"STARTED": str(started)},
    )
    first, last = result.jobs["one"].steps
    assert (first.outcome, first.log, last.outcome) == ("success", "done\n", "skipped")
    assert result.jobs["one"].conclusion == "cancelled"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: M\non: {push: {}}\njobs: {a: {runs-on: x, step: []}}", "step is no key"),
        ("name: M\non: {push: {}}\njobs: {a: {runs-on: x, needs: b, steps: []}}", "needs b"),
        ("name: M\non: {pull_request: {}}\njobs: {}", "not for push"),
    ],
)
def test_what_github_would_refuse_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WorkflowError, match=said):
        run(tmp_path, text)
