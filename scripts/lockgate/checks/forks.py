"""checkov, imported once and forked for each scan. Runs in checkov's own environment, where nothing else is.

Usage: python forks.py MOST, with a line of JSON for each scan on standard input:
{"number": 1, "folder": "...", "arguments": ["--framework", "terraform"], "said": "...", "errors": "..."}

checkov looks at `folder`, and writes into the files `said` and `errors`. Each scan that has ended is a line
of JSON on standard output, {"number": 1, "code": 0}; the end of the input is the end of all, once each scan
has ended. A scan that gets no line was not done.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, NoReturn

CRASHED = 70
"""Exit code of a scan that raised something (sysexits.h, EX_SOFTWARE)."""

YOUNG = 1_000_000
"""Objects that are made before Python looks for cycles among them. checkov makes millions that stay, and at
Python's own 700 a scan of plans spends half of its time looking through those again and again."""


def main(most: int) -> None:
    """Scans until the input ends, so many at a time."""
    checkov = importlib.import_module("checkov.main")
    # By its path: no other module of ours is for checkov to import.
    runpy.run_path(str(Path(__file__).with_name("remembering.py")))["install"]()
    # What is there now stays, and is shared by all forks as long as none of them writes to it.
    gc.freeze()
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
