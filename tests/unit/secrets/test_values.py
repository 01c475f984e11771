"""A value is taken byte for byte, without one newline at its end, or refused without being quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.config.secrets import Store
from lockgate.errors import UsageError
from lockgate.secrets.values import SecretValue, check_size, piped

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)


@given(TEXT)
def test_all_of_it_is_the_value_but_one_newline(text: str) -> None:
    value = piped(f"{text}\n".encode())
    assert (value.text, value.newline_dropped) == (text, True)
    exactly = piped(text.encode())
    assert exactly.text == text.removesuffix("\n")
    assert exactly.newline_dropped is text.endswith("\n")


@pytest.mark.parametrize(
    ("data", "kept"),
    [(b" x ", " x "), (b"x\n\n", "x\n"), (b"x\r\n", "x\r"), (b"\nx", "\nx"), (b"\xef\xbb\xbfx", "\ufeffx")],
)
def test_nothing_else_is_trimmed(data: bytes, kept: str) -> None:
    assert piped(data).text == kept


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hunter2\xff", "is not UTF-8"),
        (b"hunter2\0", "zero byte"),
        (b"hunter2" * 10_000, "more than 65,536"),
    ],
)
def test_what_is_no_text_or_far_too_long_is_refused_unquoted(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        piped(data)
    assert "hunter2" not in f"{raised.value.message}{raised.value.hint}"
    assert raised.value.__cause__ is None


def test_a_value_is_not_in_its_repr() -> None:
    assert "hunter2" not in repr(SecretValue("hunter2"))


@pytest.mark.parametrize(("store", "most"), [("secrets_manager", 65_536), ("parameter_store", 8_192)])
def test_a_store_takes_so_many_bytes(store: Store, most: int) -> None:
    check_size(piped(b"x" * most + b"\n"), store)
    check_size(SecretValue("ä" * (most // 2)), store)
    with pytest.raises(UsageError, match=f"{most + 1:,} bytes; .* takes {most:,}"):
        check_size(SecretValue("x" * (most + 1)), store)
    with pytest.raises(UsageError, match=f"{most + 2:,} bytes"):
        check_size(SecretValue("ä" * (most // 2 + 1)), store)


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_nothing_is_no_value(data: bytes) -> None:
    with pytest.raises(UsageError, match="empty"):
        check_size(piped(data), "secrets_manager")
