"""Images of the embedded registry, for an engine that knows no such registry.

An engine would look for `<account>.dkr.ecr.<region>.amazonaws.com` on AWS. So the server reads an image from
itself and hands it over as an archive, which an engine on another machine takes as well.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

_REFERENCE = re.compile(
    r"(?P<host>\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)/(?P<name>[^@:]+)@(?P<digest>sha256:[0-9a-f]{64})"
)
_SECONDS = 60.0


class ImageError(RuntimeError):
    """The registry does not give an image; says why."""


@dataclass(frozen=True)
class EcrImage:
    """An image that a task definition names by digest in some account's registry.

    Attributes:
        host: of the registry, which says whose it is.
        name: of the repository.
        digest: of the manifest.
    """

    host: str
    name: str
    digest: str

    @classmethod
    def parse(cls, image: str) -> Self | None:
        """What a task definition names, where it is one of these."""
        found = _REFERENCE.fullmatch(image)
        return cls(**found.groupdict()) if found else None

    @property
    def tag(self) -> str:
        """What the engine calls it: archives for `docker load` have tags and no digests."""
        return f"{self.host}/{self.name}:{self.digest.removeprefix('sha256:')}"

    @contextmanager
    def archive(self, endpoint: str) -> Iterator[Path]:
        """It as an archive for `docker load`, until the block ends.

        Layers stay compressed, which `docker load` takes (Docker Engine API, "Load images").

        Args:
            endpoint: URL of the embedded AWS.

        Raises:
            ImageError: the registry has not all of it, or it is an index of several images.
        """
        manifest = json.loads(self._read(endpoint, "manifests", self.digest))
        if "layers" not in manifest:
            raise ImageError(f"{self.tag} is an index of images, of which the engine would have to choose")
        config = manifest["config"]["digest"]
        layers = [layer["digest"] for layer in manifest["layers"]]
        with tempfile.TemporaryDirectory(prefix="image-") as name:
            path = Path(name) / "image.tar"
            with tarfile.open(path, "w") as tar:
                for digest in dict.fromkeys([config, *layers]):
                    with self._blob(endpoint, digest) as blob:
                        _add(tar, _file(digest), blob)
                known = {
                    "Config": _file(config),
                    "RepoTags": [self.tag],
                    "Layers": [_file(digest) for digest in layers],
                }
                _add(tar, "manifest.json", io.BytesIO(json.dumps([known]).encode()))
            yield path

    def _read(self, endpoint: str, kind: str, digest: str) -> bytes:
        with self._open(endpoint, kind, digest) as answer:
            content: bytes = answer.read()
            return content

    @contextmanager
    def _blob(self, endpoint: str, digest: str) -> Iterator[IO[bytes]]:
        with tempfile.TemporaryFile() as file:
            with self._open(endpoint, "blobs", digest) as answer:
                shutil.copyfileobj(answer, file)
            yield file

    def _open(self, endpoint: str, kind: str, digest: str) -> Any:
        url = f"{endpoint}/v2/{self.name}/{kind}/{digest}"
        request = urllib.request.Request(url, headers={"Host": self.host})
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return direct.open(request, timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            raise ImageError(f"{self.host}/{self.name} has no {digest} ({error.code})") from error
        except OSError as error:
            raise ImageError(f"{self.host}/{self.name}: {error}") from error


def _file(digest: str) -> str:
    return digest.replace(":", "-")


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    tar.addfile(info, content)
