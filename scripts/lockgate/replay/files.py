"""Rows in files: what a replay exports, and CSV tables of one's own.

A JSON file is a list of judgements as the ledger has them (`lockgate judge replay --save`). A CSV file has a
header and a line a period, oldest first, with the columns `canary_requests`, `canary_errors`,
`baseline_requests`, `baseline_errors`, and if there is latency `canary_latency_mean`,
`baseline_latency_mean`; an empty cell is a missing datapoint. A column `at` may have the start of the period.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lockgate.errors import UsageError
from lockgate.judge import Action, JudgePolicy, Look, Side
from lockgate.release.judgement import Conclusion, LookedAt, LookRecord, Setup, Stage
from lockgate.release.looks import Recorded

_COUNTS = ("requests", "errors")
_START = datetime(2000, 1, 1, tzinfo=UTC)
_PERIOD = timedelta(minutes=1)


def save(recorded: Iterable[Recorded], path: Path) -> None:
    """Writes judgements to a JSON file."""
    document = [
        {
            "setup": one.setup.model_dump(mode="json"),
            "looks": [look.model_dump(mode="json") for look in one.looks],
        }
        for one in recorded
    ]
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


def load(path: Path, weight: float) -> list[Recorded]:
    """Reads a JSON or CSV file.

    Args:
        path: ends in `.json` or `.csv`.
        weight: the canary's share of traffic, for CSV.

    Raises:
        UsageError: the file cannot be read; the message says where.
    """
    if path.suffix not in (".json", ".csv"):
        raise UsageError(f"{path}: neither .json nor .csv", hint="Name a file that ends in one of them.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", hint="Name a text file that exists.") from error
    return _from_json(path, text) if path.suffix == ".json" else [_from_csv(path, text, weight)]


def _from_json(path: Path, text: str) -> list[Recorded]:
    try:
        document = json.loads(text)
        if not isinstance(document, list):
            raise TypeError(f"a list is needed, not {type(document).__name__}")
        return [
            Recorded(
                Setup.model_validate_json(json.dumps(one["setup"])),
                [LookRecord.model_validate_json(json.dumps(look)) for look in one["looks"]],
            )
            for one in document
        ]
    except (ValueError, KeyError, TypeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, first["loc"])) + f": {first['msg']}" if first else f"{error}"
        raise UsageError(
            f"{path}: no record of judgements: {where}",
            hint="Make one with: lockgate judge replay --env ENV RELEASE --save FILE.json.",
        ) from error


def _from_csv(path: Path, text: str, weight: float) -> Recorded:
    lines = csv.DictReader(text.splitlines())
    needed = [f"{side}_{count}" for side in ("canary", "baseline") for count in _COUNTS]
    missing = [name for name in needed if name not in (lines.fieldnames or ())]
    if missing:
        raise UsageError(
            f"{path}:1: no column {missing[0]!r}; there are {', '.join(lines.fieldnames or ()) or 'none'}",
            hint=f"Give the columns {', '.join(needed)}.",
        )
    looks = [_look(path, number, line) for number, line in enumerate(lines, 2)]
    return one_look_a_row(path.stem, weight, looks)


def one_look_a_row(
    name: str,
    weight: float,
    looks: Iterable[Look],
    bounds: tuple[float, ...] | None = None,
    history: tuple[int, ...] | None = None,
) -> Recorded:
    """Rows of unknown time as if they had been looked at one a minute, with the default policy.

    Args:
        name: stands for the service.
        weight: the canary's share of traffic.
        looks: the rows, oldest first.
        bounds, history: frozen latency bounds, and the baseline's requests between them.
    """
    setup = Setup(
        service=name,
        stage=Stage.CANARY,
        since=_START,
        period=round(_PERIOD.total_seconds()),
        weight=weight,
        function="",
        alias="",
        canary="canary",
        baseline="baseline",
        policy=JudgePolicy(),
        bounds=bounds,
        history=history,
    )
    return Recorded(setup, [_look_record(name, number, look) for number, look in enumerate(looks, 1)])


def _look_record(name: str, number: int, look: Look) -> LookRecord:
    until = _START + number * _PERIOD
    return LookRecord(
        service=name,
        stage=Stage.CANARY,
        number=number,
        at=until,
        until=until,
        rows=(LookedAt(at=until - _PERIOD, look=look),),
        action=Action.CONTINUE,
        reason="",
        evidence={},
        conclusion=Conclusion.NOT_PROVEN,
    )


def _look(path: Path, number: int, line: dict[str, Any]) -> Look:
    try:
        return Look(_side(line, "canary"), _side(line, "baseline"))
    except ValueError as error:
        raise UsageError(f"{path}:{number}: {error}", hint="Correct the line.") from error


def _side(line: dict[str, Any], side: str) -> Side | None:
    requests, errors = ((line[f"{side}_{count}"] or "").strip() for count in _COUNTS)
    if not requests:
        return None
    mean = (line.get(f"{side}_latency_mean") or "").strip()
    return Side(
        _number(f"{side}_requests", requests),
        _number(f"{side}_errors", errors or "0"),
        latency_mean=float(mean) if mean else None,
    )


def _number(column: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{column} is {text!r}, not a whole number") from None
