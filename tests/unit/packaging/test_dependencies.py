"""Dependencies: what is asked of the installer, and that what it leaves is whole and right."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import uv

from lockgate.errors import LockgateError
from lockgate.packaging import dependencies as module
from lockgate.packaging.dependencies import Dependencies, Installed, Package, installed
from lockgate.packaging.requirements import Lock
from lockgate.packaging.target import Target
from tests.unit.packaging.fake_uv import FILES, METADATA, FakeUv

ARM = Target("python3.12", "arm64")
NAMES = ["lib-1.0.dist-info/METADATA", "lib/__init__.py"]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeUv:
    made = FakeUv(tmp_path)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(made.path))
    return made


def wanted(text: str = "lib==1.0 --hash=sha256:00\n", target: Target = ARM, *sources: str) -> Dependencies:
    return Dependencies.of(Lock(Path("src/requirements.txt"), text), target, list(sources))


def names(found: Installed) -> list[str]:
    return [entry.name for entry in found.entries]


@pytest.mark.parametrize(
    ("architecture", "platform"), [("arm64", "aarch64-manylinux_2_34"), ("x86_64", "x86_64-manylinux_2_34")]
)
def test_wheels_are_for_where_the_function_runs(
    tmp_path: Path, fake: FakeUv, architecture: str, platform: str
) -> None:
    found = installed(tmp_path / "cache", wanted(target=Target("python3.12", architecture)))
    assert names(found) == NAMES
    assert found.packages == (Package(name="lib-one", version="1.0", license="MIT", is_spdx=True),)
    (call,) = fake.calls
    assert call[call.index("--python-platform") + 1] == platform
    assert call[call.index("--python-version") + 1] == "3.12"
    assert {"--require-hashes", "--no-deps", "--no-compile-bytecode"} < set(call)
    assert call[call.index("--only-binary") + 1] == ":all:"
    assert "--no-binary" not in call


def test_a_source_distribution_is_built_only_where_it_is_named(tmp_path: Path, fake: FakeUv) -> None:
    installed(tmp_path / "cache", wanted("x", ARM, "Old_Thing"))
    (call,) = fake.calls
    assert call[call.index("--no-binary") + 1] == "old-thing"


def test_the_same_lock_file_is_installed_once(tmp_path: Path, fake: FakeUv) -> None:
    first = installed(tmp_path / "cache", wanted())
    second = installed(tmp_path / "cache", wanted())
    assert (names(second), second.packages) == (names(first), first.packages)
    assert [bytes(entry.deflated) for entry in second.entries] == [e.deflated for e in first.entries]
    assert len(fake.calls) == 1


def test_what_matters_is_installed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        wanted().key,
        wanted("lib==1.1 --hash=sha256:00\n").key,
        wanted(target=Target("python3.12", "x86_64")).key,
        wanted(target=Target("python3.13", "arm64")).key,
        wanted("lib==1.0 --hash=sha256:00\n", ARM, "lib").key,
    }
    monkeypatch.setattr(module, "builder", lambda: "another uv")
    assert len({*keys, wanted().key}) == 6


def test_noise_of_the_installer_is_left_out(tmp_path: Path, fake: FakeUv) -> None:
    noise = ["RECORD", "INSTALLER", "REQUESTED", "direct_url.json"]
    extra = {f"lib-1.0.dist-info/{name}": b"" for name in noise}
    fake.will(files={**FILES, **extra, ".lock": b"", "lib/__pycache__/a.pyc": b"", "lib/RECORD": b""})
    assert names(installed(tmp_path / "cache", wanted())) == [*NAMES[:1], "lib/RECORD", *NAMES[1:]]


def test_what_the_installer_says_is_passed_on_and_nothing_half_done_stays(
    tmp_path: Path, fake: FakeUv
) -> None:
    fake.will(fail=True)
    with pytest.raises(LockgateError, match=r"python3\.12 on arm64:\nerror: no wheel of lib"):
        installed(tmp_path / "cache", wanted())
    assert list((tmp_path / "cache").iterdir()) == []
    fake.will()
    assert names(installed(tmp_path / "cache", wanted())) == NAMES


@pytest.mark.parametrize("suffix", [".zip", ".json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"nonsense"])
def test_a_damaged_entry_of_the_cache_is_made_anew(
    tmp_path: Path, fake: FakeUv, suffix: str, content: bytes | None
) -> None:
    installed(tmp_path / "cache", wanted())
    path = tmp_path / "cache" / f"{wanted().key}{suffix}"
    path.unlink() if content is None else path.write_bytes(content)
    assert names(installed(tmp_path / "cache", wanted())) == NAMES
    assert len(fake.calls) == 2


def test_one_flipped_bit_in_the_cache_is_noticed(tmp_path: Path, fake: FakeUv) -> None:
    first = installed(tmp_path / "cache", wanted())
    path = tmp_path / "cache" / f"{wanted().key}.zip"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    second = installed(tmp_path / "cache", wanted())
    assert [bytes(e.deflated) for e in second.entries] == [bytes(e.deflated) for e in first.entries]
    assert len(fake.calls) == 2


def _elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(40)


@pytest.mark.parametrize(
    ("name", "data", "fits"),
    [
        ("lib/a.so", _elf(0xB7), True),
        ("lib/a.so", _elf(0x3E), False),
        ("lib/a.so", b"\xcf\xfa\xed\xfe", False),
        ("lib/liba.so.1", _elf(0x3E), False),
        ("lib/a.so.py", b"x = 1", True),
        ("lib/a.py", _elf(0x3E), True),
    ],
)
def test_a_library_for_another_machine_is_refused(
    tmp_path: Path, fake: FakeUv, name: str, data: bytes, fits: bool
) -> None:
    fake.will(files={**FILES, name: data})
    if fits:
        assert name in names(installed(tmp_path / "cache", wanted()))
    else:
        with pytest.raises(LockgateError, match=f"{name} cannot be loaded by python3.12 on arm64"):
            installed(tmp_path / "cache", wanted())
        assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "license"),
    [
        (b"License: Apache 2\n", "Apache 2"),
        (b"License: " + b"x" * 90 + b"\nClassifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        (b"License: UNKNOWN\n", None),
    ],
)
def test_licences_are_read_where_packages_say_them(
    tmp_path: Path, fake: FakeUv, headers: bytes, license: str | None
) -> None:
    metadata = METADATA.replace(b"License-Expression: MIT\n", headers)
    fake.will(files={"lib-1.0.dist-info/METADATA": metadata})
    (package,) = installed(tmp_path / "cache", wanted()).packages
    assert (package.license, package.is_spdx) == (license, False)


def test_two_builds_at_once_do_no_harm(tmp_path: Path, fake: FakeUv) -> None:
    found: list[list[str]] = []
    builds = [
        threading.Thread(target=lambda: found.append(names(installed(tmp_path / "cache", wanted()))))
        for _ in range(4)
    ]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    assert found == [NAMES] * 4
    assert len(list((tmp_path / "cache").iterdir())) == 2
