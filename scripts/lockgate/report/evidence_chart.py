"""The evidence of a judgement as a chart: bars on a terminal, and an SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from rich.table import Table

from lockgate.judge import Action, Look, Side
from lockgate.replay.verdicts import Step

_BAR = 24
_LEAST = 0.01
"""Evidence below this is drawn at the bottom: it says that the release is fine, and how much is no matter."""


def table(title: str, steps: Sequence[Step]) -> Table:
    """One line a look: both sides, the roll-back evidence as a bar up to what is needed, and what follows."""
    drawn = Table(title=title, title_justify="left")
    for column in ("look", "canary", "baseline", "evidence to roll back", "weakest proof", ""):
        drawn.add_column(column, no_wrap=True)
    for step in steps:
        total = step.verdict.evidence["total"]
        proofs = [value for name, value in step.verdict.evidence.items() if name.startswith("proof")]
        weakest = min(proofs, key=lambda proof: proof.value / proof.needed)
        drawn.add_row(
            str(step.number),
            _counts(step.row.canary if step.row else None),
            _counts(step.row.baseline if step.row else None),
            f"{_bar(total.value, total.needed)} {total.value:,.3g}",
            f"{weakest.value:,.3g} of {weakest.needed:g}",
            _mark(step),
        )
    return drawn


def _counts(side: Side | None) -> str:
    return "no data" if side is None else f"{side.errors}/{side.requests}"


def _share(value: float, needed: float) -> float:
    """Place of an e-value between `_LEAST` and what is needed, on a log scale, from 0 to 1."""
    low, high = math.log(_LEAST), math.log(needed)
    return min(max((math.log(max(value, _LEAST)) - low) / (high - low), 0.0), 1.0)


def _bar(value: float, needed: float) -> str:
    filled = math.floor(_share(value, needed) * _BAR)
    return "█" * filled + "·" * (_BAR - filled)


def _mark(step: Step) -> str:
    marks = {Action.ROLLBACK: "roll back", Action.PROMOTE: "proven good", Action.CONTINUE: ""}
    return marks[step.verdict.action]


# --- SVG ---------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _GAP = 860, 190, 70, 170, 44
_COLOURS = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#57606a", "#0a7ea4")


def svg(title: str, steps: Sequence[Step]) -> str:
    """Three panels over the looks: failed requests, evidence to roll back, and proof, as one SVG document.

    Raises:
        ValueError: there is no look to draw.
    """
    if not steps:
        raise ValueError("there is no look to draw")
    panels = [
        ("failed requests, %", _error_rates([step.row for step in steps]), None),
        ("evidence to roll back", _evidence(steps, proof=False), steps[0].verdict.evidence["total"].needed),
        ("proof that it is good", _evidence(steps, proof=True), _proof_needed(steps)),
    ]
    height = 40 + len(panels) * (_HEIGHT + _GAP)
    root = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        style="font: 12px sans-serif; background: #fff",
        role="img",
    )
    ET.SubElement(root, "title").text = title
    _text(root, _LEFT, 22, title, weight="bold")
    for place, (name, lines, needed) in enumerate(panels):
        _panel(root, 46 + place * (_HEIGHT + _GAP), name, lines, needed, len(steps))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _error_rates(rows: Sequence[Look | None]) -> dict[str, list[float | None]]:
    return {
        "canary": [_rate(row.canary if row else None) for row in rows],
        "baseline": [_rate(row.baseline if row else None) for row in rows],
    }


def _rate(side: Side | None) -> float | None:
    return 100.0 * side.errors / side.requests if side and side.requests else None


def _evidence(steps: Sequence[Step], *, proof: bool) -> dict[str, list[float | None]]:
    names = [name for name in steps[-1].verdict.evidence if name.startswith("proof of ") == proof]
    return {
        name.removeprefix("proof of "): [
            step.verdict.evidence[name].value if name in step.verdict.evidence else None for step in steps
        ]
        for name in names
    }


def _proof_needed(steps: Sequence[Step]) -> float:
    return steps[-1].verdict.evidence["proof of errors"].needed


def _panel(
    root: ET.Element,
    top: float,
    name: str,
    lines: dict[str, list[float | None]],
    needed: float | None,
    count: int,
) -> None:
    """One panel; with `needed` its scale is logarithmic, from `_LEAST` to ten times what is needed."""
    known = [value for line in lines.values() for value in line if value is not None]
    largest = max([*known, 1e-9]) if needed is None else 10.0 * needed
    right = _WIDTH - _RIGHT

    def x(number: int) -> float:
        return _LEFT + (right - _LEFT) * number / max(count - 1, 1)

    def y(value: float) -> float:
        share = value / largest if needed is None else _share(value, largest)
        return top + _HEIGHT * (1.0 - min(share, 1.0))

    ET.SubElement(
        root,
        "rect",
        x=f"{_LEFT}",
        y=f"{top:.1f}",
        width=f"{right - _LEFT}",
        height=f"{_HEIGHT}",
        fill="none",
        stroke="#d0d7de",
    )
    _text(root, _LEFT, top - 6, name)
    for mark in _marks(largest, needed):
        _text(root, _LEFT - 6, y(mark) + 4, f"{mark:g}", anchor="end", colour="#57606a")
    if needed is not None:
        _line(root, [(_LEFT, y(needed)), (right, y(needed))], "#cf222e", dash="5 4")
        _text(root, right - 6, y(needed) - 5, f"needed: {needed:g}", anchor="end", colour="#cf222e")
    for place, (label, line) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        for part in _parts(line):
            _line(root, [(x(number), y(value)) for number, value in part], colour)
        _text(root, right + 8, top + 30 + 16 * place, f"— {label}", colour=colour)
    _text(root, right, top + _HEIGHT + 15, f"look {count}", anchor="end", colour="#57606a")
    _text(root, _LEFT, top + _HEIGHT + 15, "look 1", colour="#57606a")


def _marks(largest: float, needed: float | None) -> Iterable[float]:
    if needed is None:
        return (0.0, float(f"{largest / 2:.2g}"), float(f"{largest:.3g}"))
    return [10.0**power for power in range(-2, math.floor(math.log10(largest)) + 1)]


def _parts(line: Sequence[float | None]) -> Iterable[list[tuple[int, float]]]:
    """The stretches of a line between missing values."""
    part: list[tuple[int, float]] = []
    for number, value in enumerate(line):
        if value is not None:
            part.append((number, value))
        elif part:
            yield part
            part = []
    if part:
        yield part


def _line(
    root: ET.Element, points: Sequence[tuple[float, float]], colour: str, dash: str | None = None
) -> None:
    drawn = [*points, points[-1]] if len(points) == 1 else points
    attributes = {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn),
        "fill": "none",
        "stroke": colour,
        "stroke-width": "1.6",
        "stroke-linecap": "round",
    }
    if dash:
        attributes["stroke-dasharray"] = dash
    ET.SubElement(root, "polyline", attributes)


def _text(
    root: ET.Element,
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = "#1f2328",
    weight: str = "normal",
) -> None:
    attributes = {
        "x": f"{x:.1f}",
        "y": f"{y:.1f}",
        "text-anchor": anchor,
        "fill": colour,
        "font-weight": weight,
    }
    ET.SubElement(root, "text", attributes).text = words
