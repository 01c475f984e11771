"""What a step of a workflow hands on: outputs to later steps, and a part of the job's summary.

GitHub names a file for each in the step's environment (Workflow commands for GitHub Actions, "Environment
files"). Outside of a workflow nothing is written.
"""

from __future__ import annotations

import os
from pathlib import Path

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary: GitHub drops a longer one whole ("Step isolation and limits")."""


def hand_on(**outputs: str) -> None:
    """Gives the step outputs, one line each.

    Raises:
        ValueError: a value has more than one line.
    """
    for name, value in outputs.items():
        if "\n" in value:
            raise ValueError(f"{name}: an output of one line is meant: {value!r}")
        _append("GITHUB_OUTPUT", f"{name}={value}\n")


def summarise(markdown: str) -> None:
    """Adds to the summary of the job."""
    _append("GITHUB_STEP_SUMMARY", f"{markdown.rstrip()}\n\n")


def _append(variable: str, text: str) -> None:
    named = os.environ.get(variable)
    if named:
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(text)
