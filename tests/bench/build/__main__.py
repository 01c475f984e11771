"""Prints the tables of docs/figures.md; see README.md."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

ROOT = Path(__file__).parents[3]
LOCKGATE = ROOT / ".venv/bin/lockgate"
UV = ROOT / ".venv/bin/uv"
REQUIREMENTS = "aws-lambda-powertools==3.20.0\npydantic-core==2.41.1\n"
APP = """\
import pydantic_core


def handler(event, context):
    return {{"function": {number}, "event": event}}
"""
SERVICE = "kind: lambda\nruntime: python3.12\narchitecture: x86_64\n"
REGION = "eu-west-1"
ACCOUNT = "222222222222"
SAM_BUCKET = "sam"
PLATFORM = """\
organisation: bench
region: {region}
environments:
  dev:
    account_id: "{account}"
    endpoint_url: {endpoint}
"""


@dataclass(frozen=True)
class Workspace:
    """Functions that both tools can build.

    Args:
        root: a Git repository with a template of SAM's beside Lockgate's declarations.
        endpoint: of the embedded AWS that artifacts are uploaded to.
    """

    root: Path
    endpoint: str

    @classmethod
    def make(cls, root: Path, endpoint: str, lock: str, numbers: Sequence[int]) -> Workspace:
        """Writes functions, in the order of these numbers."""
        root.mkdir(parents=True)
        shutil.copytree(ROOT / "schemas", root / "schemas")
        (root / "platform.yaml").write_text(
            PLATFORM.format(region=REGION, account=ACCOUNT, endpoint=endpoint)
        )
        (root / ".gitignore").write_text(".build/\n.lockgate/\n.aws-sam/\n")
        for number in numbers:
            source = root / "lambdas" / f"f{number}" / "src"
            source.mkdir(parents=True)
            (source / "app.py").write_text(APP.format(number=number))
            (source / "requirements.in").write_text(REQUIREMENTS)
            (source / "requirements.txt").write_text(lock)
            (source.parent / "service.yaml").write_text(SERVICE)
        (root / "template.json").write_text(json.dumps(_template(sorted(numbers))))
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "bench"]):
            identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
            subprocess.run(["git", *identity, *command], cwd=root, check=True)
        return cls(root, endpoint)

    def lockgate(self) -> float:
        """Seconds that Lockgate's build takes."""
        return self._timed([str(LOCKGATE), "build"])

    def lockgate_publish(self) -> float:
        """Seconds that Lockgate's build takes with the upload of what is missing."""
        return self._timed([str(LOCKGATE), "build", "--env", "dev", "--publish"])

    def sam(self, sam: Path) -> float:
        """Seconds that SAM's build takes."""
        return self._timed([str(sam), "build", "--cached", "--parallel", "--template", "template.json"])

    def sam_package(self, sam: Path) -> float:
        """Seconds that SAM's build takes with zipping, hashing and the upload of what is missing."""
        package = [str(sam), "package", "--s3-bucket", SAM_BUCKET, "--region", REGION]
        templates = [
            "--template-file",
            ".aws-sam/build/template.yaml",
            "--output-template-file",
            ".build/p.yaml",
        ]
        (self.root / ".build").mkdir(exist_ok=True)
        return self.sam(sam) + self._timed([*package, *templates])

    def _timed(self, command: list[str]) -> float:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        own = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.endpoint}
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
        start = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**inherited, **own, **keys},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - start
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return seconds

    def forget(self) -> None:
        """Deletes what was built."""
        for name in (".build", ".aws-sam", ".lockgate"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def touch(self, text: str) -> None:
        """Changes one function."""
        with (self.root / "lambdas/f0/src/app.py").open("a") as file:
            file.write(f"# {text}\n")

    def digests(self) -> dict[str, str]:
        """SHA-256 of each zip, from the file itself."""
        self.lockgate()
        bundle = json.loads((self.root / ".build/bundle.json").read_text())
        return {
            name: hashlib.sha256((self.root / built["path"]).read_bytes()).hexdigest()
            for name, built in bundle["services"].items()
        }


def _template(numbers: Sequence[int]) -> dict[str, object]:
    function = {"Type": "AWS::Serverless::Function"}
    properties = {"Handler": "app.handler", "Runtime": "python3.12", "Architectures": ["x86_64"]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            f"F{number}": {**function, "Properties": {**properties, "CodeUri": f"lambdas/f{number}/src"}}
            for number in numbers
        },
    }


