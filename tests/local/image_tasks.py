"""A task runner for machines without Docker that runs what was pushed.

It takes a task's image from the registry of the embedded AWS by digest, as an engine gets it, and answers
as `src/answer.json` in it says: `{"status": 200, "body": "..."}` on every path but `/healthz`, which has a
status of its own, `health`. An image of another registry answers 200.
"""

from __future__ import annotations

import io
import json
import tarfile

from localaws.lifecycle import PidRecord
from localaws.settings import HOST, Settings
from localaws.tasks.images import EcrImage, ImageError
from localaws.tasks.runner import Container, NotStartedError
from tests.local.http_tasks import Answers, HttpTasks

RUNNER = "tests.local.image_tasks:ImageTasks"


class ImageTasks(HttpTasks):
    """Runs the first container of each task, as an HTTP server in the process of the embedded AWS."""

    name = "images"

    def answers(self, container: Container) -> Answers:
        """What stands in the image."""
        image = EcrImage.parse(container.image)
        if image is None:
            return Answers("/healthz")
        record = PidRecord.read(Settings(home=self.home).pid_file)
        assert record is not None
        try:
            with image.archive(f"http://{HOST}:{record.port}") as path, tarfile.open(path) as archive:
                (known,) = json.loads(_read(archive, "manifest.json"))
                (layer,) = known["Layers"]
                with tarfile.open(fileobj=io.BytesIO(_read(archive, layer))) as files:
                    return Answers("/healthz", **json.loads(_read(files, "src/answer.json")))
        except ImageError as error:
            raise NotStartedError(f"CannotPullContainerError: {error}") from error


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()
