"""The workflows of GitHub Actions, step by step, on one embedded AWS with four accounts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.local.release_world import REGION, REPOSITORY, clean_environment
from tests.sarif import problems
from tests.workflows.runner import Event, Result, Runner, UsesCall
from tests.workflows.runner.doubles import noted, standard
from tests.workflows.runner.github import REPOSITORY as NAME
from tests.workflows.runner.github import TOKEN, State, github, guarded, review

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(900)]

NAMES = ("tooling", "dev", "staging", "prod")
ACCOUNTS = dict(zip(NAMES, ("5" * 12, "2" * 12, "3" * 12, "4" * 12), strict=True))
NEEDED = (
    *(".checkov-waivers.yaml", ".github", ".gitignore", "Makefile", "pyproject.toml"),
    *("requirements", "schemas", "scripts", "terraform"),
)
SERVICE = """\
kind: lambda
release: {interval_minutes: 120, bake_minutes: 0}
judge: observe
"""
"""Its first release goes out at once, and a canary lasts for longer than GitHub needs to end a step."""

JOURNAL = "terraform/stacks/tooling/journal.tf"
LOG_GROUP = """\
resource "aws_cloudwatch_log_group" "journal" {
  kms_key_id        = module.encryption_key.key_arn
  name              = "/lockgate/journal"
  retention_in_days = 365
}
"""
CODE = "def handler(event, context):\n    return 'version %d'\n"
GH = """\
#!/bin/sh
# Stands in for `gh attestation verify FILE ...`.
signed="--signer-workflow acme/lockgate/.github/workflows/release.yml --source-ref refs/heads/main"
case "$*" in "attestation verify "*"$signed"*) ;; *) echo "not by that workflow" >&2; exit 1 ;; esac
digest=$(sha256sum "$3" | cut -d ' ' -f 1)
grep -q "$digest" "$ATTESTED" || { echo "no attestations found" >&2; exit 1; }
"""


@dataclass
class World:
    """A repository on GitHub with its four accounts.

    Attributes:
        root: the repository.
        endpoint: of the embedded AWS.
        github: what is on GitHub.
        approved: environments for which somebody approves.
        asked: environments that were asked for since the last run began.
        last: the last release.
    """

    root: Path
    endpoint: str
    github: State
    runner: Runner
    approved: set[str] = field(default_factory=lambda: {*NAMES, "tooling-destroy"})
    asked: list[str] = field(default_factory=list)
    last: Result = field(init=False)

    def gate(self, environment: str, _job: str) -> bool:
        self.asked.append(environment)
        if environment not in self.approved:
            return False
        reviews = self.github.reviews.setdefault(self.runner.run_id, [])
        reviews.append(review(environment, comment="Ship it!"))
        return True

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str]) -> str:
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def release(self, cancel_when: Callable[[], object] | None = None) -> Result:
        """What is merged, on its way."""
        event = Event("push", {}, "refs/heads/main", self.git("rev-parse", "HEAD"))
        self.asked.clear()
        self.last = self.runner.run(".github/workflows/release.yml", event, cancel_when=cancel_when)
        return self.last

    def rerun(self, cancel_when: Callable[[], object] | None = None) -> Result:
        """The last release again, as far as it has not succeeded."""
        self.asked.clear()
        self.last = self.runner.rerun_failed(self.last, cancel_when)
        return self.last

    def pull_request(self, files: Mapping[str, str], *, repository: str = NAME) -> Result:
        """Opens one with these files, on a branch that is gone again afterwards."""
        base = self.git("rev-parse", "HEAD")
        self.git("switch", "--quiet", "--create", "change")
        try:
            head = self.commit(files)
            payload = {
                "pull_request": {
                    "number": 7,
                    "base": {"sha": base},
                    "head": {"sha": head, "repo": {"full_name": repository}},
                }
            }
            event = Event("pull_request", payload, "refs/pull/7/merge", head)
            # `make lint` and `make test` are what this test is a part of.
            return self.runner.run(
                ".github/workflows/pull-request.yml", event, taken_for_done=("Lint", "Test")
            )
        finally:
            self.git("switch", "--quiet", "main")
            self.git("branch", "--quiet", "--delete", "--force", "change")

    def client(self, service: str, environment: str) -> Any:
        session: Any = boto3.Session(ACCOUNTS[environment], "local", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)

    def released(self, environment: str) -> Any:
        """The last release there, as its ledger has it."""
        found = self.client("dynamodb", environment).query(
            TableName=f"lockgate-{environment}-ledger",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"releases#{environment}"}},
            ScanIndexForward=False,
            Limit=1,
        )
        return json.loads(found["Items"][0]["document"]["S"])

    def alias(self, environment: str) -> tuple[str, dict[str, float]]:
        """Version of the alias, and the shares of further ones."""
        found = self.client("lambda", environment).get_alias(
            FunctionName=f"lockgate-{environment}-orders", Name="live"
        )
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def journals(self) -> list[str]:
        """Names of the log groups that `LOG_GROUP` has made."""
        found = self.client("logs", "tooling").describe_log_groups(logGroupNamePrefix="/lockgate/journal")
        return [group["logGroupName"] for group in found["logGroups"]]

    def code(self, environment: str) -> str:
        """SHA-256 of the code that serves, as Lambda writes it."""
        found = self.client("lambda", environment).get_function_configuration(
            FunctionName=f"lockgate-{environment}-orders", Qualifier="live"
        )
        return str(found["CodeSha256"])


def prepare(workspace: Path) -> None:
    """This repository's environments stand in for those that `make setup` would make, which takes long."""
    folders = {"dev": ".venv", "checkov": ".venv-checkov"}
    stamps = "import json, sys, setup; print(json.dumps([setup.digest(what) for what in sys.argv[1:]]))"
    done = subprocess.run(
        ["python3", "-c", stamps, *folders],
        cwd=workspace / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    for folder, stamp in zip(folders.values(), json.loads(done.stdout), strict=True):
        (workspace / folder).mkdir()
        (workspace / folder / "bin").symlink_to(REPOSITORY / folder / "bin")
        (workspace / folder / "lockgate-stamp").write_text(stamp)


def platform(endpoint: str) -> str:
    declared = yaml.safe_load((REPOSITORY / "platform.yaml").read_text())
    here = {"endpoint_url": endpoint, "minute_seconds": 1}
    declared["tooling"] |= here
    for name in ("dev", "staging", "prod"):
        declared["environments"][name] |= {**here, "build_for": "host"}
    return yaml.safe_dump(declared, sort_keys=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Iterator[World]:
    subprocess.run([sys.executable, REPOSITORY / "scripts/setup.py", "checkov"], check=True)
    root, folder = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("runs")
    ignored = shutil.ignore_patterns(".terraform", "__pycache__")
    for name in NEEDED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copyfile(source, root / name)
    gh, attested = folder / "bin" / "gh", folder / "attested"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    attested.touch()
    env = clean_environment(PATH=f"{gh.parent}:{os.environ['PATH']}", ATTESTED=str(attested))
    env = {name: value for name, value in env.items() if not name.startswith(("GITHUB_", "GH_"))}

    def attest(call: UsesCall) -> Mapping[str, str]:
        given = standard(root)["actions/attest-build-provenance"](call)
        attested.write_text("".join(one["sha256"] for one in noted(call.run_folder, "attested.jsonl")))
        return given

    state = State(environments={name: guarded(name) for name in ACCOUNTS})
    state.environments |= {f"{name}-destroy": guarded(f"{name}-destroy") for name in ACCOUNTS}
    doubles = {**standard(root, prepare), "actions/attest-build-provenance": attest}
    with github(state) as url:
        runner = Runner(root, doubles, env, folder, url, TOKEN, repository=NAME)
        made = World(root, endpoint, state, runner)
        runner.gate = made.gate
        made.git("init", "--quiet", "--initial-branch", "main")
        made.git("config", "uploadpack.allowAnySHA1InWant", "true")
        files = {"lambdas/orders/service.yaml": SERVICE, "lambdas/orders/src/app.py": CODE % 1}
        made.commit({"platform.yaml": platform(endpoint), JOURNAL: LOG_GROUP, **files})
        lockgate = REPOSITORY / ".venv/bin/lockgate"
        subprocess.run([lockgate, "apply", "--stack", "tooling"], cwd=root, env=env, check=True)
        yield made


def roles(result: Result) -> set[tuple[str, str]]:
    """Jobs of a run with the roles that they have assumed."""
    return {(one["job"], one["role"]) for one in noted(result.folder, "roles.jsonl")}


def test_what_cannot_be_made_again_takes_an_approval_of_its_own(world: World) -> None:
    (world.root / JOURNAL).unlink()
    world.commit({})
    world.github.environments["tooling-destroy"] = guarded("tooling-destroy", reviewers=False)
    result = world.release()
    assert "1 would destroy what cannot be made again" in result.jobs["Plan tooling / Plan"].summary
    assert "aws_cloudwatch_log_group.journal" in result.jobs["Plan tooling / Plan"].summary
    assert result.jobs["tooling / Approve what is lost"].conclusion == "failure"
    assert "tooling-destroy: nobody has to approve" in result.jobs["tooling / Approve what is lost"].log

    world.github.environments["tooling-destroy"] = guarded("tooling-destroy")
    world.approved.remove("tooling-destroy")
    result = world.rerun()
    assert world.asked == ["tooling-destroy"]
    assert result.jobs["tooling / Approve what is lost"].conclusion == "failure"
    assert {job.conclusion for name, job in result.jobs.items() if name.endswith("Deploy")} == {"skipped"}
    assert world.journals() == ["/lockgate/journal"]

    world.approved = {"tooling", "tooling-destroy"}
    result = world.rerun()
    assert world.asked == ["tooling-destroy", "tooling", "dev"]
    assert result.jobs["tooling / Deploy"].conclusion == "success", result.log
    assert world.journals() == []
    assert result.jobs["dev / Deploy"].conclusion == "failure", "nobody has approved that yet"


def test_what_is_merged_comes_no_further_than_to_what_somebody_guards(world: World) -> None:
    world.approved = {*NAMES}
    world.github.environments["prod"] = guarded("prod", reviewers=False)
    result = world.rerun()
    assert result.jobs["staging / Deploy"].conclusion == "success", result.log
    assert result.jobs["prod / Deploy"].conclusion == "failure"
    assert "prod: nobody has to approve" in result.jobs["prod / Deploy"].log
    assert world.code("dev") == world.code("staging")
    assert ("prod / Deploy", "lockgate-prod-deploy") not in roles(result)


def test_the_same_bytes_come_to_prod_after_an_approval(world: World) -> None:
    world.github.environments["prod"] = guarded("prod")
    result = world.rerun()
    assert result.conclusion == "success", result.log
    assert world.asked == ["prod"], "what has succeeded is not run again"
    assert len({world.code(name) for name in ("dev", "staging", "prod")}) == 1
    assert {
        ("Build", "lockgate-tooling-build"),
        ("Plan prod / Plan", "lockgate-prod-plan"),
        ("prod / Deploy", "lockgate-prod-deploy"),
    } <= roles(result)
    assert "Plan for prod" in result.jobs["Plan prod / Plan"].summary
    given = {"by": "grace", "comment": "Ship it!"}
    assert world.released("staging")["approvals"]["given"] == [given]
    assert world.released("prod")["approvals"]["given"] == [given], "once, however many attempts there were"
    plans = world.client("s3", "prod").list_objects_v2(
        Bucket=f"lockgate-prod-state-{ACCOUNTS['prod']}-{REGION}", Prefix="plans/"
    )
    assert plans["KeyCount"] == 0, "it was applied, and is gone"


def test_a_release_that_is_cancelled_in_its_canary_is_rolled_back(world: World) -> None:
    """Signals do not reach it, and then it is killed. One that lives on hears of it by the ledger, which
    test_release has."""
    world.commit({"lambdas/orders/src/app.py": CODE % 2})
    world.runner.cancellation.tree = True
    result = world.release(cancel_when=lambda: world.alias("dev")[1])
    assert result.conclusion == "cancelled", result.log
    assert result.jobs["tooling"].conclusion == "skipped", "nothing of it changes"
    job = result.jobs["dev / Deploy"]
    outcomes = {step.name: step.outcome for step in job.steps}
    assert (job.conclusion, outcomes["Release"]) == ("cancelled", "cancelled"), job.log
    assert outcomes["Roll back what was cancelled"] == "success", job.log
    assert world.asked == ["dev"]
    later = {one.conclusion for name, one in result.jobs.items() if "staging" in name or "prod" in name}
    assert later == {"skipped"}
    released = world.released("dev")
    assert released["status"] == "rolled_back"
    assert released["stop_reason"] == "roll-back asked for by ada (GitHub)"
    assert world.alias("dev") == (released["deployments"]["orders"]["from_version"], {})
    assert world.code("dev") == world.code("prod")


PLANTED = "PLANTED-5e11"
BUCKET = f"""
variable "planted" {{
  sensitive = true
  default   = "{PLANTED}-variable"
}}

resource "aws_ssm_parameter" "planted" {{
  name  = "/planted"
  type  = "SecureString"
  value = "{PLANTED}-parameter"
}}

resource "aws_ssm_parameter" "copied" {{
  name           = "/copied"
  type           = "String"
  insecure_value = var.planted
}}

resource "aws_s3_bucket" "open" {{
  bucket = "open"
}}

resource "aws_s3_bucket_acl" "open" {{
  bucket = aws_s3_bucket.open.id
  acl    = "public-read"
}}
"""


def test_a_good_pull_request_gets_one_comment_and_ends_green(world: World) -> None:
    """It says something to prod alone, so that prod alone is planned."""
    override = "overrides: {prod: {memory_mb: 512}}\n"
    changed = {"lambdas/orders/service.yaml": SERVICE + override}
    result = world.pull_request(changed)
    assert {job.conclusion for job in result.jobs.values()} == {"success"}, result.log
    assert {name for name in result.jobs if name.startswith("Plan")} == {"Plan (prod) / Plan"}
    (comment,) = world.github.comments
    assert comment["issue"] == 7
    assert "# 1 of 1 plans would change something; checkov passed" in comment["body"]
    assert "+ memory_size = 512" in comment["body"]
    assert comment["body"].rstrip().endswith(result.jobs["Gate"].summary.rstrip())
    assert problems(json.loads((result.folder / "uploaded.sarif").read_text())) == []
    assert {role for _, role in roles(result)} == {"lockgate-prod-plan"}, "a pull request may only read"


def test_a_bad_pull_request_ends_red_with_what_is_wrong_in_the_comment(world: World) -> None:
    stack = world.root / "terraform/stacks/workload/main.tf"
    changed = stack.read_text() + BUCKET
    first = changed.splitlines().index('resource "aws_s3_bucket" "open" {') + 1
    result = world.pull_request({"terraform/stacks/workload/main.tf": changed})
    assert result.conclusion == "failure"
    assert result.jobs["Gate"].conclusion == "failure"
    (comment,) = world.github.comments
    assert "checkov failed" in comment["body"]
    assert f"| `terraform/stacks/workload/main.tf:{first}` | CKV_AWS_20 |" in comment["body"]
    for name in ("dev", "staging", "prod"):
        assert f"| {name} | 4 to create |" in comment["body"]
    kept = [path for part in ("artifacts", "uploaded.sarif") for path in _files(result.folder / part)]
    assert len(kept) == 3 * 4 + 1
    assert problems(json.loads((result.folder / "uploaded.sarif").read_text())) == []
    told = [path.read_text() for path in kept] + [job.summary for job in result.jobs.values()]
    assert PLANTED not in "".join([comment["body"], result.log, *told])


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]


def test_what_would_run_code_is_refused_before_there_are_credentials(world: World) -> None:
    module = world.root / "terraform/modules/notifications/main.tf"
    runs = 'data "external" "x" {\n  program = ["id"]\n}\n'
    result = world.pull_request({"terraform/modules/notifications/main.tf": f"{module.read_text()}\n{runs}"})
    assert result.jobs["Touched"].conclusion == "failure"
    assert "external" in result.jobs["Touched"].log
    assert roles(result) == set()
    assert result.jobs["Gate"].conclusion == "skipped"


def test_a_fork_gets_checks_without_credentials(world: World) -> None:
    before = [comment["body"] for comment in world.github.comments]
    changed = {"lambdas/orders/service.yaml": SERVICE + "memory_mb: 512\n"}
    result = world.pull_request(changed, repository="mallory/lockgate")
    assert result.jobs["Gate"].conclusion == "success", result.log
    assert roles(result) == set()
    assert [comment["body"] for comment in world.github.comments] == before


def test_what_somebody_has_changed_by_hand_gets_an_issue(world: World) -> None:
    functions = world.client("lambda", "prod")
    function = "lockgate-prod-orders"
    functions.update_function_configuration(FunctionName=function, MemorySize=1024)
    nightly = Event("schedule", {}, "refs/heads/main", world.git("rev-parse", "HEAD"))
    same = ("Drift (tooling)", "Drift (staging)")
    result = world.runner.run(".github/workflows/drift.yml", nightly, taken_for_done=same)
    assert result.conclusion == "success", result.log
    (issue,) = world.github.issues
    assert issue["title"] == "Drift in prod: 1 resource changed by hand"
    assert "| `memory_size` |" in issue["body"]