def _locked(folder: Path) -> str:
    """The lock file that all functions have."""
    folder.mkdir()
    (folder / "requirements.in").write_text(REQUIREMENTS)
    platform = ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_34"]
    quiet = ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--no-emit-index-url"]
    command = [str(UV), "pip", "compile", *platform, *quiet, "requirements.in"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def _median(run: Callable[[], float], before: Callable[[int], None] = lambda _: None) -> float:
    taken = []
    for number in range(3):
        before(number)
        taken.append(run())
    return statistics.median(taken)


@dataclass(frozen=True)
class Bench:
    """What all measurements share.

    Args:
        folder: where workspaces are made.
        lock: the lock file of every function.
        endpoint: of the embedded AWS.
        sam: SAM's executable.
    """

    folder: Path
    lock: str
    endpoint: str
    sam: Path

    def workspace(self, name: str, numbers: Sequence[int], within: Path | None = None) -> Workspace:
        """A new workspace."""
        return Workspace.make((within or self.folder) / name, self.endpoint, self.lock, numbers)

    def compare(self, functions: int) -> None:
        """Prints the rows of one number of functions."""
        self._fill()
        workspace = self.workspace(str(functions), range(functions))
        pairs = {
            "build": (workspace.lockgate, lambda: workspace.sam(self.sam)),
            "build and upload": (workspace.lockgate_publish, lambda: workspace.sam_package(self.sam)),
        }
        for what, (ours, theirs) in pairs.items():
            mine, others = self._rows(workspace, ours), self._rows(workspace, theirs)
            for when, one, other in zip(("cold", "unchanged", "one file"), mine, others, strict=True):
                row = (functions, what, when, f"{one:.2f} s", f"{other:.1f} s", f"{other / one:.1f}")
                print(f"| {' | '.join(map(str, row))} |", flush=True)

    def _rows(self, workspace: Workspace, run: Callable[[], float]) -> tuple[float, float, float]:
        workspace.forget()
        cold = run()
        unchanged = _median(run)
        return cold, unchanged, _median(run, lambda number: workspace.touch(f"{time.time()} {number}"))

    def _fill(self) -> None:
        """Once for each tool, unmeasured: package caches are filled, and byte code is written."""
        if not (self.folder / "fill").exists():
            fill = self.workspace("fill", range(1))
            fill.lockgate_publish()
            fill.sam_package(self.sam)

    def same_bytes(self) -> None:
        """Prints whether zips are the same wherever they are built."""
        numbers = list(range(5))
        first = self.workspace("first", numbers)
        expected = first.digests()
        subprocess.run(["git", "clone", "--quiet", first.root, self.folder / "clone"], check=True)
        places = {
            "another clone": Workspace(self.folder / "clone", self.endpoint),
            "files made in the other order": self.workspace("reversed", numbers[::-1]),
        }
        shared = Path("/dev/shm")
        with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as memory:
            if shared.is_dir():
                places["tmpfs"] = self.workspace("tmpfs", numbers, Path(memory))
            for name, workspace in places.items():
                same = workspace.digests() == expected
                print(f"| {name} | {len(expected)} | {'the same' if same else 'DIFFERENT'} |", flush=True)

    def many(self) -> None:
        """Prints how long an unchanged build of 100 functions takes."""
        workspace = self.workspace("many", range(100))
        workspace.lockgate()
        print(f"\n100 functions, unchanged: {_median(workspace.lockgate):.2f} s")


@contextmanager
def _embedded_aws(home: Path) -> Iterator[str]:
    """An embedded AWS with the buckets that both tools upload to; its endpoint."""
    command = [sys.executable, "-m", "localaws"]
    up = [*command, "up", "--home", str(home), "--port", "0"]
    said = subprocess.run(up, capture_output=True, text=True, check=True).stdout
    endpoint = next(word for word in said.split() if word.startswith("http"))
    try:
        s3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )
        for bucket in (SAM_BUCKET, f"lockgate-dev-artifacts-{ACCOUNT}-{REGION}"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield endpoint
    finally:
        subprocess.run([*command, "down", "--home", str(home)], check=True, capture_output=True)


def main() -> None:
    """Runs everything and prints Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, action="append", help="How many; may be given again.")
    parser.add_argument("--sam", type=Path, default=ROOT / ".build/bench-sam/bin/sam")
    said = parser.parse_args()
    if not said.sam.exists():
        sys.exit(f"error: there is no {said.sam}; hint: make it as tests/bench/build/README.md says")
    with tempfile.TemporaryDirectory() as name, _embedded_aws(Path(name) / "aws") as endpoint:
        folder = Path(name)
        bench = Bench(folder, _locked(folder / "lock"), endpoint, said.sam.absolute())
        print("| functions | | | lockgate | sam | times as fast |")
        print("|---|---|---|---|---|---|")
        for functions in said.functions or [10]:
            bench.compare(functions)
        print("\n| built | zips | SHA-256 |\n|---|---|---|")
        bench.same_bytes()
        bench.many()


if __name__ == "__main__":
    main()
