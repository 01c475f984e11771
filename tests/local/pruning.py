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


MONTH = timedelta(days=31)


def prune(world: ReleaseWorld, *arguments: str, after: timedelta = MONTH) -> str:
    """Runs `make prune ENV=local` some days later; what it said."""
    return prune_of(world, "--env", "local", *arguments, after=after)


def prune_of(world: ReleaseWorld, *arguments: str, after: timedelta = MONTH, expect: int = 0) -> str:
    """Runs `lockgate prune ...` some days later; what it said."""
    days = str(after / timedelta(days=1))
    running = world.begin(sys.executable, "-c", LATER, days, "prune", *arguments)
    assert running.ended() == expect, running.output
    return running.output
