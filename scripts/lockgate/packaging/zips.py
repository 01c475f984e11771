"""Zips that depend on nothing but the names, contents and executable bits of the files in them.

The container is written here rather than by `zipfile`, for two reasons (docs/decisions/0014): compressed
entries can be taken over from one zip into another, so that dependencies which fifty functions share are
compressed once; and the compressor is a pinned library, where `zipfile` takes the zlib of the machine, whose
output differs between zlib and zlib-ng. The format is PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deflate import crc32, deflate_compress

from lockgate.errors import LockgateError

LEVEL = 6

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_UNIX = 3 << 8
_UTF8 = 1 << 11
_DEFLATED = 8
_TIME, _DATE = 0, 1 << 5 | 1
"""Midnight of the first day that the format knows: 1 January 1980."""
_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a zip, compressed.

    Attributes:
        name: with `/` between folders.
        executable: 0755 when it is, 0644 when not.
        crc: CRC-32 of the content.
        size: bytes of the content.
        deflated: the content, compressed.
    """

    name: str
    executable: bool
    crc: int
    size: int
    deflated: bytes | memoryview

    @classmethod
    def of(cls, name: str, executable: bool, content: bytes) -> Entry:
        """Compresses a file."""
        return cls(name, executable, crc32(content), len(content), bytes(deflate_compress(content, LEVEL)))


def written(entries: Iterable[Entry]) -> bytes:
    """The bytes of a zip with these entries, sorted by name.

    Raises:
        LockgateError: there are more entries than the format counts without its 64-bit extension.
    """
    result, directory, count = bytearray(), bytearray(), 0
    for entry in sorted(entries, key=lambda entry: entry.name):
        name = entry.name.encode()
        flags = 0 if name.isascii() else _UTF8
        common = (_VERSION, flags, _DEFLATED, _TIME, _DATE, entry.crc, len(entry.deflated), entry.size)
        mode = (0o100755 if entry.executable else 0o100644) << 16
        place = len(result)
        result += _LOCAL.pack(b"PK\3\4", *common, len(name), 0) + name
        result += entry.deflated
        directory += _CENTRAL.pack(b"PK\1\2", _UNIX | _VERSION, *common, len(name), 0, 0, 0, 0, mode, place)
        directory += name
        count += 1
    if count > _MOST:
        raise LockgateError(
            f"{count:,} files are more than a zip for Lambda can hold ({_MOST:,})",
            hint="Leave files out, or ship them in a container.",
        )
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(result), 0)
    return bytes(result + directory + end)


def entries_of(data: bytes) -> Iterator[Entry]:
    """The entries of a zip that `written` made, still compressed."""
    whole = memoryview(data)
    _, _, _, count, _, _, place, _ = _END.unpack_from(data, len(data) - _END.size)
    for _ in range(count):
        fields = _CENTRAL.unpack_from(data, place)
        crc, compressed, size, length = fields[7:11]
        mode, start = fields[-2] >> 16, fields[-1] + _LOCAL.size + length
        name = bytes(whole[place + _CENTRAL.size : place + _CENTRAL.size + length]).decode()
        yield Entry(name, bool(mode & 0o100), crc, size, whole[start : start + compressed])
        place += _CENTRAL.size + length
