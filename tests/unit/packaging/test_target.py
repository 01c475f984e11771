"""What artifacts are built for: what is declared, or this machine."""

import platform
import sys

import pytest

from lockgate.config import Environment, LambdaService
from lockgate.packaging.target import Target

SERVICE = LambdaService(kind="lambda")
REAL = Environment(account_id="111111111111")
HOST = Environment(account_id="111111111111", endpoint_url="http://127.0.0.1:4566", build_for="host")


def test_what_is_declared_is_built_for() -> None:
    for target in (Target.of(SERVICE), Target.of(SERVICE, REAL)):
        assert str(target) == "python3.12 on arm64"
        wanted = ["--python-platform", "aarch64-manylinux_2_34", "--python-version", "3.12"]
        assert target.installer_options == wanted


@pytest.mark.parametrize(
    ("machine", "named"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_a_laptop_that_runs_the_functions_is_built_for(
    monkeypatch: pytest.MonkeyPatch, machine: str, named: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    target = Target.of(SERVICE, HOST)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert str(target) == f"python{version} on {named} (this machine)"
    assert target.installer_options == ["--python", sys.executable]
    assert target.python == version


def test_libraries_of_another_system_are_only_known_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    mach_o = b"\xcf\xfa\xed\xfe"
    assert not Target.of(SERVICE).runs("a.so", mach_o)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Target.of(SERVICE, HOST).runs("a.so", mach_o)
    assert not Target.of(SERVICE).runs("a.so", mach_o)
