"""A uv that installs files of our choosing, or fails, and writes down how it was called."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_SCRIPT = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__)
with here.with_suffix(".calls").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
will = json.loads(here.with_suffix(".will").read_text())
if will["fail"]:
    sys.exit("error: no wheel of lib for this platform")
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
for name, content in will["files"].items():
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    (target / name).write_bytes(bytes.fromhex(content))
"""

METADATA = b"Metadata-Version: 2.4\nName: Lib_One\nVersion: 1.0\nLicense-Expression: MIT\n\nAbout it.\n"
FILES = {"lib/__init__.py": b"x = 1\n", "bin/lib": b"", "lib-1.0.dist-info/METADATA": METADATA}


class FakeUv:
    """See the module."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "uv"
        self.path.write_text(_SCRIPT.format(python=sys.executable))
        self.path.chmod(0o755)
        self.will()

    def will(self, *, fail: bool = False, files: dict[str, bytes] = FILES) -> None:
        """What the next calls do."""
        content = {name: data.hex() for name, data in files.items()}
        self.path.with_suffix(".will").write_text(json.dumps({"fail": fail, "files": content}))

    @property
    def calls(self) -> list[list[str]]:
        """Arguments of each call."""
        calls = self.path.with_suffix(".calls")
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []
