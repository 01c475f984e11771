"""Which attributes of a resource its configuration sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KEY = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[\d+\]')
"""Key of an instance in an address: all instances of a resource have one configuration."""


def declared_of(configuration: Mapping[str, Any], address: str) -> frozenset[str]:
    """Names of the arguments and blocks that a resource is configured with; none for one that is not there.

    Args:
        configuration: of a plan, as Terraform shows it.
        address: of the resource.
    """
    module = configuration.get("root_module", {})
    parts = _KEY.sub("", address).split(".")
    while parts[0] == "module":
        module = module.get("module_calls", {}).get(parts[1], {}).get("module", {})
        parts = parts[2:]
    found = (one for one in module.get("resources", []) if one.get("address") == ".".join(parts))
    return frozenset(name for one in found for name in one.get("expressions", {}))
