"""What the tests of functions under lambdas/ share: loading a handler as Lambda does, and its context."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Context:
    """Lambda's context, as far as Powertools reads it."""

    remaining_ms: int = 60_000
    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:111111111111:function:function:live"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def load(source: Path, module: str) -> ModuleType:
    """Imports a function's module freshly, with its folder first on the path and nothing of it kept."""
    sys.path.insert(0, str(source))
    own = {path.stem for path in source.glob("*.py")}
    for name in own:
        sys.modules.pop(name, None)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(source))
        for name in own:
            sys.modules.pop(name, None)
