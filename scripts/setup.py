"""Makes the project's virtual environments from their lock files; standard library only, since it runs first.

Usage: python3 scripts/setup.py dev|checkov|lock [SERVICE] [--upgrade]

It is read by any Python from 3.6 on, so that one that is too old can say so.
"""

import fcntl
import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
OLDEST = (3, 11)
FOLDERS = {"dev": ROOT / ".venv", "checkov": ROOT / ".venv-checkov"}

LAMBDA_HAS = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
"""What Lambda's Python runtimes bring (Lambda developer guide, "Runtime-included SDK versions"), 15 MB in a
zip. A service whose requirements.in names one of them gets its own all the same."""

_INDEX = "check that the package index can be reached, then run it again"
_LOCK = "correct what is asked for as said above, or reach a package index, then run it again"
_VENV = "install the venv module (on Debian and Ubuntu: apt install python3-venv), then run it again"


def main(what: str, *arguments: str) -> None:
    """Does one of dev, checkov, lock; only the last takes arguments."""
    if sys.version_info < OLDEST:
        found, oldest = sys.version.split()[0], ".".join(map(str, OLDEST))
        sys.exit(
            f"error: Python {found} is too old; Lockgate needs {oldest} or newer\n"
            "hint: install one and say which: make setup PYTHON=python3.12"
        )
    if what == "lock":
        names = [argument for argument in arguments if argument != "--upgrade"]
        lock(names[0] if names else None, "--upgrade" in arguments)
        return
    if what not in FOLDERS:
        sys.exit(__doc__)
    with (ROOT / f".setup-{what}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        make(what)


def make(what: str) -> None:
    """Makes an environment unless it is current: its stamp holds the digest of all that it came from."""
    folder = FOLDERS[what]
    stamp = folder / "lockgate-stamp"
    wanted = digest(what)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"setting up {folder.name} (once for each change of requirements/)", file=sys.stderr)
    python = folder / "bin" / "python"
    if not works(python):
        run(sys.executable, "-m", "venv", "--clear", str(folder), hint=_VENV)
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    run(*pip, "-r", str(REQUIREMENTS / "bootstrap.txt"), hint=_INDEX)
    uv_pip = (str(folder / "bin" / "uv"), "pip")
    quietly = ("--quiet", "--python", str(python))
    run(*uv_pip, "sync", *quietly, "--require-hashes", str(REQUIREMENTS / f"{what}.txt"), hint=_INDEX)
    if what == "dev":
        editable = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        run(*uv_pip, "install", *quietly, *editable, hint="correct pyproject.toml, then run it again")
    stamp.write_text(wanted)


def works(python: Path) -> bool:
    """Whether an environment's Python is there with pip: one whose base was removed, or whose making was
    interrupted, is not."""
    command = [str(python), "-m", "pip", "--version"]
    return python.exists() and subprocess.run(command, check=False, capture_output=True).returncode == 0


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


def lock(service: "str | None", upgrade: bool) -> None:
    """Makes lock files fit what is asked for: hashes, and no addresses, so that any index or mirror will do.

    Versions stay as they are where they still fit, unless newer ones are wanted. What a release runs on is a
    part of what it was tested with: `runtime` takes its versions from `dev`.
    """
    uv = str(FOLDERS["dev"] / "bin" / "uv")
    basic = (uv, "pip", "compile", "--quiet", "--generate-hashes")
    basic += ("--no-emit-index-url", "--no-annotate", "--no-header", *(("--upgrade",) if upgrade else ()))
    for wanted in wanted_by_services(service):
        lock_file = str(wanted.with_suffix(".txt"))
        run(*basic, *target(wanted), *left_out(wanted), str(wanted), "-o", lock_file, hint=_LOCK)
    if service is not None:
        return
    compile_ = (*basic, "--universal", "--python-version", "3.11")
    bootstrap, dev, runtime, checkov = (
        str(REQUIREMENTS / f"{name}.txt") for name in ("bootstrap", "dev", "runtime", "checkov")
    )
    groups = ("--extra", "local", "--group", "dev", "-c", bootstrap)
    run(*compile_, str(REQUIREMENTS / "bootstrap.in"), "-o", bootstrap, hint=_LOCK)
    run(*compile_, "pyproject.toml", *groups, "-o", dev, hint=_LOCK)
    run(*compile_, "pyproject.toml", "-c", dev, "-o", runtime, hint=_LOCK)
    run(*compile_, str(REQUIREMENTS / "checkov.in"), "-o", checkov, hint=_LOCK)


def wanted_by_services(service: "str | None") -> "list[Path]":
    """The files in which services, or one of them, say what they need."""
    found = [
        path
        for folder in ("containers", "lambdas")
        for path in sorted(ROOT.glob(f"{folder}/{service or '*'}/src/requirements.in"))
    ]
    if service is not None and not found:
        sys.exit(
            f"error: there is no src/requirements.in of a service {service}\n"
            "hint: name the packages that it needs there, one in a line, then run it again"
        )
    return found


def target(wanted: Path) -> "tuple[str, ...]":
    """Options for what a service runs on. Read without a parser for YAML, which is not there yet: what stands
    under `overrides` is indented, and does not count."""
    declared = (wanted.parent.parent / "service.yaml").read_text()
    runtime = re.search(r"^runtime: *[\"']?python([\d.]+)", declared, re.MULTILINE)
    machine = "x86_64" if re.search(r"^architecture: *[\"']?x86_64", declared, re.MULTILINE) else "aarch64"
    python = runtime.group(1) if runtime else "3.12"
    return ("--python-platform", f"{machine}-manylinux_2_34", "--python-version", python)


def left_out(wanted: Path) -> "list[str]":
    """Options that leave out what Lambda has and the function did not ask for by name."""
    if wanted.parent.parent.parent.name != "lambdas":
        return []
    named = {name.lower() for name in re.findall(r"^[\w.-]+", wanted.read_text(), re.MULTILINE)}
    return [f"--no-emit-package={name}" for name in LAMBDA_HAS if name not in named]


def run(*command: str, hint: str) -> None:
    """Runs a command in the project's folder; its own words are the error."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(
            f"error: {' '.join(command[:4])} ... failed (exit {done.returncode}); its words stand above\n"
            f"hint: {hint}"
        )


if __name__ == "__main__":
    main(*(sys.argv[1:] or [""]))
