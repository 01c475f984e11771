"""The workload stack of one environment: where its state is, and applying it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.config import Project
from lockgate.errors import RefusedError
from lockgate.plans.terraform import Terraform

STACK = Path("terraform/stacks/workload")
_STATE_KEY = "workload.tfstate"
_APPLIED_KEY = "workload.applied"


@dataclass(frozen=True)
class Workload:
    """The workload stack of one environment.

    Args:
        project: the repository.
        environment: name of the environment.
        aws: clients of the environment.
    """

    project: Project
    environment: str
    aws: Aws

    @property
    def bucket(self) -> str:
        """Bucket of the state."""
        return self.project.platform.state_bucket_of(self.environment)

    @property
    def folder(self) -> Path:
        """Where Terraform keeps what belongs to this environment on this machine."""
        return self.project.root / ".lockgate" / self.environment

    def check_state_bucket(self) -> None:
        """Makes sure that there is a bucket for the state; an embedded AWS gets one here.

        Raises:
            RefusedError: the account has none: it was not bootstrapped.
        """
        try:
            self.aws.s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if self.aws.endpoint_url is None:
                raise RefusedError(
                    f"there is no state bucket {self.bucket} for environment {self.environment!r}: {error}",
                    hint="Create it (versioned, encrypted, private), or name yours with `state_bucket` in "
                    "platform.yaml.",
                ) from error
            where: Any = {"LocationConstraint": self.aws.region}
            self.aws.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)

    def inputs_digest(self) -> str:
        """SHA-256 over everything that a plan reads."""
        digest = hashlib.sha256(self.environment.encode())
        for path in sorted(self._inputs()):
            digest.update(f"{path.relative_to(self.project.root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _inputs(self) -> Iterator[Path]:
        root = self.project.root
        yield root / "platform.yaml"
        yield from (root / "schemas").glob("*.defaults.json")
        yield from (root / "lambdas").glob("*/service.yaml")
        for path in (root / "terraform").rglob("*"):
            if path.is_file() and ".terraform" not in path.parts:
                yield path

    def applied_digest(self) -> str | None:
        """Digest of the inputs of the last apply from here, as it stands beside the state."""
        try:
            answer = self.aws.s3.get_object(Bucket=self.bucket, Key=_APPLIED_KEY)
        except ClientError:
            return None
        return answer["Body"].read().decode()

    def plan(self, on_line: Callable[[str], None]) -> Path | None:
        """Plans; the plan's file, or None when nothing would change."""
        terraform = self._terraform(on_line)
        self.check_state_bucket()
        self.folder.mkdir(parents=True, exist_ok=True)
        terraform.init(backend_config=self._backend())
        plan = self.folder / "workload.tfplan"
        return plan if terraform.plan(plan, variables={"environment": self.environment}) else None

    def apply(self, plan: Path | None, on_line: Callable[[str], None]) -> None:
        """Applies a plan, and notes which inputs it came from; the plan's file, which holds secrets, goes."""
        if plan is not None:
            try:
                self._terraform(on_line).apply(plan)
            finally:
                plan.unlink(missing_ok=True)
        self.aws.s3.put_object(Bucket=self.bucket, Key=_APPLIED_KEY, Body=self.inputs_digest().encode())

    def _terraform(self, on_line: Callable[[str], None]) -> Terraform:
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
            folder=self.project.root / STACK,
            data_dir=self.folder / "terraform",
            environment={name: value for name, value in environment.items() if value},
            on_line=on_line,
        )

    def _backend(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"bucket": self.bucket, "key": _STATE_KEY, "region": self.aws.region}
        if self.aws.endpoint_url is None:
            return settings
        return settings | {
            "endpoints": dict.fromkeys(("s3", "sts", "iam"), self.aws.endpoint_url),
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_requesting_account_id": True,
            "use_path_style": True,
        }
