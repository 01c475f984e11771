"""How many stacks are planned at a time."""

from __future__ import annotations

MOST = 4
"""Plans at a time on any machine: more wait for the same AWS."""

_MEMORY_EACH = 1.5e9
"""Bytes that one plan takes: Terraform, and a provider process of 750 MB with what it reads."""


def at_a_time(processors: int, memory: float) -> int:
    """How many plans run side by side without slowing each other down.

    Args:
        processors: that this process may use; a provider keeps one busy.
        memory: bytes that are free.
    """
    return max(1, min(MOST, processors, int(memory // _MEMORY_EACH)))
