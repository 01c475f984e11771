"""Where a rehearsal takes place: a clone of the repository, and an embedded AWS of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from lockgate.config import Project
from lockgate.errors import LockgateError
from lockgate.rehearsal import declared
from lockgate.rehearsal.webhook import Webhook


@dataclass
class Stage:
    """One rehearsal's folder, under `.build`.

    Args:
        source: the repository that is rehearsed, as it was committed last.
        folder: where everything of the rehearsal is.
        emulator: module of the embedded AWS.
        minute_seconds: seconds of a CodeDeploy minute.
        names: environments that are rehearsed.
        webhook: is told what happens, if it serves.
    """

    source: Path
    folder: Path
    emulator: str
    minute_seconds: float
    names: Sequence[str]
    webhook: Webhook = field(default_factory=Webhook)
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
        """The clone."""
        return Project(self.root)

    def begin(self) -> None:
        """Clones the repository, starts the embedded AWS, and declares in the clone what is rehearsed there.

        Raises:
            LockgateError: Git or the embedded AWS does not do it, with its own words.
        """
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        _run("git", "clone", "--quiet", "--no-hardlinks", str(self.source), str(self.root))
        self._emulate("up", "--port", "0", "--minute", f"{self.minute_seconds:g}", "--enforce")
        self.endpoint_url = json.loads(self._emulate("status", "--json"))["endpoint"]
        self._declare()
        self.commit("Declare what a rehearsal needs")

    def end(self) -> None:
        """Ends the embedded AWS, if it runs."""
        if self.home.exists():
            self._emulate("down")

    def commit(self, subject: str) -> str:
        """Commits what was changed in the clone; the commit."""
        author = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
        _run("git", "-C", str(self.root), "add", "--all")
        _run("git", "-C", str(self.root), *author, "commit", "--quiet", "--message", subject)
        return self.head()

    def head(self) -> str:
        """The clone's last commit."""
        return _run("git", "-C", str(self.root), "rev-parse", "HEAD").strip()

    def environment(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Environment variables of a step: nobody else's credentials, and none of a workflow's run."""
        dropped = ("AWS_", "GITHUB_", "LOCALAWS_", "LOCKGATE_ENVIRONMENT", "MAKE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return {**kept, "AWS_EC2_METADATA_DISABLED": "true", **credentials}

    def _declare(self) -> None:
        """Points accounts to the embedded AWS, and adds what makes the journey whole."""
        file = self.root / "platform.yaml"
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        here = declared.at_home(found, self.names, self.endpoint_url, self.minute_seconds)
        file.write_text(yaml.safe_dump(here, sort_keys=False), encoding="utf-8")
        declared.add_service(Project(self.root), self.names[0])
        declared.shorten_build(self.root)

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
