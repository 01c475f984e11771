"""A change from empty accounts to a release, with every step under its own role and IAM enforced.

Then each role is asked back: nothing that it needed was denied, nothing that it may was needed by nobody, and
what it must never do is denied.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lockgate.commands.rehearse import changed_service
from lockgate.config.platform import Purpose
from lockgate.rehearsal.identity import Identity
from lockgate.rehearsal.journey import journey
from lockgate.rehearsal.rehearsal import Took, rehearse
from lockgate.rehearsal.stage import Stage
from tests.local.asked import REGION, Asked, Role, Statement, questions, roles, unneeded

pytestmark = [pytest.mark.local, pytest.mark.terraform]

REPOSITORY = Path(__file__).parents[2]
DEV, SHARED = "222222222222", "555555555555"

TOLERATED = {
    "iam:GetUser": "the provider asks IAM for the account first where an endpoint is embedded, then STS",
    "kms:DescribeKey": "the provider looks for AWS's own key of DynamoDB, and goes on without it",
}
"""Denials that nothing waits for."""

_WITH_A_WEBHOOK = "an embedded AWS has the notifier's queue only where platform.yaml names a webhook"
_BY_AWS = "AWS does it itself there, or MiniStack asks nobody for it"
_CHANGES = "nothing is changed or removed on the way from nothing to a release"
_REMOTE = "the rehearsal builds in the job, not in CodeBuild; tests/local/test_codebuild.py does that"
_IMAGES = "the sample has no container"
_EVERYBODY = "the tooling account prunes where every environment is there: make rehearse goes that way too"

KEPT = {
    "AskWhoShares": _EVERYBODY,
    "PruneArtifacts": _EVERYBODY,
    "lockgate-dev-prune/read-what-is-released: ReadCode": _EVERYBODY,
    "lockgate-dev-prune/read-what-is-released: ReadContract": _EVERYBODY,
    "lockgate-dev-prune/read-what-is-released: ReadLedger": _EVERYBODY,
    "lockgate-build/build: FindArtifacts": _REMOTE,
    "lockgate-build/build: WriteArtifacts": _REMOTE,
    "lockgate-tooling-pipeline-build: FindArtifacts": "without it S3 calls forbidden what is missing",
    "Announce": "a break-glass is announced on a topic",
    "ChangeQueues": _WITH_A_WEBHOOK,
    "ChangeRegistry": _IMAGES,
    "ChangeSecrets": _WITH_A_WEBHOOK,
    "ChangeServiceRoles": _CHANGES,
    "ChangeSources": _WITH_A_WEBHOOK,
    "DecryptLedger": _BY_AWS,
    "DeliverAccessLogs": _BY_AWS,
    "EncryptTriggers": _BY_AWS,
    "EndSubscriptions": _CHANGES,
    "FollowBuilds": _REMOTE,
    "InvokeHook": "stands beside the denial of all other hooks, and does not rest on AWS's managed policy",
    "MakeSources": _WITH_A_WEBHOOK,
    "PushImages": _IMAGES,
    "ReadHookLogs": "only a hook that fails has its log read",
    "ReadQueues": _WITH_A_WEBHOOK,
    "ReadRegistry": _IMAGES,
    "ReadReports": _REMOTE,
    "ReadSecretsNames": _WITH_A_WEBHOOK,
    "ReadSources": _WITH_A_WEBHOOK,
    "ReadSubscriptions": _WITH_A_WEBHOOK,
    "ReadVersions": _IMAGES,
    "PruneImages": _IMAGES,
    "ReadSourcesAndArtifacts": _REMOTE,
    "StartBuilds": _REMOTE,
    "StartOwnBuilds": _REMOTE,
    "Trace": _BY_AWS,
    "UseKeyThroughServices": _REMOTE,
    "UseKeys": _BY_AWS,
    "WriteOwnLogs": _BY_AWS,
    "WriteOwnReports": _REMOTE,
    "logs:CreateLogStream logs:PutLogEvents": _BY_AWS,
}
"""Statements that nothing of this run needed, and why they are there all the same: by their Sid, or by policy
and Sid where another policy has the same."""


@dataclass(frozen=True)
class World:
    """A rehearsal that is over, with its embedded AWS still there."""

    stage: Stage
    identity: Identity
    done: list[Took]
    asked: list[Asked]
    roles: dict[str, Role]

    def role(self, name: str, account: str = DEV) -> Role:
        return self.roles[f"arn:aws:iam::{account}:role/{name}"]

    def client(self, service: str, account: str, purpose: Purpose) -> Any:
        """A client with the role of a job."""
        found = self.identity.job(account, purpose)
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.stage.endpoint_url,
            region_name=REGION,
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=found["AWS_SESSION_TOKEN"],
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    stage = Stage(REPOSITORY, tmp_path_factory.mktemp("rehearsal"), "localaws", 0.5)
    stage.begin()
    try:
        platform = stage.project.platform
        steps = journey(["dev"], *changed_service(stage.project, "dev"), all_of_them=False)
        done = rehearse(stage, steps, lambda _: None)
        found = {**roles(stage.endpoint_url, DEV), **roles(stage.endpoint_url, SHARED)}
        asked = questions(stage.home / "decisions.jsonl")
        yield World(stage, Identity(platform, stage.endpoint_url), done, asked, found)
    finally:
        stage.end()


def test_the_whole_way_goes_through(world: World) -> None:
    verbs = [took.step.arguments[0] for took in world.done]
    assert verbs.count("bootstrap") == 4
    assert {"apply", "build", "deploy", "plan", "prune", "rollback"} <= set(verbs)


def test_nothing_that_was_needed_was_denied(world: World) -> None:
    assert [one for one in world.asked if not one.allowed and one.action not in TOLERATED] == []


def test_every_role_that_was_made_has_a_boundary(world: World) -> None:
    bare = [role.arn for role in world.roles.values() if not role.boundary]
    assert bare == []


def test_nothing_is_allowed_that_nothing_needs(world: World) -> None:
    found = unneeded(list(world.roles.values()), world.asked)
    assert [one for one in map(_names, found) if not one & set(KEPT)] == []


def test_no_reason_is_given_for_what_is_needed_or_gone(world: World) -> None:
    found = unneeded(list(world.roles.values()), world.asked)
    assert set(KEPT) - {name for one in found for name in _names(one)} == set()


def _names(statement: Statement) -> set[str]:
    return {statement.sid, f"{statement.where}: {statement.sid}"}


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


DENIED = ("AccessDenied", "AccessDeniedException", "403", "AuthorizationError")
TRUST_ALL = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_deploy_cannot_widen_itself_or_leave_its_boundary(world: World) -> None:
    iam = world.client("iam", "dev", "deploy")
    own, service = "lockgate-dev-deploy", "lockgate-dev-hello-api-exec"
    boundary = f"arn:aws:iam::{DEV}:policy/lockgate-dev-boundary"
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    attempts: list[Callable[[], object]] = [
        lambda: iam.put_role_policy(RoleName=own, PolicyName="more", PolicyDocument=TRUST_ALL),
        lambda: iam.attach_role_policy(RoleName=own, PolicyArn=admin),
        lambda: iam.update_assume_role_policy(RoleName=own, PolicyDocument=TRUST_ALL),
        lambda: iam.create_policy_version(PolicyArn=boundary, PolicyDocument=TRUST_ALL, SetAsDefault=True),
        lambda: iam.delete_role_permissions_boundary(RoleName=service),
        lambda: iam.put_role_permissions_boundary(RoleName=service, PermissionsBoundary=admin),
        lambda: iam.put_role_permissions_boundary(RoleName=own, PermissionsBoundary=boundary),
        lambda: iam.create_role(RoleName="lockgate-dev-x", AssumeRolePolicyDocument=TRUST_ALL),
        lambda: iam.create_role(
            RoleName="somebody-else", AssumeRolePolicyDocument=TRUST_ALL, PermissionsBoundary=boundary
        ),
        lambda: iam.create_user(UserName="mallory"),
    ]
    assert {_refused(attempt) for attempt in attempts} == {"AccessDenied"}


def test_deploy_touches_neither_the_trail_nor_another_account(world: World) -> None:
    trail = world.client("cloudtrail", "dev", "deploy")
    s3 = world.client("s3", "dev", "deploy")
    sts = world.client("sts", "dev", "deploy")
    other = f"lockgate-tooling-state-{SHARED}-eu-west-1"
    attempts: list[Callable[[], object]] = [
        lambda: trail.stop_logging(Name="lockgate-dev-trail"),
        lambda: trail.delete_trail(Name="lockgate-dev-trail"),
        lambda: s3.get_object(Bucket=other, Key="tooling.tfstate"),
        lambda: s3.delete_bucket(Bucket=f"lockgate-dev-state-{DEV}-eu-west-1"),
        lambda: s3.put_object(
            Bucket=f"lockgate-tooling-artifacts-{SHARED}-eu-west-1", Key="services/x", Body=b""
        ),
        lambda: sts.assume_role(
            RoleArn=f"arn:aws:iam::{SHARED}:role/lockgate-tooling-deploy", RoleSessionName="mallory"
        ),
    ]
    assert {_refused(attempt) for attempt in attempts} <= set(DENIED)


def test_a_job_of_one_environment_gets_the_role_of_no_other(world: World) -> None:
    subject = world.identity.subject("dev", "deploy")
    tooling = world.identity.platform.subjects_of("tooling", "deploy")
    assert subject not in tooling
    borrowed = Identity(world.identity.platform, world.stage.endpoint_url)
    object.__setattr__(borrowed, "subject", lambda *_: subject)
    assert _refused(lambda: borrowed.job("tooling", "deploy")) == "AccessDenied"


def test_plan_writes_nothing_but_plans(world: World) -> None:
    s3 = world.client("s3", "dev", "plan")
    functions = world.client("lambda", "dev", "plan")
    ssm = world.client("ssm", "dev", "plan")
    codedeploy = world.client("codedeploy", "dev", "plan")
    bucket = f"lockgate-dev-state-{DEV}-eu-west-1"
    s3.put_object(Bucket=bucket, Key="plans/of-a-test.zip", Body=b"")
    attempts: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=bucket, Key="workload.tfstate", Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key="plans/of-a-test.zip"),
        lambda: functions.update_alias(
            FunctionName="lockgate-dev-hello-api", Name="live", FunctionVersion="1"
        ),
        lambda: functions.invoke(FunctionName="lockgate-dev-hello-api"),
        lambda: ssm.put_parameter(Name="/lockgate/dev/platform", Value="{}", Overwrite=True),
        lambda: codedeploy.stop_deployment(deploymentId="d-XXXXXXXXX"),
    ]
    assert {_refused(attempt) for attempt in attempts} <= set(DENIED)


def test_build_releases_nothing(world: World) -> None:
    s3 = world.client("s3", "tooling", "build")
    sts = world.client("sts", "tooling", "build")
    bucket = f"lockgate-tooling-artifacts-{SHARED}-eu-west-1"
    attempts: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=bucket, Key="bootstrap/lambda-python.zip", Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key="bundles/x"),
        lambda: s3.get_object(Bucket=f"lockgate-tooling-state-{SHARED}-eu-west-1", Key="tooling.tfstate"),
        lambda: sts.assume_role(
            RoleArn=f"arn:aws:iam::{DEV}:role/lockgate-dev-deploy", RoleSessionName="mallory"
        ),
    ]
    assert {_refused(attempt) for attempt in attempts} <= set(DENIED)
    for action in ("codedeploy:CreateDeployment", "lambda:UpdateFunctionCode", "dynamodb:PutItem"):
        assert not world.role("lockgate-tooling-build", SHARED).may(Asked("", action, "*"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{REGION}:{DEV}:secret:lockgate-dev/orders/key",
        ),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{DEV}:table/lockgate-dev-ledger"),
        ("s3:GetObject", f"arn:aws:s3:::lockgate-dev-state-{DEV}-{REGION}/workload.tfstate"),
        ("ssm:PutParameter", f"arn:aws:ssm:{REGION}:{DEV}:parameter/lockgate/dev/services/hello-api"),
        ("iam:PassRole", f"arn:aws:iam::{DEV}:role/lockgate-dev-deploy"),
        ("sts:AssumeRole", f"arn:aws:iam::{DEV}:role/lockgate-dev-deploy"),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{REGION}:{DEV}:function:lockgate-dev-hello-api"),
        ("codedeploy:CreateDeployment", f"arn:aws:codedeploy:{REGION}:{DEV}:deploymentgroup:x/live"),
    ],
)
@pytest.mark.parametrize("function", ["hello-api", "release-hook"])
def test_functions_cannot_do_the_platforms_work(
    world: World, function: str, action: str, resource: str
) -> None:
    role = world.role(f"lockgate-dev-{function}-exec")
    assert not role.may(Asked(role.arn, action, resource))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateUser", "*"),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{DEV}:table/lockgate-dev-ledger"),
        ("s3:PutObject", f"arn:aws:s3:::lockgate-dev-state-{DEV}-{REGION}/workload.tfstate"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{DEV}:key/1"),
        ("organizations:LeaveOrganization", "*"),
        ("sts:AssumeRole", f"arn:aws:iam::{DEV}:role/lockgate-dev-deploy"),
    ],
)
def test_the_boundary_holds_whatever_a_services_policy_says(world: World, action: str, resource: str) -> None:
    role = world.role("lockgate-dev-hello-api-exec")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    wide = Role(role.arn, (), (everything,), role.boundary)
    assert not wide.may(Asked(role.arn, action, resource))
    assert Role(role.arn, (), (everything,)).may(Asked(role.arn, action, resource))
