"""checkov, imported once and forked for each scan. Runs in checkov's own environment, where nothing else is.

Usage: python forks.py MOST, with a line of JSON for each scan on standard input:
{"number": 1, "folder": "...", "arguments": ["--framework", "terraform"], "said": "...", "errors": "..."}

checkov looks at `folder`, and writes into the files `said` and `errors`. Each scan that has ended is a line
of JSON on standard output, {"number": 1, "code": 0}; the end of the input is the end of all, once each scan
has ended. A scan that gets no line was not done.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

CRASHED = 70
"""Exit code of a scan that raised something (sysexits.h, EX_SOFTWARE)."""

YOUNG = 1_000_000
"""Objects that are made before Python looks for cycles among them. checkov makes millions that stay, and at
Python's own 700 a scan of plans spends half of its time looking through those again and again."""


PATIENCE = 10
"""How far scans stand back for plans that are made meanwhile (nice(1)). Each plan has a scan of its own that
cannot begin before, so that the plans are what decides when all of it ends."""


def main(most: int) -> None:
    """Scans until the input ends, so many at a time."""
    stand_back()
    # Imports make many objects and hardly any garbage.
    gc.disable()
    checkov = importlib.import_module("checkov.main")
    # By its path: no other module of ours is for checkov to import.
    runpy.run_path(str(Path(__file__).with_name("remembering.py")))["install"]()
    report: Any = importlib.import_module("checkov.common.output.report")
    report.Report.get_dict = without_passed(report.Report.get_dict)
    # What is there now stays, and is shared by all forks as long as none of them writes to it.
    gc.freeze()
    gc.enable()
    running: dict[int, int] = {}
    for line in sys.stdin:
        if len(running) == most:
            reap(running)
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            scan(checkov, job)
        running[pid] = job["number"]
    while running:
        reap(running)


def stand_back() -> None:
    """Leaves the processors to others while those have something to do."""
    os.nice(PATIENCE)
    # Where Linux schedules a session as one, that counts instead (sched(7), "The autogroup feature"); this
    # one holds nothing but scans.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(PATIENCE))


def without_passed(get_dict: Callable[..., Any]) -> Callable[..., Any]:
    """The same method of a report, which leaves out what nobody reads: every check that passed."""

    def got(report: Any, *arguments: Any, **named: Any) -> Any:
        report.passed_checks = []
        return get_dict(report, *arguments, **named)

    return got


def reap(running: dict[int, int]) -> None:
    """Waits for one scan to end, and says how it did."""
    pid, status = os.wait()
    print(json.dumps({"number": running.pop(pid), "code": os.waitstatus_to_exitcode(status)}), flush=True)


def scan(checkov: Any, job: dict[str, Any]) -> NoReturn:
    """What `checkov` does on the command line, in a process that ends with it."""
    code = CRASHED
    try:
        for descriptor, name in ((0, os.devnull), (1, job["said"]), (2, job["errors"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), descriptor)
        gc.set_threshold(YOUNG, 50, 1000)
        # What is said below that is thrown away by checkov after it was put together, thousands of times.
        logging.disable(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=SyntaxWarning)
            # Made outside the folder that it looks at, and with a command line that does not name it: a
            # .checkov.yaml there would be obeyed, and could turn off any check.
            sys.argv = ["checkov"]
            made = checkov.Checkov(job["arguments"])
            os.chdir(job["folder"])
            code = made.run() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else CRASHED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
