"""What a Dockerfile must hold before an image is built from it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import IO, cast

from dockerfile_parse import DockerfileParser

from lockgate.errors import UsageError

_PINNED = re.compile(r"^(?P<image>\S+?)@sha256:[0-9a-f]{64}$")
_FROM = re.compile(r"^(?:--platform=\S+\s+)?(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?$", re.IGNORECASE)


def base_images(path: Path) -> list[str]:
    """The images that a Dockerfile starts from, each with its digest; `scratch` and its own stages are none.

    A tag can be moved, so that the same Dockerfile would give another image tomorrow.

    Raises:
        UsageError: there is no Dockerfile, it starts from nothing, or an image is not pinned by digest.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="Write a Dockerfile there.") from error
    parser = DockerfileParser(fileobj=cast("IO[str]", io.BytesIO(text.encode())))
    found: list[str] = []
    stages: set[str] = {"scratch"}
    for instruction in parser.structure:
        if instruction["instruction"] != "FROM":
            continue
        where = f"{path}:{instruction['startline'] + 1}"
        parsed = _FROM.match(instruction["value"].strip())
        if parsed is None:
            raise UsageError(f"{where}: FROM {instruction['value']} is not understood", hint="Correct it.")
        image = parsed["image"]
        if image.lower() not in stages:
            found.append(_pinned(image, where))
        if parsed["stage"]:
            stages.add(parsed["stage"].lower())
    if not found and not any(each["instruction"] == "FROM" for each in parser.structure):
        raise UsageError(f"{path} has no FROM", hint="Start it from an image, pinned by digest.")
    return found


def _pinned(image: str, where: str) -> str:
    if _PINNED.match(image):
        return image
    if "$" in image:
        raise UsageError(
            f"{where}: {image} depends on an argument, so that it does not say which image is taken",
            hint="Name the image itself, with its digest.",
        )
    raise UsageError(
        f"{where}: {image} is not pinned by digest, so that the same sources could give another image",
        hint=f"Write {image.partition('@')[0]}@sha256:... instead; the digest is shown by "
        f"docker buildx imagetools inspect {image}",
    )
