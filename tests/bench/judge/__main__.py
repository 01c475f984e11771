"""Makes the tables: `python -m tests.bench.judge --tables day,errors --runs 2000`."""

from __future__ import annotations

import argparse
import time

from tests.bench.judge.tables import SEED, TABLES


def main() -> None:
    """Prints the chosen tables as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.judge", description=main.__doc__)
    parser.add_argument("--tables", default=",".join(TABLES), help=f"of {', '.join(TABLES)}")
    parser.add_argument("--runs", type=int, default=500, help="releases a scenario (default: 500)")
    parser.add_argument(
        "--other-runs", type=int, default=100, help="of those, how many the other judges see (default: 100)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the first release (default: {SEED})")
    arguments = parser.parse_args()
    names = arguments.tables.split(",")
    if unknown := set(names) - set(TABLES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    for name in names:
        title, table = TABLES[name]
        begun = time.monotonic()
        print(f"### {title}\n\n{table(arguments.runs, arguments.other_runs, arguments.seed)}\n")
        command = f"python -m tests.bench.judge --tables {name} --runs {arguments.runs}"
        command += f" --other-runs {arguments.other_runs}"
        if arguments.seed != SEED:
            command += f" --seed {arguments.seed}"
        taken = time.monotonic() - begun
        print(f"`{command}`, seeds from {arguments.seed}, {taken:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
