"""What every test begins with."""

from __future__ import annotations

import os
import sys

import psutil

from lockgate.processes.several import processors

_MEMORY_EACH = 2e9
"""Bytes for a worker: a Terraform with its provider, an embedded AWS, and the test."""

# Where somebody keeps Python from writing bytecode, each of the many commands that tests run would compile
# all that it imports anew, which is half of what a short one takes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers() -> int:
    """Workers for `-n auto`: one more than processors, since flows wait for AWS's minutes and for the pauses
    of Terraform's provider, as far as memory goes."""
    memory = int(psutil.virtual_memory().available // _MEMORY_EACH)
    return max(1, min(memory, processors() + 1))
