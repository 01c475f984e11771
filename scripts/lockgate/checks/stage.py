"""The folder that checkov scans: what Git knows or would add, plans, and what must be found.

A scan of the repository itself would go through virtual environments and Terraform's caches, and once hung
for an hour in them. And a scanner that finds nothing says the same as one that looked at nothing: so
something bad is planted for each framework, and a scan that does not find it does not count.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lockgate.errors import LockgateError, UsageError
from lockgate.packaging.sources import git_files

_MODULES = PurePosixPath("terraform/modules")

_SECTIONS = ("format_version", "terraform_version", "configuration", "planned_values")
_CHANGE = ("actions", "before", "after", "after_unknown")
"""What checkov looks at in a plan beside its changes, and in each change (its plan_parser.py)."""

PLANS = "lockgate-plans"
"""Folder of the plans in the stage."""


@dataclass(frozen=True)
class Canary:
    """Something bad that one framework must find.

    Attributes:
        path: in the stage.
        text: what stands there.
        check_id: what must be found in it.
        resource: what it is about, where other things stand in that file too.
    """

    path: str
    text: str
    check_id: str
    resource: str | None = None


CANARIES = {
    "terraform": Canary(
        "lockgate-canary/main.tf",
        'resource "aws_s3_bucket" "canary" {\n  bucket = "canary"\n  acl    = "public-read"\n}\n',
        "CKV_AWS_20",
    ),
    "github_actions": Canary(
        ".github/workflows/lockgate-canary.yml",
        "name: canary\non: push\npermissions: write-all\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - run: echo hello\n",
        "CKV2_GHA_1",
    ),
    "dockerfile": Canary("lockgate-canary/Dockerfile", "FROM scratch\nCOPY a /a\n", "CKV_DOCKER_3"),
    # Put together here, or the scan would find it in this file.
    "secrets": Canary("lockgate-canary/main.py", f'KEY = "{"AKIA" + "IOSFODNN7EXAMPLQ"}"\n', "CKV_SECRET_2"),
}


def lay_out(root: Path, stage: Path, only: Iterable[str] = ()) -> None:
    """Fills an empty folder with code.

    Args:
        root: the repository.
        stage: the folder.
        only: files and folders of the repository to look at; empty looks at all of it. A file of Terraform
            stands for its module, whose other files belong to it; with a stack come all modules, since it
            calls them, and they do not call each other.

    Raises:
        UsageError: one of `only` is not there.
    """
    wanted = [PurePosixPath(name) for name in only]
    for one in wanted:
        if not (root / one).exists():
            raise UsageError(f"{one}: there is no such file in {root}", hint="Name one of the repository.")
    wanted = [one.parent if one.suffix == ".tf" else one for one in wanted]
    for name in git_files(root):
        path = root / name
        if path.is_file() and not path.is_symlink() and _is_wanted(PurePosixPath(name), wanted):
            target = stage / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for canary in CANARIES.values():
        target = stage / canary.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(canary.text)


def lay_out_plan(plan: Path, stage: Path, number: int) -> Canary:
    """Fills an empty folder with a plan; what is planted in it: a topic without a key.

    It stands among the plan's own resources, so that finding it proves that this plan was read. Nobody who
    writes a plan knows its name, under which something else would not be looked at.

    Args:
        plan: a file that `terraform show -json` has printed, redacted.
        stage: the folder.
        number: which plan it is.

    Raises:
        UsageError: it is not there.
        LockgateError: it is no plan.
    """
    name = f"lockgate_canary_{secrets.token_hex(8)}"
    about = {"address": f"aws_sns_topic.{name}", "mode": "managed", "type": "aws_sns_topic", "name": name}
    values = {"name": name}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
    try:
        document = _looked_at(json.loads(plan.read_bytes()))
        resources = document["planned_values"].setdefault("root_module", {}).setdefault("resources", [])
        resources.append(about | {"values": values})
        document["resource_changes"].append(about | {"change": change})
    except OSError as error:
        raise UsageError(f"{plan}: {error.strerror}", hint="Make it with terraform show -json.") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LockgateError(
            f"{plan} is no plan of Terraform ({type(error).__name__}: {error})",
            hint="Make it with terraform show -json.",
        ) from error
    path = stage / plan_name(number)
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    return Canary(plan_name(number), "", "CKV_AWS_26", str(about["address"]))


def _looked_at(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan without what checkov does not look at, which is half of one that creates everything: other
    sections, and of something new what it will be, which stands among the planned values as well."""
    changes = []
    for item in plan.get("resource_changes", []):
        change = {key: value for key, value in item["change"].items() if key in _CHANGE}
        changes.append(item | {"change": change | ({"after": None} if change["before"] is None else {})})
    return {key: plan[key] for key in _SECTIONS if key in plan} | {"resource_changes": changes}


def plan_name(number: int) -> str:
    """Where the plan of that number lies in the stage."""
    return f"{PLANS}/{number}.json"


def _is_wanted(name: PurePosixPath, wanted: Sequence[PurePosixPath]) -> bool:
    if not wanted:
        return True
    if any(part == name or part in name.parents for part in wanted):
        return True
    return _MODULES in name.parents and any(_calls_modules(part) for part in wanted)


def _calls_modules(part: PurePosixPath) -> bool:
    return part.parts[:1] == ("terraform",) and part != _MODULES and _MODULES not in part.parents
