"""Who can read and write the shared artifact store, by the policies of bucket, key and caller together."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lockgate.plans.toolchain import Toolchain
from tests.terraform.iam import Caller, Policy, Request, allows
from tests.terraform.toolchain import Copy, add_mocks, run_tests

pytestmark = pytest.mark.terraform

TOOLING, DEV, LOCAL, STRANGER = "555555555555", "222222222222", "111111111111", "999999999999"
BUCKET = f"arn:aws:s3:::lockgate-tooling-artifacts-{TOOLING}-eu-west-1"
EVERYTHING: Policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NOTHING: Policy = {"Statement": []}
THROUGH_S3 = {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": BUCKET}

ZIP, BUNDLE, BOOTSTRAP, SOURCE = (
    "services/orders/1.zip",
    "bundles/1/1.json",
    "bootstrap/lambda-python.zip",
    "sources/1.zip",
)


@dataclass(frozen=True)
class Access:
    """The policies that Terraform makes.

    Args:
        bucket: of the artifact store.
        key: of the key that encrypts it.
        key_arn: its ARN.
        build: of the build role.
        release: what dev's pipeline may read there.
    """

    bucket: Policy
    key: Policy
    key_arn: str
    build: Policy
    release: Policy

    def caller(self, name: str) -> Caller:
        """Someone who may try."""
        arn, policy = {
            "build": (f"arn:aws:iam::{TOOLING}:role/lockgate-build", self.build),
            "tooling's administrator": (f"arn:aws:iam::{TOOLING}:role/admin", EVERYTHING),
            "dev's releaser": (f"arn:aws:iam::{DEV}:role/releaser", self.release),
            "dev's administrator": (f"arn:aws:iam::{DEV}:role/admin", EVERYTHING),
            "dev's function": (f"arn:aws:iam::{DEV}:role/function", NOTHING),
            "local's administrator": (f"arn:aws:iam::{LOCAL}:role/admin", EVERYTHING),
            "a stranger": (f"arn:aws:iam::{STRANGER}:role/admin", EVERYTHING),
        }[name]
        return Caller(arn, policy)

    def may(self, caller: Caller, action: str, key: str, *, tls: bool = True) -> bool:
        """Whether S3 answers, and KMS with it: reading decrypts, writing asks for a data key."""
        resource = BUCKET if action == "s3:ListBucket" else f"{BUCKET}/{key}"
        context = {"aws:SecureTransport": str(tls).lower()}
        if not allows(caller, Request(action, resource, TOOLING, context), self.bucket):
            return False
        needed = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}.get(action)
        return needed is None or self.may_use_key(caller, needed, THROUGH_S3)

    def may_use_key(self, caller: Caller, action: str, context: dict[str, str]) -> bool:
        """Whether KMS answers."""
        return allows(caller, Request(action, self.key_arn, TOOLING, context), self.key, is_key=True)


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Access:
    copy = Copy.make(tmp_path_factory.mktemp("access"), toolchain)
    tooling = applied(copy, "stacks/tooling", 'run "applied" {\n  command = apply\n}\n')
    account = applied(
        copy,
        "stacks/bootstrap",
        'run "applied" {\n  command = apply\n  variables {\n    account = "dev"\n  }\n}\n',
    )
    return Access(
        bucket=json.loads(tooling["module.artifact_store.aws_s3_bucket_policy.artifacts"]["policy"]),
        key=json.loads(tooling["module.encryption_key.aws_kms_key.this"]["policy"]),
        key_arn=tooling["module.encryption_key.aws_kms_key.this"]["arn"],
        build=json.loads(tooling["module.build_project.aws_iam_role_policy.build"]["policy"]),
        release=json.loads(account['aws_iam_policy.pipeline["read-services"]']["policy"]),
    )


def applied(copy: Copy, stack: str, run: str) -> dict[str, dict[str, Any]]:
    """Values of the resources that a stack makes, by address."""
    add_mocks(copy, stack)
    mocks = copy.root / "terraform" / stack / "tests/mocks/stack.tfmock.hcl"
    mocks.write_text(mocks.read_text().replace(f"kms:eu-west-1:{LOCAL}", f"kms:eu-west-1:{TOOLING}"))
    copy.init(stack)
    ran = run_tests(copy, stack, run, "-verbose", "-json")
    assert ran.code == 0, ran.output
    messages = [json.loads(line) for line in ran.output.splitlines()]
    (state,) = [message["test_state"] for message in messages if "test_state" in message]
    root = state["root_module"]
    modules = [root, *root.get("child_modules", [])]
    return {item["address"]: item["values"] for module in modules for item in module.get("resources", [])}


READ, WRITE, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"

TABLE: list[tuple[str, str, str, bool]] = [
    ("build", READ, ZIP, True),
    ("build", READ, BUNDLE, True),
    ("build", READ, SOURCE, True),
    ("build", WRITE, ZIP, True),
    ("build", WRITE, BUNDLE, True),
    ("build", WRITE, SOURCE, False),
    ("build", WRITE, BOOTSTRAP, False),
    ("build", LIST, "", True),
    ("tooling's administrator", WRITE, ZIP, False),
    ("tooling's administrator", WRITE, BUNDLE, False),
    ("tooling's administrator", WRITE, SOURCE, True),
    ("tooling's administrator", READ, ZIP, True),
    ("dev's releaser", READ, ZIP, True),
    ("dev's releaser", READ, BUNDLE, True),
    ("dev's releaser", READ, BOOTSTRAP, True),
    ("dev's releaser", READ, SOURCE, False),
    ("dev's releaser", WRITE, ZIP, False),
    ("dev's releaser", WRITE, SOURCE, False),
    ("dev's releaser", LIST, "", True),
    ("dev's administrator", READ, ZIP, True),
    ("dev's administrator", READ, SOURCE, False),
    ("dev's administrator", WRITE, ZIP, False),
    ("dev's administrator", WRITE, BOOTSTRAP, False),
    ("dev's function", READ, ZIP, False),
    ("local's administrator", READ, ZIP, False),
    ("a stranger", READ, ZIP, False),
    ("a stranger", WRITE, ZIP, False),
    ("a stranger", LIST, "", False),
]


@pytest.mark.parametrize(("who", "action", "key", "expected"), TABLE)
def test_who_may_do_what(access: Access, who: str, action: str, key: str, expected: bool) -> None:
    assert access.may(access.caller(who), action, key) is expected


@pytest.mark.parametrize("who", ["build", "tooling's administrator", "dev's releaser"])
def test_nothing_goes_without_tls(access: Access, who: str) -> None:
    assert not access.may(access.caller(who), READ, ZIP, tls=False)


def test_another_account_uses_the_key_for_this_bucket_and_through_s3_only(access: Access) -> None:
    for who in ("dev's releaser", "dev's administrator"):
        caller = access.caller(who)
        assert access.may_use_key(caller, "kms:Decrypt", THROUGH_S3)
        assert access.may_use_key(
            caller, "kms:Decrypt", THROUGH_S3 | {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/{ZIP}"}
        )
        other = THROUGH_S3 | {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::another"}
        assert not access.may_use_key(caller, "kms:Decrypt", other)
        assert not access.may_use_key(caller, "kms:Decrypt", {})
        assert not access.may_use_key(caller, "kms:GenerateDataKey", THROUGH_S3)
        assert not access.may_use_key(caller, "kms:ScheduleKeyDeletion", {})


@pytest.mark.parametrize("part", ["bucket", "key"])
def test_each_of_the_three_policies_is_needed(access: Access, part: str) -> None:
    releaser = access.caller("dev's releaser")
    assert not replace(access, **{part: NOTHING}).may(releaser, READ, ZIP)
    assert not access.may(replace(releaser, policy=NOTHING), READ, ZIP)
