"""What was asked for, by whom, and what was decided: one line of JSON for each different question."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.authorization.further import Need


@dataclass
class Decisions:
    """Keeps decisions in a file; a question that was asked before is not written again.

    Args:
        path: the file.
    """

    path: Path
    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, principal: str, need: Need, *, allowed: bool) -> None:
        """Writes a decision down.

        Args:
            principal: ARN of the caller, of a role's session as of its role.
            need: what was asked for.
            allowed: how it was decided.
        """
        line = json.dumps(
            {
                "principal": principal,
                "action": need.action,
                "resource": need.resource,
                "context": _plain(need.context),
                "allowed": allowed,
            },
            sort_keys=True,
        )
        with self._lock:
            if line not in self._seen:
                self._seen.add(line)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, list) else str(value) for key, value in context.items() if value}


def role_of(arn: str) -> str:
    """ARN of the role of a session; any other principal as it is."""
    head, _, session = arn.partition(":assumed-role/")
    if not session:
        return arn
    return f"{head.replace(':sts:', ':iam:')}:role/{session.partition('/')[0]}"
