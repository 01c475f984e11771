"""Several plans at a time."""

from __future__ import annotations

import pytest

from lockgate.plans.several import MOST, at_a_time

GIGABYTE = 1e9


@pytest.mark.parametrize(
    ("processors", "memory", "wanted"),
    [(1, 24, 1), (2, 24, 2), (2, 2, 1), (2, 0.1, 1), (64, 64, MOST), (8, 4.6, 3)],
)
def test_as_many_as_the_machine_takes(processors: int, memory: float, wanted: int) -> None:
    assert at_a_time(processors, memory * GIGABYTE) == wanted
