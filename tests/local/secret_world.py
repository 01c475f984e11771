"""A function and a container with secrets on the embedded AWS, and a search for values in what is left."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.local.digest_tasks import RUNNER, VARIABLE
from tests.local.release_world import REPOSITORY, SERVICE, ReleaseWorld, clean_environment
from tests.unit.packaging.fake_buildah import FakeBuildah

CONTAINER = "web"
EXAMPLE = REPOSITORY / "tests" / "local" / "secret_example.py"
"""Code of the function: what docs/secrets.md shows."""

_QUICK = {"judge": "observe", "release": {"strategy": "all_at_once", "bake_minutes": 0}}
_FUNCTION = {
    **_QUICK,
    "hook": None,
    "smoke": [],
    "secrets": {
        "database-password": {
            "description": "Of the user hello",
            "rotation": {"days": 30, "function": "release-hook"},
        },
        "api-key": {"store": "parameter_store", "variable": "API_KEY"},
    },
}
_CONTAINER = {**_QUICK, "kind": "container", "secrets": {"session-key": {"variable": VARIABLE}}}


@dataclass
class SecretWorld(ReleaseWorld):
    """The repository; remembers what every command has said."""

    said: list[str] = field(default_factory=list)

    @classmethod
    def with_secrets(cls, root: Path) -> SecretWorld:
        """Makes it; nothing runs yet."""
        made = ReleaseWorld.make(root, _FUNCTION)
        world = cls(made.root, made.port)
        world.write(EXAMPLE.read_text())
        folder = root / "containers" / CONTAINER
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "answer.json").write_text("{}")
        (folder / "service.yaml").write_text(yaml.safe_dump(_CONTAINER))
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY src/ /app/\nUSER 10001\n")
        FakeBuildah(root / "bin")
        return world

    def lockgate(self, *arguments: str, **environment: str) -> Any:
        return super().lockgate(*arguments, **self._own, **environment)

    def run(self, verb: str, *arguments: str, expect: int = 0) -> str:
        output = super().run(verb, *arguments, expect=expect)
        self.said.append(output)
        return output

    def feed(self, data: bytes, *arguments: str, expect: int = 0) -> str:
        """Runs `lockgate ...` with these bytes on standard input; what it said on both outputs."""
        ran = subprocess.run(
            [str(Path(sys.executable).parent / "lockgate"), *arguments],
            cwd=self.root,
            env=clean_environment(**self._own),
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output = ran.stdout.decode()
        self.said.append(output)
        assert ran.returncode == expect, output
        assert "Traceback" not in output
        return output

    def describe(self, name: str, description: str) -> None:
        """Gives a secret of the function another description."""
        secrets: Any = _FUNCTION["secrets"]
        self.declare({"secrets": {**secrets, name: {**secrets[name], "description": description}}})

    def known(self) -> dict[str, Any]:
        """Whether each secret has a value, by name, as `secrets list --json` says."""
        said = self.feed(b"", "secrets", "list", "--env", "local", "--json")
        return {one["name"]: one["has_value"] for one in json.loads(said)}

    def digests(self) -> dict[str, str]:
        """What function and container answer."""
        answer = self.client("lambda").invoke(
            FunctionName=f"lockgate-local-{SERVICE}", Qualifier="live", Payload=b"{}"
        )
        found: dict[str, str] = json.loads(answer["Payload"].read())
        (status,) = self.read("status", "--service", CONTAINER)
        with urllib.request.urlopen(f"{status['url']}/") as answered:
            return {**found, "session-key": answered.read().decode()}

    def files_with(self, value: str) -> set[str]:
        """Files that have a value in them, as it is or as MiniStack writes an encrypted one: everything that
        was declared, built, logged, stored and saved."""
        forms = (value.encode(), base64.b64encode(value.encode()))
        return {path.relative_to(self.root).as_posix() for path in self._files() if _has(path, forms)}

    def _files(self) -> Iterator[Path]:
        return (path for path in self.root.rglob("*") if path.is_file())

    @property
    def _own(self) -> dict[str, str]:
        return {
            "LOCALAWS_TASK_RUNNER": RUNNER,
            "PYTHONPATH": str(REPOSITORY),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }


def _has(path: Path, forms: tuple[bytes, ...]) -> bool:
    return any(form in data for data in _contents(path) for form in forms)


def _contents(path: Path) -> Iterator[bytes]:
    """A file, and what is in it where it is a zip, as artifacts and Terraform's plans are."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from map(archive.read, archive.namelist())
