"""Lock files: with hashes, and of what the service asks for."""

from pathlib import Path

import pytest

from lockgate.errors import UsageError
from lockgate.packaging.requirements import read_lock
from lockgate.packaging.target import Target

ARM = Target("python3.12", "arm64")
LOCKED = "pydantic-core==2.0 ; python_version >= '3.8' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n"


def source(tmp_path: Path, wanted: str | None, locked: str | None) -> Path:
    for name, text in (("requirements.in", wanted), ("requirements.txt", locked)):
        if text is not None:
            (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("locked", [None, "", "# nothing is needed\n"])
def test_a_service_may_need_nothing(tmp_path: Path, locked: str | None) -> None:
    assert read_lock("a", source(tmp_path, None, locked), ARM) is None


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "pydantic_core\n",
        "Pydantic.Core[extra]>=2,<3  # why\n-c other.txt\n",
        "pydantic-core\nwin ; sys_platform == 'win32'\nold ; python_version < '3.9'\n",
        "pydantic-core\nx86 ; platform_machine == 'x86_64'\n",
    ],
)
def test_a_lock_file_of_what_is_asked_for_is_taken(tmp_path: Path, wanted: str | None) -> None:
    lock = read_lock("a", source(tmp_path, wanted, LOCKED), ARM)
    assert lock is not None
    assert lock.text == LOCKED


@pytest.mark.parametrize(
    ("wanted", "locked", "message"),
    [
        ("requests\n", LOCKED, r"requests is missing, which .*requirements\.in asks for"),
        ("requests\n", None, r"requests is missing"),
        ("pydantic-core>=3\n", LOCKED, r"pydantic-core is 2\.0, but .* asks for pydantic-core>=3"),
        (None, "lib==1.0\n", r"lib has no hashes, so that what is installed could change"),
        (None, LOCKED + "lib==1.0\n", r"lib has no hashes"),
        ("what is this\n", LOCKED, r"'what is this' is not a requirement"),
    ],
)
def test_one_that_does_not_fit_is_refused(
    tmp_path: Path, wanted: str | None, locked: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        read_lock("orders", source(tmp_path, wanted, locked), ARM)
    assert raised.value.hint in ("Correct it.",) or "make lock SERVICE=orders" in raised.value.hint
