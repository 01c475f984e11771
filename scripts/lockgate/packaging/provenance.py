"""What Git says of the tree that is built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

COMMIT, DIRTY = "LOCKGATE_COMMIT", "LOCKGATE_DIRTY"
"""Environment variables that say it where sources come without their history, as in CodeBuild."""


def provenance(root: Path) -> tuple[str | None, bool]:
    """The commit of a tree, and whether it has changes that are not in it; (None, True) outside Git."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None:
        said = os.environ.get(COMMIT) or None
        return said, said is None or os.environ.get(DIRTY) != "false"
    status = _git(root, "status", "--porcelain")
    return commit, status is None or bool(status)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
