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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

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
PLATFORM = """\
organisation: bench
region: eu-west-1
environments:
  dev:
    account_id: "222222222222"
"""


@dataclass(frozen=True)
class Workspace:
    """Functions that both tools can build.

    Args:
        root: a Git repository with a template of SAM's beside Lockgate's declarations.
    """

    root: Path

    @classmethod
    def make(cls, root: Path, lock: str, numbers: Sequence[int]) -> Workspace:
        """Writes functions, in the order of these numbers."""
        root.mkdir(parents=True)
        shutil.copytree(ROOT / "schemas", root / "schemas")
        (root / "platform.yaml").write_text(PLATFORM)
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
        return cls(root)

    def lockgate(self) -> float:
        """Seconds that Lockgate's build takes."""
        return _timed([str(LOCKGATE), "build"], self.root)

    def sam(self, sam: Path) -> float:
        """Seconds that SAM's build takes."""
        command = [str(sam), "build", "--cached", "--parallel", "--template", "template.json"]
        return _timed(command, self.root)

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


def _timed(command: list[str], folder: Path) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


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


def _compare(folder: Path, lock: str, functions: int, sam: Path) -> None:
    workspace = Workspace.make(folder / f"{functions}", lock, range(functions))
    # Once for each, unmeasured: package caches are filled, and byte code is written.
    _filled(folder, lock, sam)
    rows = []
    for name, run in (("lockgate", workspace.lockgate), ("sam", lambda: workspace.sam(sam))):
        workspace.forget()
        cold = run()
        unchanged = _median(run)
        one = _median(run, lambda number, name=name: workspace.touch(f"{name} {number}"))
        rows.append((cold, unchanged, one))
    (ours, theirs) = rows
    for what, mine, other in zip(("cold", "unchanged", "one file"), ours, theirs, strict=True):
        print(f"| {functions} | {what} | {mine:.2f} s | {other:.1f} s | {other / mine:.1f} |", flush=True)


def _filled(folder: Path, lock: str, sam: Path) -> None:
    if not (folder / "fill").exists():
        fill = Workspace.make(folder / "fill", lock, range(1))
        fill.lockgate()
        fill.sam(sam)


def _same_bytes(folder: Path, lock: str) -> None:
    numbers = list(range(5))
    first = Workspace.make(folder / "first", lock, numbers)
    expected = first.digests()
    subprocess.run(["git", "clone", "--quiet", first.root, folder / "clone"], check=True)
    places = {
        "another clone": Workspace(folder / "clone"),
        "files made in the other order": Workspace.make(folder / "reversed", lock, numbers[::-1]),
    }
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as memory:
        if shared.is_dir():
            places["tmpfs"] = Workspace.make(Path(memory) / "tmpfs", lock, numbers)
        for name, workspace in places.items():
            same = workspace.digests() == expected
            print(f"| {name} | {len(expected)} | {'the same' if same else 'DIFFERENT'} |", flush=True)


def _many(folder: Path, lock: str) -> None:
    workspace = Workspace.make(folder / "many", lock, range(100))
    workspace.lockgate()
    print(f"\n100 functions, unchanged: {_median(workspace.lockgate):.2f} s")


def main() -> None:
    """Runs everything and prints Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, action="append", help="How many; may be given again.")
    parser.add_argument("--sam", type=Path, default=ROOT / ".build/bench-sam/bin/sam")
    said = parser.parse_args()
    if not said.sam.exists():
        sys.exit(f"error: there is no {said.sam}; hint: make it as tests/bench/build/README.md says")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lock = _locked(folder / "lock")
        print("| functions | | lockgate build | sam build --cached --parallel | times as fast |")
        print("|---|---|---|---|---|")
        for functions in said.functions or [10]:
            _compare(folder, lock, functions, said.sam.absolute())
        print("\n| built | zips | SHA-256 |\n|---|---|---|")
        _same_bytes(folder, lock)
        _many(folder, lock)


if __name__ == "__main__":
    main()
