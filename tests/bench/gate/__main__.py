"""Prints the tables of the gate in docs/figures.md and in README.md here; see there."""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import yaml

from lockgate.aws import Aws
from lockgate.config import TOOLING, Project
from lockgate.plans.stack import Stack, root_of
from lockgate.plans.toolchain import GARBAGE_PERCENT, Toolchain
from tests.local.codedeploy_world import served

ROOT = Path(__file__).parents[3]
LOCKGATE = ROOT / ".venv/bin/lockgate"
CHECKOV = ROOT / ".venv-checkov/bin/checkov"
COPIED = (
    ".checkov-waivers.yaml",
    ".github",
    ".gitignore",
    "Makefile",
    "requirements",
    "schemas",
    "terraform",
)
SERVICE = "kind: lambda\n"
CODE = "def handler(event, context):\n    return {}\n"


@dataclass(frozen=True)
class Repository:
    """A repository with four accounts on one embedded AWS.

    Args:
        root: its folder.
    """

    root: Path

    @classmethod
    def make(cls, root: Path, endpoint: str, functions: int) -> Repository:
        """Copies what a gate reads; functions are declared, and never built. Each stack was planned there
        before."""
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, root / name)
        for folder in (".venv", ".venv-checkov"):
            (root / folder).mkdir()
            for part in (ROOT / folder).iterdir():
                (root / folder / part.name).symlink_to(part)
        platform = yaml.safe_load((ROOT / "platform.yaml").read_text())
        here = {"endpoint_url": endpoint, "minute_seconds": 1}
        del platform["environments"]["local"]
        for account in (platform["tooling"], *platform["environments"].values()):
            account |= here
        (root / "platform.yaml").write_text(yaml.safe_dump(platform, sort_keys=False))
        for number in range(functions):
            folder = root / "lambdas" / f"function-{number:02}"
            (folder / "src").mkdir(parents=True)
            (folder / "service.yaml").write_text(SERVICE)
            (folder / "src" / "app.py").write_text(CODE)
        made = cls(root)
        made.run("git", "init", "--quiet")
        made.commit()
        made.run(str(LOCKGATE), "plan", "--stack", TOOLING)
        made.run(str(LOCKGATE), "apply", "--stack", TOOLING)
        for name in platform["environments"]:
            made.run(str(LOCKGATE), "plan", "--env", name)
        return made

    def run(self, *command: str, expect: tuple[int, ...] = (0,), **env: str) -> str:
        """Runs a command to its end; what it said.

        Raises:
            RuntimeError: it ended with another code.
        """
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
        if done.returncode not in expect:
            raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def commit(self) -> None:
        """Commits what is there."""
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        self.run("git", "add", "--all")
        self.run("git", *who, "commit", "--quiet", "--message", "Change")


def lockgate(repository: Repository) -> None:
    """The gate of a change that is not committed yet."""
    repository.run(str(LOCKGATE), "review", "--since", "HEAD", "--plan")


@dataclass(frozen=True)
class Script:
    """Terraform for one stack, as a script calls it.

    Args:
        repository: where it runs.
        folder: for what it leaves.
        name: of the stack.
        more: further environment variables.
    """

    repository: Repository
    folder: Path
    name: str
    more: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def stack(self) -> Stack:
        """Its settings, and a state bucket that is there."""
        project = Project(self.repository.root)
        account, region = project.platform.account_of(self.name), project.platform.region_of(self.name)
        stack = Stack(project, self.name, Aws.connect(account, region))
        stack.check_state_bucket()
        return stack

    @property
    def shown(self) -> Path:
        """The plan as JSON."""
        return self.folder / f"{self.name}.json"

    def init(self) -> None:
        """`terraform init`."""
        settings = self.folder / f"{self.name}.tfbackend"
        settings.write_text(_backend(self.stack))
        self._run("init", "-input=false", f"-backend-config={settings}")

    def plan(self) -> None:
        """`terraform plan`."""
        variables = [f"-var={key}={value}" for key, value in self.stack.variables.items()]
        self._run("plan", "-input=false", "-lock=false", f"-out={self._planned}", *variables)

    def show(self) -> None:
        """`terraform show -json`."""
        self.shown.write_text(self._run("show", "-json", str(self._planned)))

    @property
    def _planned(self) -> Path:
        return self.folder / f"{self.name}.tfplan"

    def _run(self, *arguments: str) -> str:
        project = self.stack.project
        terraform = Toolchain.find(project.root)
        env = {
            "AWS_ACCESS_KEY_ID": project.platform.account_of(self.name).account_id,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": project.platform.region_of(self.name),
            "TF_DATA_DIR": str(self.folder / self.name),
            **({"TF_CLI_CONFIG_FILE": str(terraform.config)} if terraform.config else {}),
            **self.more,
        }
        at = (str(terraform.terraform), f"-chdir={root_of(self.name)}")
        return self.repository.run(*at, *arguments, **env)


