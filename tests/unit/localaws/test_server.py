"""What the server says of requests that an SDK sends again."""

import asyncio
import logging
from typing import Any

import pytest

from localaws.server import Application


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (b"attempt=2; max=25", ["AmazonSSM.PutParameter comes again (attempt=2; max=25)"]),
        (b"attempt=1; max=25", []),
        (b"attempt=1", []),
        (b"", []),
    ],
)
def test_a_request_that_comes_again_is_logged(
    caplog: pytest.LogCaptureFixture, attempt: bytes, said: list[str]
) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        assert scope["path"] == "/"

    headers = [(b"amz-sdk-request", attempt), (b"x-amz-target", b"AmazonSSM.PutParameter")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    caplog.set_level(logging.INFO)
    asyncio.run(Application(inner, dict, lambda: None)(scope, None, None))
    assert [record.getMessage() for record in caplog.records if "comes again" in record.getMessage()] == said
