"""Files of an artifact: which belong to it, and what makes a folder unfit."""

import socket
from pathlib import Path

import pytest

from lockgate.errors import UsageError
from lockgate.packaging.files import File, check_handler, sources
from lockgate.packaging.index import Index


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def found(folder: Path) -> list[File]:
    return sources("a", folder, Index(folder.parent / "index.json"))


def test_noise_is_left_out(tmp_path: Path) -> None:
    noise = [
        "__pycache__/app.cpython-312.pyc",
        "x.pyc",
        "requirements.txt",
        "requirements-dev.in",
        ".DS_Store",
    ]
    write(tmp_path / "src", dict.fromkeys(["app.py", "lib/b.py", *noise], b""))
    assert [file.name for file in found(tmp_path / "src")] == ["app.py", "lib/b.py"]


def test_a_file_that_only_looks_like_noise_is_kept(tmp_path: Path) -> None:
    kept = ["INSTALLER", "RECORD", "app.py", "data/requirements.txt"]
    assert [file.name for file in found(write(tmp_path / "src", dict.fromkeys(kept, b"")))] == kept


def test_only_the_owners_executable_bit_counts(tmp_path: Path) -> None:
    folder = write(tmp_path / "src", {"app.py": b"x"})
    before = found(folder)
    (folder / "app.py").chmod(0o600)
    assert found(folder) == before
    (folder / "app.py").chmod(0o700)
    assert found(folder) != before


def test_links_are_followed_so_that_services_can_share_code(tmp_path: Path) -> None:
    write(tmp_path, {"shared/money.py": b"x", "src/app.py": b""})
    (tmp_path / "src/shared").symlink_to(tmp_path / "shared")
    (tmp_path / "src/one.py").symlink_to(tmp_path / "shared/money.py")
    assert [file.name for file in found(tmp_path / "src")] == ["app.py", "one.py", "shared/money.py"]


def test_what_cannot_be_in_an_artifact_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no"):
        found(tmp_path / "src")
    folder = write(tmp_path / "src", {"app.py": b""})
    (folder / "gone.py").symlink_to(tmp_path / "nowhere.py")
    with pytest.raises(UsageError, match=r"gone\.py \(a link to .*nowhere\.py\) cannot be read"):
        found(folder)
    (folder / "gone.py").unlink()
    (folder / "self").symlink_to(folder)
    with pytest.raises(UsageError, match="is a link to a folder that it stands in"):
        found(folder)
    (folder / "self").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder)
        listening.bind("socket")
        with pytest.raises(UsageError, match="neither a file nor a folder"):
            found(folder)


def test_a_handler_must_be_among_the_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"handler is other\.handler, but .*other\.py does not exist"):
        check_handler("a", tmp_path, "other.handler", {"app.py"})
    check_handler("a", tmp_path, "pack.sub.handler", {"pack/sub.py"})
    check_handler("a", tmp_path, "pack.handler", {"pack/__init__.py"})
