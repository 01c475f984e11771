"""Packs `app.py` into the bootstrap zip, as base64, always with the same bytes.

Terraform cannot make a zip without a further provider, so the result is committed. Run it after a change of
`app.py`: `python terraform/modules/artifact-store/bootstrap/build.py`.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "app.py"
PACKED = HERE / "lambda-python.zip.b64"


def packed(source: bytes) -> str:
    """The zip of one `app.py` in base64: stored, dated 1980, readable by everybody."""
    entry = zipfile.ZipInfo("app.py", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(entry, source)
    return base64.b64encode(buffer.getvalue()).decode("ascii") + "\n"


if __name__ == "__main__":
    PACKED.write_text(packed(SOURCE.read_bytes()), encoding="ascii")
