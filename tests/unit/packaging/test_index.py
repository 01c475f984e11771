"""The index of digests: an unchanged file is not read, and a changed one never taken for an unchanged one."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from lockgate.packaging import index as module
from lockgate.packaging.index import Index


def digest(index: Index, path: Path) -> str:
    return index.sha256(str(path), path.stat())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that was changed long enough ago to be remembered."""
    monkeypatch.setattr(module, "_SETTLED_NS", -(10**9))
    path = tmp_path / "app.py"
    path.write_bytes(b"one")
    return path


def test_what_was_saved_is_not_read_again(tmp_path: Path, settled: Path) -> None:
    index = Index.load(tmp_path / "cache/index.json")
    assert digest(index, settled) == sha256(b"one")
    index.save()
    (tmp_path / "cache/index.json").write_text(
        (tmp_path / "cache/index.json").read_text().replace("7692", "ffff")
    )
    assert digest(Index.load(tmp_path / "cache/index.json"), settled).startswith("ffff")


def test_a_change_that_hides_its_time_is_seen(tmp_path: Path, settled: Path) -> None:
    index = Index(tmp_path / "index.json")
    digest(index, settled)
    before = settled.stat()
    time.sleep(0.02)
    settled.write_bytes(b"two")
    os.utime(settled, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert settled.stat().st_mtime_ns == before.st_mtime_ns
    assert digest(index, settled) == sha256(b"two")


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"one")
    index = Index(tmp_path / "index.json")
    assert digest(index, path) == sha256(b"one")
    index.save()
    assert not (tmp_path / "index.json").exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "nonsense", '{"app.py": [1]}', '{"app.py": 5}', '{"a": "xxxxx"}']
)
def test_an_index_that_cannot_be_read_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "index.json").write_text(content)
    assert Index.load(tmp_path / "index.json") == Index(tmp_path / "index.json")


def test_files_that_are_gone_are_forgotten(tmp_path: Path, settled: Path) -> None:
    index = Index(tmp_path / "index.json")
    digest(index, settled)
    settled.unlink()
    index.save()
    assert json.loads((tmp_path / "index.json").read_text()) == {}
    assert not index.holds(settled, sha256(b"one"))
