"""Zips: the same bytes from the same names, contents and executable bits, and from nothing else."""

import io
import os
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import zips
from lockgate.packaging.zips import check_size, files_of, zipped

names = st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6})?\.(py|txt)", fullmatch=True)


def write(folder: Path, files: dict[str, bytes]) -> dict[str, Path]:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return {name: folder / name for name in files}


@settings(max_examples=50, deadline=None)
@given(files=st.dictionaries(names, st.binary(max_size=200), min_size=1, max_size=8), seed=st.integers())
def test_order_and_times_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], seed: int
) -> None:
    first = write(tmp_path_factory.mktemp("a"), files)
    shuffled = list(files.items())
    random.Random(seed).shuffle(shuffled)
    second = write(tmp_path_factory.mktemp("b"), dict(shuffled))
    for path in second.values():
        os.utime(path, (seed % 10**9, seed % 10**9))
    assert zipped(first) == zipped(second)


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_content_name_and_mode_matter(tmp_path: Path, change: str) -> None:
    files = write(tmp_path, {"app.py": b"x", "run.sh": b"y"})
    before = zipped(files)
    if change == "content":
        files["app.py"].write_bytes(b"z")
    if change == "mode":
        files["run.sh"].chmod(0o755)
    if change == "name":
        files["other.sh"] = files.pop("run.sh")
    assert zipped(files) != before


def test_the_umask_does_not_matter(tmp_path: Path) -> None:
    files = write(tmp_path, {"app.py": b"x"})
    before = zipped(files)
    files["app.py"].chmod(0o600)
    assert zipped(files) == before
    info = zipfile.ZipFile(io.BytesIO(before)).infolist()[0]
    assert info.external_attr >> 16 == 0o100644


def test_noise_is_left_out_and_sources_win_over_dependencies(tmp_path: Path) -> None:
    noise = [
        "__pycache__/app.cpython-312.pyc",
        "x.pyc",
        "requirements.txt",
        "requirements.in",
        "requirements-dev.txt",
    ]
    installers = ["RECORD", "INSTALLER", "REQUESTED", "direct_url.json"]
    write(tmp_path / "src", {"app.py": b"own", **dict.fromkeys(noise, b"")})
    write(
        tmp_path / "deps",
        {
            "app.py": b"theirs",
            "lib/a.py": b"",
            ".lock": b"",
            "lib-1.dist-info/METADATA": b"",
            **{f"lib-1.dist-info/{name}": b"" for name in installers},
        },
    )
    files = files_of("a", tmp_path / "src", "app.handler", tmp_path / "deps")
    assert sorted(files) == ["app.py", "lib-1.dist-info/METADATA", "lib/a.py"]
    assert files["app.py"].read_bytes() == b"own"


def test_a_file_that_only_looks_like_noise_is_kept(tmp_path: Path) -> None:
    kept = ["INSTALLER", "RECORD", "app.py", "data/requirements.txt"]
    write(tmp_path / "src", dict.fromkeys(kept, b""))
    assert sorted(files_of("a", tmp_path / "src", "app.handler", None)) == kept


def test_what_cannot_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        files_of("a", tmp_path / "src", "app.handler", None)
    write(tmp_path / "src", {"app.py": b""})
    with pytest.raises(UsageError, match=r"handler is other\.handler, but .*other\.py does not exist"):
        files_of("a", tmp_path / "src", "other.handler", None)


def test_what_lambda_would_not_take_is_refused_with_the_largest_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "_MAX_UNZIPPED", 3000)
    files = write(tmp_path, {"big/a.bin": b"a" * 4096, "app.py": b""})
    with pytest.raises(LockgateError, match=r"Largest: big 4 KiB, app\.py 0 KiB"):
        check_size("a", zipped(files), files)
