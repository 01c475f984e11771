"""Finding Terraform and its provider."""

from __future__ import annotations

import hashlib
import io
import os
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from lockgate.errors import LockgateError, RefusedError
from lockgate.plans import toolchain
from lockgate.plans.toolchain import GARBAGE_PERCENT, Toolchain, find_mirror
from tests.unit.plans.fake import FakeTerraform, add_mirror


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Terraform on the path, no mirror on the machine, Linux on x86."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("LOCKGATE_TERRAFORM", "LOCKGATE_PROVIDER_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(toolchain, "_MIRROR_ROOTS", (str(tmp_path / "opt"),))
    monkeypatch.setattr(toolchain.platform, "system", lambda: "Linux")
    monkeypatch.setattr(toolchain.platform, "machine", lambda: "x86_64")


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What the release server answers with, by its right checksum."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("LICENSE.txt", "")
        file.writestr("terraform", "#!/bin/sh\n")
    content = packed.getvalue()
    monkeypatch.setattr(toolchain, "CHECKSUMS", {"linux_amd64": hashlib.sha256(content).hexdigest()})
    monkeypatch.setattr(urllib.request, "urlopen", lambda _url, **_: io.BytesIO(content))
    return content


def test_terraform_on_the_path_is_taken(tmp_path: Path) -> None:
    fake = FakeTerraform(tmp_path / "bin")
    assert Toolchain.find(tmp_path).terraform == fake.path


@pytest.mark.parametrize("version", ["1.10.5", "2.0.0", "0.15.0"])
def test_one_that_does_not_fit_is_passed_over_for_the_pinned_release(
    tmp_path: Path, archive: bytes, version: str
) -> None:
    FakeTerraform(tmp_path / "bin").tell(version=version)
    found = Toolchain.find(tmp_path).terraform
    assert found == tmp_path / ".lockgate/bin/terraform-1.11.4"
    assert found.read_text() == "#!/bin/sh\n"
    assert os.access(found, os.X_OK)
    assert [path.name for path in found.parent.iterdir()] == [found.name]


def test_a_release_is_downloaded_once(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Toolchain.find(tmp_path)
    monkeypatch.setattr(urllib.request, "urlopen", None)
    assert Toolchain.find(tmp_path) == first


def test_an_archive_with_another_checksum_is_thrown_away(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain, "CHECKSUMS", {"linux_amd64": "0" * 64})
    with pytest.raises(LockgateError, match="does not have the pinned checksum"):
        Toolchain.find(tmp_path)
    assert not (tmp_path / ".lockgate/bin").exists()


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(_url: str, timeout: float) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(RefusedError, match=r"releases\.hashicorp\.com.*no route to host") as raised:
        Toolchain.find(tmp_path)
    assert "LOCKGATE_TERRAFORM" in raised.value.hint


def test_a_platform_without_a_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain.platform, "machine", lambda: "riscv64")
    with pytest.raises(RefusedError, match=r"no checksum .* linux_riscv64"):
        Toolchain.find(tmp_path)


@pytest.mark.parametrize("version", [None, "1.10.0"])
def test_a_named_terraform_must_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    named = tmp_path / "named" / "terraform"
    if version:
        FakeTerraform(named.parent).tell(version=version)
    monkeypatch.setenv("LOCKGATE_TERRAFORM", str(named))
    with pytest.raises(RefusedError, match=f"is not a Terraform from 1.11 on.*{version}"):
        Toolchain.find(tmp_path)


@pytest.mark.parametrize("entry", ["5.100.0/linux_amd64/x", "terraform-provider-aws_5.100.0_linux_amd64.zip"])
@pytest.mark.parametrize("depth", ["", "plugins", "terraform/plugins"])
def test_a_mirror_is_found_and_written_into_the_configuration(
    tmp_path: Path, fake: FakeTerraform, monkeypatch: pytest.MonkeyPatch, depth: str, entry: str
) -> None:
    monkeypatch.delenv("LOCKGATE_PROVIDER_MIRROR")
    mirror = add_mirror(tmp_path / "opt" / depth, entry)
    found = Toolchain.find(tmp_path)
    assert found.config is not None
    assert f'path    = "{mirror}"' in found.config.read_text()
    assert found.environment()["TF_CLI_CONFIG_FILE"] == str(found.config)


@pytest.mark.parametrize("entry", ["5.100.0/darwin_arm64/x", "terraform-provider-aws_5.100.0_linux_arm.zip"])
def test_a_mirror_for_another_platform_is_none(tmp_path: Path, entry: str) -> None:
    add_mirror(tmp_path / "opt", entry)
    assert find_mirror() is None


def test_without_a_mirror_the_users_own_configuration_stays(tmp_path: Path, fake: FakeTerraform) -> None:
    found = Toolchain.find(tmp_path)
    assert found.config is None
    assert "TF_CLI_CONFIG_FILE" not in found.environment()


def test_garbage_is_collected_less_often_unless_somebody_says_how_often(
    tmp_path: Path, fake: FakeTerraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    found = Toolchain.find(tmp_path)
    assert found.environment()["GOGC"] == GARBAGE_PERCENT
    monkeypatch.setenv("GOGC", "50")
    assert found.environment()["GOGC"] == "50"


def test_a_mirror_can_be_named_or_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_mirror(tmp_path / "opt")
    named = add_mirror(tmp_path / "named")
    monkeypatch.setenv("LOCKGATE_PROVIDER_MIRROR", str(named))
    assert find_mirror() == named
    monkeypatch.setenv("LOCKGATE_PROVIDER_MIRROR", "")
    assert find_mirror() is None
    monkeypatch.setenv("LOCKGATE_PROVIDER_MIRROR", str(tmp_path))
    with pytest.raises(RefusedError, match="has no registry"):
        find_mirror()
