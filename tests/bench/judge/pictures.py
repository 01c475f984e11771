"""Draws the pictures of docs/judge.md: `python -m tests.bench.judge.pictures`."""

from __future__ import annotations

from pathlib import Path

from lockgate.judge import JudgePolicy
from lockgate.release.looks import Recorded
from lockgate.replay.files import one_look_a_row
from lockgate.replay.verdicts import replayed
from lockgate.report.evidence_chart import svg
from tests.bench.judge.traffic import Scenario, simulate

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
SEED = 20260000

PICTURES = {
    "judge-errors": Scenario("Five times the errors, from 1 %", base=0.01, ratio=5.0, minutes=15),
    "judge-good": Scenario("A good release, 1,200 requests a minute", rpm=1200, minutes=30),
    "judge-outage": Scenario(
        "Both versions suffer from the same outage, minutes 11 to 20", minutes=40, outage=(10, 10, 30.0, 3.0)
    ),
}


def recorded(scenario: Scenario) -> Recorded:
    """One simulated canary as the ledger would have it, one look a minute."""
    run = simulate(scenario, SEED)
    looks = run.looks(JudgePolicy().tau)
    return one_look_a_row(scenario.name, scenario.weight, looks, run.bounds, run.history)


def main() -> None:
    """Writes every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, scenario in PICTURES.items():
        path = FOLDER / f"{name}.svg"
        path.write_text(svg(scenario.name, list(replayed(recorded(scenario)))), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
