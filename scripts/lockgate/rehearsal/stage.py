"""Where a rehearsal takes place: a clone of the repository, and an embedded AWS of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lockgate.config import TOOLING, Project
from lockgate.errors import LockgateError, UsageError

_IDS = {"owner_id": 1, "repository_id": 2}


@dataclass
class Stage:
    """One rehearsal's folder, under `.build`.

    Args:
        source: the repository that is rehearsed, as it was committed last.
        folder: where everything of the rehearsal is.
        emulator: module of the embedded AWS.
        minute_seconds: seconds of a CodeDeploy minute.
    """

    source: Path
    folder: Path
    emulator: str
    minute_seconds: float
    endpoint_url: str = field(default="", init=False)

    @property
    def root(self) -> Path:
        """The clone."""
        return self.folder / "repository"

    @property
    def home(self) -> Path:
        """Folder of the embedded AWS."""
        return self.folder / "aws"

    @cached_property
    def project(self) -> Project:
        """The clone, with every account at the embedded AWS."""
        return Project(self.root)

    def begin(self) -> None:
        """Clones the repository, starts the embedded AWS, and points every account to it.

        Raises:
            LockgateError: Git or the embedded AWS does not do it, with its own words.
        """
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        _run("git", "clone", "--quiet", "--no-hardlinks", str(self.source), str(self.root))
        self._emulate("up", "--port", "0", "--minute", f"{self.minute_seconds:g}", "--enforce")
        self.endpoint_url = json.loads(self._emulate("status", "--json"))["endpoint"]
        file = self.root / "platform.yaml"
        declared = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump(self._at_home(declared), sort_keys=False), encoding="utf-8")
        self.commit("Point every account to the embedded AWS")

    def end(self) -> None:
        """Ends the embedded AWS, if it runs."""
        if self.home.exists():
            self._emulate("down")

    def commit(self, subject: str) -> str:
        """Commits what was changed in the clone; the commit."""
        author = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
        _run("git", "-C", str(self.root), *author, "commit", "--quiet", "--all", "--message", subject)
        return self.head()

    def head(self) -> str:
        """The clone's last commit."""
        return _run("git", "-C", str(self.root), "rev-parse", "HEAD").strip()

    def environment(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Environment variables of a step: nobody else's credentials, and none of a workflow's run."""
        dropped = ("AWS_", "GITHUB_", "LOCALAWS_", "LOCKGATE_ENVIRONMENT", "MAKE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return {**kept, "AWS_EC2_METADATA_DISABLED": "true", **credentials}

    def _at_home(self, declared: dict[str, Any]) -> dict[str, Any]:
        """platform.yaml with each account at the embedded AWS, set up as a real one is."""
        here = {
            "endpoint_url": self.endpoint_url,
            "bootstrapped": True,
            "minute_seconds": self.minute_seconds,
        }
        environments = {
            name: environment if environment.get("emulator") else {**environment, **here, "build_for": "host"}
            for name, environment in declared["environments"].items()
        }
        if not declared.get(TOOLING):
            raise UsageError(
                "platform.yaml has no tooling account",
                hint="A rehearsal is that of several accounts: declare it there first.",
            )
        github = {"repository": "acme/lockgate", **(declared.get("github") or {})}
        return {
            **declared,
            "github": {**_IDS, **github},
            TOOLING: {**declared[TOOLING], **here},
            "environments": environments,
        }

    def _emulate(self, verb: str, *arguments: str) -> str:
        environment = self.environment({})
        return _run(
            sys.executable, "-m", self.emulator, verb, "--home", str(self.home), *arguments, env=environment
        )


def _run(*command: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or f"it ended with {done.returncode} and said nothing"
        raise LockgateError(f"{' '.join(command[:3])}: {words}", hint="Mend that, then run it again.")
    return done.stdout
