"""A Terraform that says what a test tells it to, and notes how it was called."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockgate.plans.toolchain import PROVIDER

SCRIPT = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
told = json.loads((here / "told.json").read_text())
if sys.argv[1:] == ["version", "-json"]:
    print(json.dumps({{"terraform_version": told["version"]}}))
    sys.exit()
(here / "called.json").write_text(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}))
sys.stdout.write(told["stdout"])
sys.stderr.write(told["stderr"])
sys.exit(told["code"])
"""


@dataclass
class FakeTerraform:
    """An executable in a folder of its own."""

    folder: Path
    told: dict[str, Any] = field(
        default_factory=lambda: {"version": "1.11.4", "stdout": "", "stderr": "", "code": 0}
    )

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.path.write_text(SCRIPT.format(python=sys.executable))
        self.path.chmod(0o755)
        self.tell()

    @property
    def path(self) -> Path:
        return self.folder / "terraform"

    def tell(self, **told: Any) -> None:
        """Sets what it says: `version`, `stdout`, `stderr`, `code`."""
        self.told |= told
        (self.folder / "told.json").write_text(json.dumps(self.told))

    def tell_lines(self, *entries: dict[str, Any], code: int) -> None:
        """Sets lines of JSON, as Terraform's `-json` writes them."""
        self.tell(stdout="".join(json.dumps(entry) + "\n" for entry in entries), code=code)

    @property
    def arguments(self) -> list[str]:
        """Of the last call, without the ones that every call has."""
        called: list[str] = json.loads((self.folder / "called.json").read_text())["arguments"]
        return [argument for argument in called if argument != "-no-color"]

    @property
    def environment(self) -> dict[str, str]:
        """Of the last call."""
        called: dict[str, str] = json.loads((self.folder / "called.json").read_text())["environment"]
        return called


def add_mirror(folder: Path, entry: str = "5.100.0/linux_amd64/x") -> Path:
    (folder / PROVIDER / entry).parent.mkdir(parents=True)
    (folder / PROVIDER / entry).touch()
    return folder
