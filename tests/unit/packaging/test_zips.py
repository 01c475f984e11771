"""Zips: the same bytes from the same names, contents and executable bits, and from nothing else."""

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import LockgateError
from lockgate.packaging import zips
from lockgate.packaging.zips import Entry, entries_of, written

names = st.from_regex(r"[a-zé]{1,6}(/[a-z]{1,6})?\.(py|txt)", fullmatch=True)
contents = st.tuples(st.booleans(), st.binary(max_size=300))


def entries(files: dict[str, tuple[bool, bytes]]) -> list[Entry]:
    return [Entry.of(name, executable, content) for name, (executable, content) in files.items()]


@settings(max_examples=100, deadline=None)
@given(files=st.dictionaries(names, contents, max_size=8), seed=st.integers())
def test_any_zip_is_one_that_others_read_and_its_order_does_not_matter(
    files: dict[str, tuple[bool, bytes]], seed: int
) -> None:
    data = written(entries(files))
    shuffled = list(files.items())
    random.Random(seed).shuffle(shuffled)
    assert written(entries(dict(shuffled))) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(files)
        for info in archive.infolist():
            executable, content = files[info.filename]
            assert archive.read(info) == content
            assert info.external_attr >> 16 == (0o100755 if executable else 0o100644)
            assert info.date_time == (1980, 1, 1, 0, 0, 0)


@given(files=st.dictionaries(names, contents, max_size=8))
def test_entries_are_taken_over_as_they_are(files: dict[str, tuple[bool, bytes]]) -> None:
    data = written(entries(files))
    assert written(entries_of(data)) == data
    assert [(e.name, e.size) for e in entries_of(data)] == [(n, len(files[n][1])) for n in sorted(files)]


@pytest.mark.parametrize(
    "other", [("app.py", False, b"z"), ("app.py", True, b"x"), ("other.py", False, b"x")]
)
def test_content_name_and_mode_matter(other: tuple[str, bool, bytes]) -> None:
    assert written([Entry.of("app.py", False, b"x")]) != written([Entry.of(*other)])


def test_more_files_than_the_format_counts_are_refused() -> None:
    with pytest.raises(LockgateError, match="65,536 files are more than"):
        written(zips.Entry(f"{n}", False, 0, 0, b"") for n in range(65_536))
