"""Building: the same bytes from the same inputs, only what has changed, and what a bundle says."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import uv
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from lockgate.config import Project
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import Bundle, build, functions, parse_bundle
from tests.unit.packaging.fake_uv import FILES, FakeUv

PLATFORM = """
organisation: acme
name: lockgate
region: eu-west-1
environments:
  dev:
    account_id: "222222222222"
  prod:
    account_id: "333333333333"
"""
LOCK = "lib-one==1.0 --hash=sha256:00\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "platform.yaml").write_text(PLATFORM)
    (root / ".gitignore").write_text(".build/\n")
    for name in ("orders", "users"):
        source = root / "lambdas" / name / "src"
        source.mkdir(parents=True)
        (source.parent / "service.yaml").write_text("kind: lambda\n")
        (source / "app.py").write_text(f"def handler(event, context): return {name!r}\n")
    return root


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeUv:
    made = FakeUv(tmp_path)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(made.path))
    return made


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make(root: Path, *names: str) -> Bundle:
    return build(Project(root), "dev", list(names))


def lock(root: Path, text: str = LOCK) -> None:
    for name in ("orders", "users"):
        (root / "lambdas" / name / "src/requirements.txt").write_text(text)


def test_an_artifact_is_named_by_its_content(root: Path) -> None:
    bundle = make(root)
    assert list(bundle.services) == ["orders", "users"]
    for name, built in bundle.services.items():
        data = (root / built.path).read_bytes()
        digest = hashlib.sha256(data)
        assert built.sha256 == digest.hexdigest()
        assert built.code_sha256 == base64.b64encode(digest.digest()).decode()
        assert built.size == len(data)
        assert built.key == f"services/{name}/{built.sha256}.zip"
        assert built.path == f".build/artifacts/{name}/{built.sha256}.zip"
        assert built.unzipped == (root / "lambdas" / name / "src/app.py").stat().st_size
        assert (built.runtime, built.architecture) == ("python3.12", "arm64")


def test_another_folder_gives_the_same_bytes(root: Path, tmp_path: Path, fake: FakeUv) -> None:
    lock(root)
    other = tmp_path / "elsewhere"
    shutil.copytree(root, other)
    assert make(other).content == make(root).content
    assert len(fake.calls) == 2


def test_nothing_is_made_again_until_something_changes(root: Path, fake: FakeUv) -> None:
    lock(root)
    first = make(root)
    assert first.made == {"orders", "users"}
    again = make(root)
    assert (again.made, again.content) == (frozenset(), first.content)
    (root / "lambdas/orders/src/app.py").touch()
    assert make(root).made == frozenset()
    (root / "lambdas/orders/tests").mkdir()
    (root / "lambdas/orders/tests/test_app.py").write_text("x")
    assert make(root).made == frozenset()
    assert len(fake.calls) == 1


@pytest.mark.parametrize("change", ["byte", "mode", "new file", "name", "lock", "architecture", "runtime"])
def test_a_change_changes_one_artifact(root: Path, fake: FakeUv, change: str) -> None:
    lock(root)
    first = make(root).services
    folder = root / "lambdas/orders"
    app = folder / "src/app.py"
    fake.will(files={**FILES, "lib/__init__.py": b"x = 2\n"})
    match change:
        case "byte":
            app.write_text(app.read_text().replace("orders", "orderz"))
        case "mode":
            app.chmod(0o755)
        case "new file":
            (folder / "src/new.py").touch()
        case "name":
            (folder / "src/new.py").write_text("x")
            make(root)
            (folder / "src/new.py").rename(folder / "src/newer.py")
        case "lock":
            (folder / "src/requirements.txt").write_text(LOCK.replace("1.0", "1.1"))
        case "architecture":
            (folder / "service.yaml").write_text("kind: lambda\narchitecture: x86_64\n")
        case "runtime":
            (folder / "service.yaml").write_text("kind: lambda\nruntime: python3.13\n")
    second = make(root)
    assert second.services["orders"].sha256 != first["orders"].sha256
    assert second.made == {"orders"}
    assert second.services["users"] == first["users"]


def test_what_is_in_the_zip_are_the_sources_over_the_dependencies(root: Path, fake: FakeUv) -> None:
    lock(root)
    fake.will(files={**FILES, "app.py": b"theirs"})
    built = make(root).services["orders"]
    with zipfile.ZipFile(root / built.path) as archive:
        assert archive.namelist() == ["app.py", "lib-1.0.dist-info/METADATA", "lib/__init__.py"]
        assert archive.read("app.py") == (root / "lambdas/orders/src/app.py").read_bytes()


def test_the_bill_of_materials_is_valid_and_says_what_is_in_it(root: Path, fake: FakeUv) -> None:
    lock(root)
    built = make(root).services["orders"]
    text = (root / built.sbom.path).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    assert document["metadata"]["component"]["hashes"][0]["content"] == built.sha256
    (component,) = document["components"]
    assert component["purl"] == "pkg:pypi/lib-one@1.0"
    assert component["licenses"] == [{"expression": "MIT"}]


@pytest.mark.parametrize("content", [None, b"", b"something else"])
@pytest.mark.parametrize("which", ["zip", "sbom", "note"])
def test_what_was_damaged_is_made_again(root: Path, which: str, content: bytes | None) -> None:
    first = make(root)
    built = first.services["orders"]
    notes = [p for p in (root / ".build/cache/built").iterdir() if built.sha256 in p.read_text()]
    path = {"zip": root / built.path, "sbom": root / built.sbom.path, "note": notes[0]}[which]
    path.unlink() if content is None else path.write_bytes(content)
    again = make(root)
    assert again.content == first.content
    assert again.made == {"orders"}
    assert hashlib.sha256((root / built.path).read_bytes()).hexdigest() == built.sha256


def test_builds_at_once_give_the_same(root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from lockgate.config import Project; "
        "from lockgate.packaging import build; print(build(Project(Path(sys.argv[1])), 'dev').sha256)"
    )
    builds = [
        subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {build.communicate()[0].strip() for build in builds}
    assert said == {make(root).sha256}
    assert not list((root / ".build").rglob(".unfinished-*"))


def test_only_what_is_named_is_built(root: Path) -> None:
    assert list(make(root, "users").services) == ["users"]
    assert list(make(root).only(["orders"]).services) == ["orders"]
    with pytest.raises(UsageError, match="unknown service 'user'"):
        make(root, "user")


def test_one_bundle_for_all_environments_needs_them_to_agree(root: Path) -> None:
    assert build(Project(root), None).services == make(root).services
    (root / "lambdas/orders/service.yaml").write_text(
        "kind: lambda\noverrides:\n  prod:\n    architecture: x86_64\n"
    )
    message = "orders: architecture is 'arm64' in dev and 'x86_64' in prod: one artifact cannot serve both"
    with pytest.raises(UsageError, match=message):
        build(Project(root), None)
    assert build(Project(root), "prod").services["orders"].architecture == "x86_64"


def test_what_lambda_would_not_take_is_refused_with_the_largest_packages(
    root: Path, fake: FakeUv, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(root)
    fake.will(files={**FILES, "big/a.bin": b"a" * 4096})
    monkeypatch.setattr(functions, "_MAX_UNZIPPED", 3000)
    with pytest.raises(LockgateError, match=r"bytes unzipped; Lambda takes 3,000. Largest: big 4 KiB, "):
        make(root)


def test_a_library_for_another_machine_is_refused(root: Path) -> None:
    elf = b"\x7fELF" + bytes(14) + (0x3E).to_bytes(2, "little")
    (root / "lambdas/orders/src/fast.so").write_bytes(elf)
    with pytest.raises(UsageError, match=r"orders: .*fast\.so cannot be loaded by python3\.12 on arm64"):
        make(root)


def test_what_is_written_is_what_was_returned(root: Path) -> None:
    bundle = make(root)
    written = (root / ".build/bundle.json").read_bytes()
    assert json.loads(written)["schema"] == 1
    assert hashlib.sha256(written).hexdigest() == bundle.sha256
    assert parse_bundle(written, root, "x").services == bundle.services


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 2}', b"[]"])
def test_what_is_not_a_bundle_is_said(root: Path, content: bytes) -> None:
    with pytest.raises(UsageError, match="here is not a bundle: "):
        parse_bundle(content, root, "here")


def test_outside_git_everything_counts_as_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    assert (make(root).commit, make(root).dirty) == (None, True)
    monkeypatch.setenv("LOCKGATE_COMMIT", "c" * 40)
    assert (make(root).commit, make(root).dirty) == ("c" * 40, True)
    monkeypatch.setenv("LOCKGATE_DIRTY", "false")
    assert (make(root).commit, make(root).dirty) == ("c" * 40, False)
    git(root, "init")
    monkeypatch.delenv("LOCKGATE_COMMIT")
    assert (make(root).commit, make(root).dirty) == (None, True)
    monkeypatch.setenv("PATH", "")
    assert (make(root).commit, make(root).dirty) == (None, True)


def test_the_commit_and_what_is_not_in_it_are_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKGATE_COMMIT", "not this one")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "x")
    bundle = make(root)
    assert (bundle.commit, bundle.dirty) == (git(root, "rev-parse", "HEAD"), False)
    (root / "lambdas/orders/src/new.py").touch()
    assert make(root).dirty
