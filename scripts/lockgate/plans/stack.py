"""A stack of Terraform where it is applied: where its state is, and applying it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.config import TOOLING, Project
from lockgate.errors import RefusedError
from lockgate.plans.binding import State, parse_state
from lockgate.plans.terraform import Terraform
from lockgate.processes.child import Running

_STACKS = Path("terraform/stacks")
_BOOTSTRAP_KEY = "bootstrap/lambda-python.zip"
"""Key of the code that functions are created with, as module artifact-store has it."""


BOOTSTRAP = "bootstrap"
"""Kind of the stack that sets an account up for the others."""


def root_of(name: str) -> Path:
    """Folder of the root module of a stack, in the repository."""
    return _STACKS / (TOOLING if name == TOOLING else "workload")


@dataclass(frozen=True)
class Stack:
    """The tooling stack, the workload stack of one environment, or what sets such an account up.

    Args:
        project: the repository.
        name: name of the environment, or `tooling`.
        aws: clients of the account.
        bootstraps: whether it is what sets the account up.
        running: where its processes are noted, for another thread to end them.
    """

    project: Project
    name: str
    aws: Aws
    bootstraps: bool = False
    running: Running | None = None

    @property
    def kind(self) -> str:
        """Folder of the root module under `terraform/stacks`, and first part of the state's key."""
        if self.bootstraps:
            return BOOTSTRAP
        return TOOLING if self.name == TOOLING else "workload"

    @property
    def bucket(self) -> str:
        """Bucket of the state."""
        return self.project.platform.state_bucket_of(self.name)

    @property
    def folder(self) -> Path:
        """Where Terraform keeps what belongs to this account on this machine."""
        folder = self.project.root / ".lockgate" / self.name
        return folder / BOOTSTRAP if self.bootstraps else folder

    def check_state_bucket(self) -> None:
        """Makes sure that there is a bucket for the state; an embedded AWS gets one here, if it is not set up
        as a real one is.

        Raises:
            RefusedError: the account has none: it was not bootstrapped.
        """
        try:
            self.aws.s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if self.project.platform.account_of(self.name).is_bootstrapped:
                raise RefusedError(
                    f"there is no state bucket {self.bucket} for {self.name}: {error}",
                    hint=f"Set the account up: make bootstrap ACCOUNT={self.name}. Or name a bucket of yours "
                    "with `state_bucket` in platform.yaml.",
                ) from error
            where: Any = {"LocationConstraint": self.aws.region}
            self.aws.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)

    def check_tooling(self) -> None:
        """Makes sure that an environment can read what it shares: functions are created with code from there.

        Raises:
            RefusedError: the tooling account's artifact store does not answer, or not to these credentials.
        """
        platform = self.project.platform
        if self.bootstraps or self.name == TOOLING or not platform.shares_tooling(self.name):
            return
        bucket = platform.artifact_bucket_of(self.name)
        try:
            self.aws.s3.head_object(Bucket=bucket, Key=_BOOTSTRAP_KEY)
        except ClientError as error:
            raise RefusedError(
                f"{self.name} takes code from account {platform.account_of(TOOLING).account_id}, and "
                f"s3://{bucket}/{_BOOTSTRAP_KEY} cannot be read: {error}",
                hint="Apply that account first, which also lets this one in: make apply STACK=tooling. "
                f"Whoever applies needs what the role {platform.role_of(self.name, 'plan')} may read there.",
            ) from error

    def inputs_digest(self) -> str:
        """SHA-256 over everything that a plan reads."""
        digest = hashlib.sha256(self.name.encode())
        for path in sorted(self._inputs()):
            digest.update(f"{path.relative_to(self.project.root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _inputs(self) -> Iterator[Path]:
        root = self.project.root
        yield root / "platform.yaml"
        yield from (root / "schemas").glob("*.defaults.json")
        for services in ("containers", "lambdas"):
            yield from (root / services).glob("*/service.yaml")
        for path in (root / "terraform").rglob("*"):
            if path.is_file() and ".terraform" not in path.parts:
                yield path

    def applied_digest(self) -> str | None:
        """Digest of the inputs of the last apply from here, as it stands beside the state."""
        try:
            answer = self.aws.s3.get_object(Bucket=self.bucket, Key=self._applied_key)
        except ClientError:
            return None
        return answer["Body"].read().decode()

    @property
    def _state_key(self) -> str:
        return f"{self.kind}.tfstate"

    @property
    def _applied_key(self) -> str:
        return f"{self.kind}.applied"

    @property
    def root_module(self) -> Path:
        """Folder of the Terraform that makes it."""
        return self.project.root / (_STACKS / BOOTSTRAP if self.bootstraps else root_of(self.name))

    @property
    def variables(self) -> dict[str, str]:
        """What its root module is told."""
        if self.bootstraps:
            return {"account": self.name}
        return {} if self.kind == TOOLING else {"environment": self.name}

    def state(self) -> State:
        """Which state there is now."""
        try:
            answer = self.aws.s3.get_object(Bucket=self.bucket, Key=self._state_key)
        except self.aws.s3.exceptions.NoSuchKey:
            return State()
        return parse_state(answer["Body"].read())

    def begin_state(self, content: bytes) -> None:
        """Puts the first state where it belongs.

        Raises:
            RefusedError: there is one already.
        """
        try:
            self.aws.s3.put_object(Bucket=self.bucket, Key=self._state_key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
            raise RefusedError(
                f"s3://{self.bucket}/{self._state_key} was written by somebody else in the meantime",
                hint="Run it again: it goes on with that one, if both are of the same bootstrap.",
            ) from error

    def ready(self, on_line: Callable[[str], None]) -> Terraform:
        """Terraform with this stack's state and providers.

        Raises:
            RefusedError: the account has no bucket for the state, or what it shares cannot be read.
        """
        terraform = self.terraform(on_line)
        self.check_state_bucket()
        self.check_tooling()
        terraform.ready(self._backend())
        return terraform

    def plan(self, on_line: Callable[[str], None]) -> Path | None:
        """Plans; the plan's file, or None when nothing would change."""
        plan = self.folder / f"{self.kind}.tfplan"
        return plan if self.ready(on_line).plan(plan, self.variables) else None

    def apply(self, plan: Path | None, on_line: Callable[[str], None]) -> None:
        """Applies a plan, and notes which inputs it came from; the plan's file, which holds secrets, goes."""
        if plan is not None:
            terraform = self.terraform(on_line)
            try:
                replace(terraform, scrub=lambda text: terraform.show(plan).secrets.scrub(text)).apply(plan)
            finally:
                plan.unlink(missing_ok=True)
        self.aws.s3.put_object(Bucket=self.bucket, Key=self._applied_key, Body=self.inputs_digest().encode())

    def terraform(self, on_line: Callable[[str], None]) -> Terraform:
        """Terraform with these credentials, before it knows where the state is."""
        credentials = self.aws.session.get_credentials()
        found = credentials.get_frozen_credentials() if credentials else None
        environment = {
            "AWS_REGION": self.aws.region,
            "AWS_ACCESS_KEY_ID": found.access_key if found else None,
            "AWS_SECRET_ACCESS_KEY": found.secret_key if found else None,
            "AWS_SESSION_TOKEN": found.token if found else None,
        }
        return Terraform(
            project_root=self.project.root,
            folder=self.root_module,
            data_dir=self.folder / "terraform",
            environment={name: value for name, value in environment.items() if value},
            on_line=on_line,
            running=self.running,
        )

    def _backend(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"bucket": self.bucket, "key": self._state_key}
        settings["region"] = self.aws.region
        if self.aws.endpoint_url is None:
            return settings
        return settings | {
            "endpoints": dict.fromkeys(("s3", "sts", "iam"), self.aws.endpoint_url),
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_requesting_account_id": True,
            "use_path_style": True,
        }
