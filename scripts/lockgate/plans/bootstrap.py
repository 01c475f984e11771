"""Setting an account up, whose state lies in a bucket that it makes itself.

The bucket is made with a state on this machine, which then moves into the bucket; all the rest goes there at
once. Each step looks at what is there first, so that a run that ended between two of them is gone on with.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from botocore.exceptions import ClientError

from lockgate.config.kinds import FOLDERS
from lockgate.errors import RefusedError
from lockgate.plans.binding import State, parse_state
from lockgate.plans.model import Plan
from lockgate.plans.reading import read_plan
from lockgate.plans.stack import Stack
from lockgate.plans.terraform import Terraform

_BUCKET = "module.state_bucket"
_BUCKET_ADDRESS = f"{_BUCKET}.aws_s3_bucket.state"


@dataclass(frozen=True)
class Bootstrap:
    """Sets one account up.

    Args:
        stack: the bootstrap stack of the account.
        on_line: gets each line of Terraform.
    """

    stack: Stack
    on_line: Callable[[str], None]

    @property
    def _state(self) -> Path:
        """The state while there is no bucket for it."""
        return self.stack.folder / "first.tfstate"

    @property
    def planned(self) -> Path:
        """Where the plan is put."""
        return self.stack.folder / "bootstrap.tfplan"

    def has_bucket(self) -> bool:
        """Whether there is a bucket for the state.

        Raises:
            RefusedError: somebody else has one of that name, or these credentials may not look.
        """
        try:
            self.stack.aws.s3.head_bucket(Bucket=self.stack.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
                return False
            raise RefusedError(
                f"{self.stack.bucket} cannot be looked at: {error}",
                hint="Names of buckets are shared by all of AWS: name another one with `state_bucket` in "
                "platform.yaml. Or sign in with a role that administers this account.",
            ) from error
        return True

    def begin(self, *, adopt: bool = False) -> None:
        """Makes the bucket where there is none, and moves the state into it; does what is left of that.

        Args:
            adopt: take a bucket that exists and has no state of this stack.

        Raises:
            LockgateError: Terraform fails, with its own words.
            RefusedError: the bucket is there, and nothing says that this made it.
        """
        moved = self.stack.state() if self.has_bucket() else None
        if moved is not None and moved != State():
            self._forget_first(moved)
            return
        if moved is None or self._state.is_file():
            self._make_bucket()
            self._move()
            return
        if not adopt:
            raise RefusedError(
                f"the bucket {self.stack.bucket} exists, and holds no state of bootstrap",
                hint="If an interrupted run on another machine made it, bring that run's "
                f"{self._state.relative_to(self.stack.project.root)} here. If it is yours, take it over: "
                f"make bootstrap ACCOUNT={self.stack.name} ARGS=--adopt",
            )
        self.stack.ready(self.on_line).adopt(_BUCKET_ADDRESS, self.stack.bucket, self.stack.variables)

    def plan(self) -> Plan:
        """What is left to make or to change, besides the bucket; its file is kept for `apply`."""
        terraform = self.stack.ready(self.on_line)
        terraform.plan(self.planned, self.stack.variables)
        return read_plan(terraform.show(self.planned))

    def apply(self) -> None:
        """Applies that plan."""
        self.stack.apply(self.planned, self.on_line)

    def _make_bucket(self) -> None:
        """Makes the bucket with its key, with the state here."""
        self.stack.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.stack.folder, prefix="first-") as temporary:
            terraform = self._beside(Path(temporary))
            terraform.init(backend_config={})
            plan = Path(temporary) / "first.tfplan"
            if terraform.plan(plan, self.stack.variables, targets=[_BUCKET]):
                terraform.apply(plan)

    def _beside(self, folder: Path) -> Terraform:
        """Terraform in a copy of what it reads, where a state on this machine can be asked for: a backend
        stands in the module's own text."""
        root = self.stack.project.root
        for path in read_by_bootstrap(root):
            copy = folder / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        module = folder / self.stack.root_module.relative_to(root)
        backend = {"terraform": {"backend": {"local": {"path": str(self._state)}}}}
        (module / "first_override.tf.json").write_text(json.dumps(backend), encoding="utf-8")
        return replace(self.stack.terraform(self.on_line), folder=module, data_dir=folder / "data")

    def _move(self) -> None:
        """Not with `terraform state push`: into an empty bucket it writes another lineage, by which an
        interrupted move could not be told from somebody else's state."""
        self.stack.begin_state(self._state.read_bytes())
        self._forget_first(self.stack.state())

    def _forget_first(self, moved: State) -> None:
        """Deletes the state on this machine once the bucket has it.

        Raises:
            RefusedError: the bucket has another one.
        """
        if not self._state.is_file():
            return
        first = parse_state(self._state.read_bytes())
        if first.lineage != moved.lineage:
            raise RefusedError(
                f"{self._state} is the state of another bootstrap than the one in {self.stack.bucket}",
                hint="Look at both. If the one in the bucket is right, delete the file, and run it again.",
            )
        for path in (self._state, self._state.with_suffix(".tfstate.backup")):
            path.unlink(missing_ok=True)


def read_by_bootstrap(root: Path) -> Iterable[Path]:
    """Files that the stack reads, in a repository."""
    yield root / "platform.yaml"
    yield from (root / "schemas").glob("*.defaults.json")
    for folder in FOLDERS.values():
        yield from root.glob(f"{folder}/*/service.yaml")
    for path in (root / "terraform").rglob("*"):
        if path.is_file() and not {".terraform", "tests"} & set(path.relative_to(root).parts):
            yield path
