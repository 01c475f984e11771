"""A service's dependencies: wheels for the platform that it runs on, installed once for each lock file.

Exactly what the lock file names is installed, and nothing that it needs besides: a lock file may leave out
what Lambda's runtime has.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import uv

from lockgate.config import Service
from lockgate.errors import LockgateError, UsageError

LOCK = "requirements.txt"

_REQUIREMENT = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)

_PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}


def installed(cache: Path, name: str, source: Path, service: Service) -> Path | None:
    """Folder with the service's dependencies, or None when it has none.

    The folder is named by what it was made from, and appears whole or not at all.

    Raises:
        UsageError: the lock file has no hashes.
        LockgateError: the installer cannot install it.
    """
    lock = source / LOCK
    if not lock.is_file():
        return None
    text = lock.read_text(encoding="utf-8")
    if not _REQUIREMENT.search(text):
        return None
    if "--hash=" not in text:
        raise UsageError(
            f"{lock}: has no hashes, so that what is installed could change from one build to the next",
            hint=f"Name the packages in {source / 'requirements.in'}, then run: make lock",
        )
    python = service.runtime.removeprefix("python")
    platform = _PLATFORMS[service.architecture]
    made_from = f"{version('uv')}\0{platform}\0{python}\0{text}"
    target = cache / hashlib.sha256(made_from.encode()).hexdigest()
    if not target.is_dir():
        _install(name, lock, platform, python, target)
    return target


def _install(name: str, lock: Path, platform: str, python: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        folder = Path(temporary) / "installed"
        command = [uv.find_uv_bin(), "pip", "install", "--quiet"]
        command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile-bytecode"]
        command += ["--target", str(folder), "--python-platform", platform, "--python-version", python]
        command += ["--requirement", str(lock)]
        environment = {**os.environ, "UV_NO_CONFIG": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise LockgateError(
                f"{name}: the dependencies of {lock} cannot be installed for {platform}, Python {python}:\n"
                f"{done.stderr.strip()}",
                hint="Correct the lock file; every package needs a wheel for that platform.",
            )
        shutil.rmtree(folder / "bin", ignore_errors=True)
        folder.mkdir(exist_ok=True)
        try:
            folder.rename(target)
        except OSError as error:
            if not target.is_dir():
                raise LockgateError(
                    f"{name}: {target} cannot be written: {error.strerror}",
                    hint="Mend that, then build again.",
                ) from error
