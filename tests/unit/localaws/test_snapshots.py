"""What is on disk when the process dies in the middle of saving."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localaws.snapshots import Snapshots


def test_who_dies_while_saving_leaves_no_codedeploy_that_knows_more_than_the_rest(
    tmp_path: Path,
) -> None:
    class Killed(BaseException):
        """The process has died here."""

    world = {"alias": 1, "codedeploy": 1}
    codedeploy: Any = SimpleNamespace(name="codedeploy", snapshot=lambda: world["codedeploy"])

    def alias() -> bytes:
        return str(world["alias"]).encode()

    def killed() -> bytes:
        raise Killed

    asyncio.run(Snapshots(tmp_path, [codedeploy], lambda: {"lambda": alias}).save())
    world |= {"alias": 2, "codedeploy": 2}
    dying = Snapshots(tmp_path, [codedeploy], lambda: {"lambda": alias, "next": killed})
    with pytest.raises(Killed):
        asyncio.run(dying.save())
    found = [(tmp_path / name).read_text() for name in ("lambda.json", "localaws-codedeploy.json")]
    assert found == ["2", "1"]
