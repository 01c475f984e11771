"""Dependencies: what is asked of the installer, and that what it leaves is whole."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest
import uv

from lockgate.config import Service
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import dependencies
from lockgate.packaging.dependencies import installed

SERVICE = Service(kind="lambda")
LOCKED = "lib==1.0 --hash=sha256:00\n"

FAKE = """#!{python}
import json, pathlib, sys
calls = pathlib.Path(__file__).with_suffix(".calls")
with calls.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if {fails}:
    sys.exit("error: no wheel of lib for this platform")
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
for name in ("lib/__init__.py", "bin/lib"):
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    (target / name).touch()
"""


class FakeUv:
    """A uv that installs one package, or fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.will(fail=False)

    def will(self, *, fail: bool) -> None:
        self.path.write_text(FAKE.format(python=sys.executable, fails=fail))
        self.path.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        calls = self.path.with_suffix(".calls")
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeUv:
    made = FakeUv(tmp_path / "uv")
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(made.path))
    return made


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "requirements.txt").write_text(LOCKED)
    return folder


def names(folder: Path | None) -> list[str]:
    assert folder is not None
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("architecture", "platform"), [("arm64", "aarch64-manylinux2014"), ("x86_64", "x86_64-manylinux2014")]
)
def test_wheels_are_for_where_the_function_runs(
    tmp_path: Path, source: Path, fake: FakeUv, architecture: str, platform: str
) -> None:
    service = SERVICE.model_copy(update={"architecture": architecture})
    assert names(installed(tmp_path / "cache", "a", source, service)) == ["lib/__init__.py"]
    (call,) = fake.calls
    assert call[call.index("--python-platform") + 1] == platform
    assert call[call.index("--python-version") + 1] == "3.12"
    assert {"--require-hashes", "--no-deps", "--no-compile-bytecode"} < set(call)
    assert call[call.index("--only-binary") + 1] == ":all:"


def test_the_same_lock_file_is_installed_once(tmp_path: Path, source: Path, fake: FakeUv) -> None:
    first = installed(tmp_path / "cache", "a", source, SERVICE)
    assert installed(tmp_path / "cache", "b", source, SERVICE) == first
    assert len(fake.calls) == 1


@pytest.mark.parametrize("change", ["lock", "architecture", "runtime", "uv"])
def test_what_matters_is_installed_anew(
    tmp_path: Path, source: Path, fake: FakeUv, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    first = installed(tmp_path / "cache", "a", source, SERVICE)
    changes = {"architecture": {"architecture": "x86_64"}, "runtime": {"runtime": "python3.13"}}
    if change == "lock":
        (source / "requirements.txt").write_text(LOCKED.replace("1.0", "1.1"))
    if change == "uv":
        monkeypatch.setattr(dependencies, "version", lambda _: "99")
    service = SERVICE.model_copy(update=changes.get(change, {}))
    assert installed(tmp_path / "cache", "a", source, service) != first


@pytest.mark.parametrize("text", [None, "", "# nothing is needed\n"])
def test_a_service_may_need_nothing(tmp_path: Path, source: Path, fake: FakeUv, text: str | None) -> None:
    lock = source / "requirements.txt"
    lock.unlink() if text is None else lock.write_text(text)
    assert installed(tmp_path / "cache", "a", source, SERVICE) is None
    assert fake.calls == []


def test_a_lock_file_without_hashes_is_refused(tmp_path: Path, source: Path, fake: FakeUv) -> None:
    (source / "requirements.txt").write_text("lib==1.0\n")
    with pytest.raises(UsageError, match="has no hashes") as raised:
        installed(tmp_path / "cache", "a", source, SERVICE)
    assert "make lock" in raised.value.hint
    assert fake.calls == []


def test_what_the_installer_says_is_passed_on_and_nothing_half_done_stays(
    tmp_path: Path, source: Path, fake: FakeUv
) -> None:
    fake.will(fail=True)
    with pytest.raises(LockgateError, match=r"a: .*aarch64-manylinux2014.*\nerror: no wheel of lib"):
        installed(tmp_path / "cache", "a", source, SERVICE)
    assert list((tmp_path / "cache").iterdir()) == []
    fake.will(fail=False)
    assert names(installed(tmp_path / "cache", "a", source, SERVICE)) == ["lib/__init__.py"]


def test_two_builds_at_once_do_no_harm(tmp_path: Path, source: Path, fake: FakeUv) -> None:
    found: list[Path | None] = []
    builds = [
        threading.Thread(target=lambda: found.append(installed(tmp_path / "cache", "a", source, SERVICE)))
        for _ in range(4)
    ]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert names(found[0]) == ["lib/__init__.py"]
    assert len(list((tmp_path / "cache").iterdir())) == 1
