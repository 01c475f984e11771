"""Makes the project's virtual environments from their lock files; standard library only, since it runs first.

Usage: python3 scripts/setup.py dev|checkov|lock
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
OLDEST = (3, 11)
FOLDERS = {"dev": ROOT / ".venv", "checkov": ROOT / ".venv-checkov"}


def main(what: str) -> None:
    """Does one of dev, checkov, lock."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"error: Python {sys.version.split()[0]} is too old; Lockgate needs {OLDEST[0]}.{OLDEST[1]} or newer\n"
            "hint: install one and say which: make setup PYTHON=python3.12"
        )
    if what == "lock":
        lock()
        return
    with (ROOT / f".setup-{what}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        make(what)


def make(what: str) -> None:
    """Makes an environment unless it is current: its stamp holds the digest of all that it came from."""
    stamp = FOLDERS[what] / "lockgate-stamp"
    wanted = digest(what)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"setting up {FOLDERS[what].name} (once for each change of requirements/)", file=sys.stderr)
    python = FOLDERS[what] / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", "--clear", str(FOLDERS[what]))
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    run(*pip, "-r", str(REQUIREMENTS / "bootstrap.txt"))
    uv = str(FOLDERS[what] / "bin" / "uv")
    run(uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(REQUIREMENTS / f"{what}.txt"))
    if what == "dev":
        editable = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        run(uv, "pip", "install", "--quiet", "--python", str(python), *editable)
    stamp.write_text(wanted)


def digest(what: str) -> str:
    """SHA-256 over the lock files, this script, the project's metadata, and the Python that runs it."""
    found = hashlib.sha256(f"{sys.version}{ROOT}".encode())
    for path in (
        REQUIREMENTS / "bootstrap.txt",
        REQUIREMENTS / f"{what}.txt",
        ROOT / "pyproject.toml",
        Path(__file__),
    ):
        found.update(path.read_bytes())
    return found.hexdigest()


def lock() -> None:
    """Renews the lock files: hashes, and no addresses, so that any index or mirror will do."""
    uv = str(FOLDERS["dev"] / "bin" / "uv")
    compile_ = (uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url")
    compile_ += ("--no-annotate", "--no-header", "--python-version", "3.11", "--upgrade")
    run(*compile_, str(REQUIREMENTS / "bootstrap.in"), "-o", str(REQUIREMENTS / "bootstrap.txt"))
    dev = ("--extra", "local", "--group", "dev", "-c", str(REQUIREMENTS / "bootstrap.txt"))
    run(*compile_, "pyproject.toml", *dev, "-o", str(REQUIREMENTS / "dev.txt"))
    run(*compile_, str(REQUIREMENTS / "checkov.in"), "-o", str(REQUIREMENTS / "checkov.txt"))


def run(*command: str) -> None:
    """Runs a command in the project's folder; its own words are the error."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(
            f"error: {' '.join(command[:4])} ... failed (exit {done.returncode}); its words stand above\n"
            "hint: check that the package index can be reached, then run it again"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