def _folder_of(repository: Repository) -> Path:
    """An empty folder for what a script leaves."""
    folder = repository.root / ".build" / "naive"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def naive(repository: Repository) -> None:
    """The gate of a script that plans everything, one after the other."""
    folder = _folder_of(repository)
    checkov = (str(CHECKOV), "--quiet", "--compact", "--skip-download", "--output", "json")
    policies = ("--external-checks-dir", str(repository.root / "terraform" / "policies"))
    for name in [TOOLING, *Project(repository.root).platform.environments]:
        script = Script(repository, folder, name)
        script.init()
        script.plan()
        script.show()
        repository.run(*checkov, *policies, "--file", str(script.shown), expect=(0, 1))
    frameworks = ("--framework", "terraform", "github_actions", "dockerfile", "secrets")
    left = ("--skip-path", ".build", "--skip-path", ".lockgate")
    everywhere = ("--directory", ".", "--enable-secret-scan-all-files", *left)
    repository.run(*checkov, *policies, *everywhere, *frameworks, expect=(0, 1))


def _backend(stack: Stack) -> str:
    lines = []
    for key, value in stack._backend().items():
        if isinstance(value, dict):
            inner = ", ".join(f'{name} = "{text}"' for name, text in value.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {str(value).lower()}" if isinstance(value, bool) else f'{key} = "{value}"')
    return "\n".join(lines) + "\n"


def _full(root: Path) -> None:
    path = root / "terraform/modules/lambda-service/main.tf"
    path.write_text(path.read_text() + "\n# touched\n")
    other = root / "terraform/stacks/tooling/main.tf"
    other.write_text(other.read_text() + "\n# touched\n")


def _narrow(root: Path) -> None:
    path = root / "lambdas/function-00/service.yaml"
    path.write_text(SERVICE + "overrides: {prod: {memory_mb: 512}}\n")


@dataclass(frozen=True)
class Cost:
    """What a gate took.

    Attributes:
        wall: seconds until its end.
        processor: seconds of all its processes; the embedded AWS is none of them.
    """

    wall: float
    processor: float

    @classmethod
    def of(cls, work: Callable[[], None]) -> Cost:
        """Does something once."""
        begun, before = time.perf_counter(), _processor_seconds()
        work()
        return cls(time.perf_counter() - begun, _processor_seconds() - before)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def of_one_stack(repository: Repository, name: str) -> Iterator[str]:
    """What Terraform takes for one stack, as a script calls it and as lockgate does."""
    folder = _folder_of(repository)
    scripts = [Script(repository, folder, name, more) for more in ({}, {"GOGC": GARBAGE_PERCENT})]
    yield f"| {name} | a script | lockgate |"
    yield "|---|---|---|"
    for command in ("init", "plan", "show"):
        costs = [Cost.of(getattr(script, command)) for script in scripts]
        yield f"| `terraform {command}` | {costs[0].processor:.1f} s | {costs[1].processor:.1f} s |"


def rows(repository: Repository) -> Iterator[str]:
    """The tables, line by line."""
    yield from of_one_stack(repository, "prod")
    yield ""
    yield "| a change that touches | lockgate | a script | times as fast | processor time | | times less |"
    yield "|---|---|---|---|---|---|---|"
    for what, change in (("every stack", _full), ("one environment", _narrow)):
        change(repository.root)
        ours, theirs = [Cost.of(partial(work, repository)) for work in (lockgate, naive)]
        repository.run("git", "checkout", "--quiet", ".")
        wall = f"{ours.wall:.0f} s | {theirs.wall:.0f} s | {theirs.wall / ours.wall:.1f}"
        less = theirs.processor / ours.processor
        yield f"| {what} | {wall} | {ours.processor:.0f} s | {theirs.processor:.0f} s | {less:.1f} |"


def _compile(cache: Path) -> None:
    """Lets Python keep its bytecode, as it does unless it is told not to, and both sides begin with it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(cache)
    for command in ([CHECKOV, "--version"], [LOCKGATE, "review", "--help"], [LOCKGATE, "plan", "--help"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=30)
    functions = parser.parse_args().functions
    subprocess.run([sys.executable, ROOT / "scripts/setup.py", "checkov"], check=True)
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as name:
        _compile(Path(name) / "bytecode")
        home, root = Path(name) / "aws", Path(name) / "repository"
        home.mkdir()
        root.mkdir()
        with served(home, 1.0) as endpoint:
            for row in rows(Repository.make(root, endpoint, functions)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
