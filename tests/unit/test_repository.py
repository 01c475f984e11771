"""The repository's own tools: the Makefile, the lock files and what makes the virtual environments."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("lambdas/*/src/requirements.txt")])
NEED_ENV = ["deploy", "rollback", "watch", "status", "history", "verify", "traffic"]
NEED_ENV += ["apply", "drift", "plan"]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make as a shell would, also where these tests run under make."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, env=env
    )


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==[^\s;]+", lock.read_text(), re.MULTILINE))


def test_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    shown = make("help").stdout
    assert {line.split()[0] for line in shown.splitlines()} == targets
    assert targets == set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert all(len(line.split()) > 2 for line in shown.splitlines())


@pytest.mark.parametrize("target", NEED_ENV)
def test_a_target_that_needs_an_environment_asks_for_it(target: str) -> None:
    ran = make("--dry-run", target)
    assert ran.returncode != 0
    assert f"Say which environment: make {target} ENV=local" in ran.stderr
    assert f'lockgate {target} --env "dev"' in make("--dry-run", target, "ENV=dev").stdout


def test_further_arguments_are_passed_on() -> None:
    ran = make("--dry-run", "rollback", "ENV=dev", "SERVICE=a b", "TO=r1", "ARGS=--dry-run")
    assert 'rollback --env "dev" --service "a" --service "b" --to "r1" --dry-run' in ran.stdout


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_file_has_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if block.strip())


def test_what_a_release_runs_on_was_tested() -> None:
    assert pins(ROOT / "requirements/runtime.txt") < pins(ROOT / "requirements/dev.txt")
    assert pins(ROOT / "requirements/bootstrap.txt") < pins(ROOT / "requirements/dev.txt")


def test_a_service_that_names_what_lambda_has_gets_its_own(tmp_path: Path) -> None:
    def left_out(folder: str) -> list[str]:
        wanted = tmp_path / folder / "orders" / "src" / "requirements.in"
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.write_text("# comment\nBoto3>=1.40\npowertools[tracer]\n")
        options: list[str] = load("setup").left_out(wanted)
        return options

    assert "--no-emit-package=boto3" not in left_out("lambdas")
    assert "--no-emit-package=botocore" in left_out("lambdas")
    assert left_out("containers") == [], "an image has only what it brings"


def test_a_python_that_is_too_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = load("setup")
    monkeypatch.setattr(setup.sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit, match=r"is too old; Lockgate needs 3\.11 or newer\nhint: .*PYTHON="):
        setup.main("dev")


def test_an_unknown_environment_of_setup_is_a_usage_error() -> None:
    with pytest.raises(SystemExit, match=r"Usage: python3 scripts/setup\.py dev\|checkov\|lock"):
        load("setup").main("prod")
