"""A plan that was made, reviewed and is to be applied: the files that it consists of.

Terraform's own file holds secrets in plain text. It stands under `.build`, where nobody but its owner may
read it, and is deleted when it was applied. Everything beside it is masked.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lockgate.errors import RefusedError
from lockgate.plans.binding import Binding, differences, parse_binding
from lockgate.plans.model import Plan
from lockgate.plans.redaction import Redacted
from lockgate.plans.summary.markdown import markdown


@dataclass(frozen=True)
class Saved:
    """A folder with a plan.

    Args:
        folder: `.build/plans/<environment>` unless another one is named.
    """

    folder: Path

    @classmethod
    def of(cls, root: Path, stack: str) -> Saved:
        """Where `make plan` leaves the plan of an environment, or of `tooling`."""
        return cls(root / ".build" / "plans" / stack)

    @property
    def plan(self) -> Path:
        """Terraform's file, with secrets."""
        return self.folder / "plan.tfplan"

    @property
    def shown(self) -> Path:
        """What `terraform show -json` says of it, masked: for checkov and other readers of that format."""
        return self.folder / "terraform.json"

    @property
    def model(self) -> Path:
        """What it would do, as `Plan.as_dict` has it: for `--compare`."""
        return self.folder / "plan.json"

    @property
    def summary(self) -> Path:
        """That as Markdown, within the limit of a comment."""
        return self.folder / "summary.md"

    @property
    def binding(self) -> Path:
        """What it was made from."""
        return self.folder / "binding.json"

    @property
    def files(self) -> tuple[Path, ...]:
        """All of it; the binding, which makes it complete, last."""
        return self.plan, self.shown, self.model, self.summary, self.binding

    @property
    def exists(self) -> bool:
        """Whether there is a plan to apply."""
        return self.plan.is_file() and self.binding.is_file()

    def begin(self) -> None:
        """An empty folder that nobody else may look into."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)

    def write_shown(self, redacted: Redacted) -> None:
        """Writes what Terraform says of it."""
        self.shown.write_text(json.dumps(redacted.document, sort_keys=True), encoding="utf-8")

    def write(self, plan: Plan, binding: Binding) -> None:
        """Writes the rest; the binding last, which makes it complete."""
        identity = {"stack": binding.stack, "commit": binding.commit, "digest": binding.digest}
        self.model.write_text(json.dumps(plan.as_dict() | identity) + "\n", encoding="utf-8")
        title = f"Plan for {binding.stack}"
        self.summary.write_text(markdown(plan, title, facts(binding)), encoding="utf-8")
        self.binding.write_text(binding.as_json(), encoding="utf-8")

    def read(self, stack: str) -> Binding:
        """What it was made from.

        Raises:
            RefusedError: there is no plan here.
        """
        if not self.exists:
            raise RefusedError(
                f"there is no plan of {stack} in {self.folder}", hint=f"Make one, and read it: {again(stack)}"
            )
        return parse_binding(self.binding.read_bytes(), str(self.binding))

    def applied(self) -> None:
        """Deletes what may not be applied again; what it did can still be read."""
        self.plan.unlink(missing_ok=True)
        self.binding.unlink(missing_ok=True)


def facts(binding: Binding) -> list[str]:
    """What a reviewer compares: commit, Terraform, digest."""
    commit = f"commit {binding.commit[:12]}" if binding.commit else "no commit"
    return [commit, f"account {binding.account_id}", f"Terraform {binding.terraform_version}", binding.digest]


def again(stack: str) -> str:
    """The command that makes a plan."""
    return "make plan STACK=tooling" if stack == "tooling" else f"make plan ENV={stack}"


def check_unchanged(bound: Binding, now: Binding, digest: str | None) -> None:
    """Refuses to apply a plan that is not what was reviewed, or not for what is here now.

    Args:
        bound: what it was made from.
        now: what is here.
        digest: what was approved; None where nobody says.

    Raises:
        RefusedError: with every difference.
    """
    found = differences(bound, now)
    if digest is not None and digest != bound.digest:
        found.insert(0, f"the plan's digest is {bound.digest}, and {digest} was approved")
    if found:
        raise RefusedError("\n".join(found), hint=f"Plan again, and read what it says: {again(now.stack)}")


def check_approved(plan: Plan, approved: Iterable[str]) -> None:
    """Refuses to destroy what cannot be made again without an approval of each.

    Args:
        plan: what is to be applied.
        approved: addresses that may be destroyed or replaced.

    Raises:
        RefusedError: an approval is missing, or is for nothing that the plan destroys.
    """
    losing = {change.name: change for change in plan.losing}
    wrong = sorted(set(approved) - set(losing))
    if wrong:
        raise RefusedError(
            f"approved to be destroyed, but the plan does not do that: {', '.join(wrong)}",
            hint=f"It would lose: {', '.join(losing) or 'nothing'}. Correct --approve-destroy.",
        )
    missing = [change for name, change in losing.items() if name not in set(approved)]
    if missing:
        lines = [f"{one.name}: to {one.action}, which loses {one.loses}" for one in missing]
        options = " ".join(f"--approve-destroy '{one.name}'" for one in missing)
        raise RefusedError("\n".join(lines), hint=f"If that is meant, say so for each: {options}")
