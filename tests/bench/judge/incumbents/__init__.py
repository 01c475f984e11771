"""Others' judges, written from their published behaviour, on the same minutes.

Each is a function from a run to the minute (rows seen) in which it rolls back, or None.
"""

from tests.bench.judge.incumbents.alarms import alarm
from tests.bench.judge.incumbents.argo import argo
from tests.bench.judge.incumbents.flagger import flagger
from tests.bench.judge.incumbents.kayenta import kayenta

__all__ = ["alarm", "argo", "flagger", "kayenta"]
