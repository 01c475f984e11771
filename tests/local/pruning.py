"""`lockgate prune` some days later: nothing that is released in a test is old enough."""

from __future__ import annotations

import sys
from datetime import timedelta

from tests.local.release_world import ReleaseWorld

LATER = """
import sys
from datetime import timedelta
from lockgate import cli
from lockgate.commands import options, prune
later = options.now() + timedelta(days=float(sys.argv.pop(1)))
prune.now = lambda: later
sys.exit(cli.main())
"""


def prune(world: ReleaseWorld, *arguments: str, after: timedelta = timedelta(days=31)) -> str:
    """Runs `make prune` some days later; what it said."""
    days = str(after / timedelta(days=1))
    running = world.begin(sys.executable, "-c", LATER, days, "prune", "--env", "local", *arguments)
    assert running.ended() == 0, running.output
    return running.output
