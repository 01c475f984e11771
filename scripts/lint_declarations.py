"""Checks that every YAML file parses, and that the declarations hold in every environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from lockgate.config import Project
from lockgate.errors import LockgateError

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Ends with exit code 1 and all problems, or says how much was checked."""
    files = tracked("*.yaml", "*.yml")
    problems = [problem for problem in map(problem_in, files) if problem]
    if not problems:
        problems = wrong_declarations(Project(ROOT))
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(files)} YAML files parse, and the declarations hold in every environment")


def tracked(*patterns: str) -> list[Path]:
    """Files that Git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in sorted(done.stdout.split("\0")) if name and (ROOT / name).is_file()]


def problem_in(path: Path) -> str | None:
    """Why a file does not parse, with its line."""
    try:
        list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return f"error: {path.relative_to(ROOT)}: {error}"
    return None


def wrong_declarations(project: Project) -> list[str]:
    """The first thing that is wrong in `platform.yaml` or a `service.yaml`."""
    try:
        for environment in project.platform.environments:
            project.services(environment)
    except LockgateError as error:
        return [f"error: {error.message}\nhint: {error.hint}"]
    return []


if __name__ == "__main__":
    main()
