"""What every test begins with."""

from __future__ import annotations

import os
import sys

# Where somebody keeps Python from writing bytecode, each of the many commands that tests run would compile
# all that it imports anew, which is half of what a short one takes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
