"""A task runner whose tasks answer with the SHA-256 of a variable, which ECS has filled with a secret."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from localaws.tasks.runner import Container
from tests.local.http_tasks import Answers
from tests.local.image_tasks import ImageTasks

RUNNER = "tests.local.digest_tasks:DigestTasks"
VARIABLE = "SESSION_KEY"


class DigestTasks(ImageTasks):
    """Runs the first container of each task; one without the variable answers as its image says."""

    name = "digests"

    def answers(self, container: Container) -> Answers:
        """The image's answers, with another body."""
        found = super().answers(container)
        value = dict(container.environment).get(VARIABLE)
        return replace(found, body=hashlib.sha256(value.encode()).hexdigest()) if value else found
