"""A change from empty accounts to a release, with every step under its own role and IAM enforced.

Then each role is asked back: nothing that it needed was denied, nothing that it may was needed by nobody, and
what it must never do is denied.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lockgate.commands.rehearse import rounds_of
from lockgate.config.platform import Purpose
from lockgate.rehearsal.declared import SERVICE, made_up
from lockgate.rehearsal.identity import Identity
from lockgate.rehearsal.journey import Step
from lockgate.rehearsal.rehearsal import Took, rehearse
from lockgate.rehearsal.stage import Stage
from lockgate.rehearsal.webhook import serving
from tests.local.asked import REGION, Asked, Role, questions, roles, unneeded
from tests.local.codedeploy_world import until
from tests.local.webhook import Mood, Webhook

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).parents[2]
DEV, SHARED = "222222222222", "555555555555"

POLLED = 2.5
"""Seconds in which a queue is looked at more than once."""

TOLERATED = {
    "iam:GetUser": "the provider asks IAM for the account first where an endpoint is embedded, then STS",
    "kms:DescribeKey": "the provider looks for AWS's own key of DynamoDB, and goes on without it",
}
"""Denials that nothing waits for."""

_BATCH = (
    "builds of this journey are no batch: tests/local/test_codebuild.py has some, where nothing is enforced"
)
_CHANGES = "nothing is changed or removed on the way from nothing to a release"
_HOOK = "stands beside the denial of all other hooks, and does not rest on AWS's managed policy"
_IMAGES = "the journey has no container: nothing here runs one"
_TRACES = "there is no X-Ray here: what functions send is lost"
_TRAIL = "a trail writes no log here"

KEPT = {
    "lockgate-build-batch/batch: StartOwnBuilds": _BATCH,
    "lockgate-build/build: WriteOwnReports": "CodeBuild keeps reports without a call here",
    "lockgate-dev-hello-api-deploy/deployment: InvokeHook": _HOOK,
    "lockgate-dev-hello-api-exec/execution: Trace": _TRACES,
    "lockgate-dev-notifier-exec/execution: Trace": _TRACES,
    "lockgate-dev-pipeline-account: Announce": "only what no bus takes is announced without one",
    "lockgate-dev-pipeline-account: ChangeServiceRoles": _CHANGES,
    "lockgate-dev-pipeline-account: EndSubscriptions": _CHANGES,
    "lockgate-dev-pipeline-messages: ChangeSources": _CHANGES,
    "lockgate-dev-pipeline-release: ReadHookLogs": "only a hook that fails has its log read",
    "lockgate-dev-pipeline-services: DeliverAccessLogs": "an API that logs asks for no delivery here",
    "lockgate-dev-prune/read-what-is-released: ReadVersions": _IMAGES,
    "lockgate-dev-rehearsal-deploy/deployment: InvokeHook": _HOOK,
    "lockgate-dev-rehearsal-exec/execution: Trace": _TRACES,
    "lockgate-dev-release-hook-exec/execution: Trace": _TRACES,
    "lockgate-dev-trail-logs/write-logs: logs:CreateLogStream logs:PutLogEvents": _TRAIL,
    "lockgate-tooling-pipeline-account: Announce": "nothing is released in the tooling account",
    "lockgate-tooling-pipeline-account: ChangeServiceRoles": _CHANGES,
    "lockgate-tooling-pipeline-account: EndSubscriptions": _CHANGES,
    "lockgate-tooling-pipeline-build: PushImages": _IMAGES,
    "lockgate-tooling-pipeline-builds: ChangeRegistry": _IMAGES,
    "lockgate-tooling-pipeline-builds: PruneImages": _IMAGES,
    "lockgate-tooling-pipeline-read-builds: ReadRegistry": _IMAGES,
    "lockgate-tooling-pipeline-read-builds: ReadReports": "the sample declares no groups of reports",
    "lockgate-tooling-trail-logs/write-logs: logs:CreateLogStream logs:PutLogEvents": _TRAIL,
}
"""Statements that nothing of this run needed, by policy and Sid, and why they are there all the same."""


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
    hook = Webhook()
    stage = Stage(REPOSITORY, tmp_path_factory.mktemp("rehearsal"), "localaws", 0.5, ["dev"], hook)
    stage.begin()
    try:
        platform = stage.project.platform
        with serving(hook):
            done = rehearse(stage, rounds_of(stage.project, stage.names), lambda _: None)
            _be_out(hook, _administrator(stage, "sns"))
        found = {**roles(stage.endpoint_url, DEV), **roles(stage.endpoint_url, SHARED)}
        asked = questions(stage.home / "decisions.jsonl")
        yield World(stage, Identity(platform, stage.endpoint_url), done, asked, found)
    finally:
        stage.end()


def _administrator(stage: Stage, service: str) -> Any:
    """A client with dev's own key, which may do everything."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=stage.endpoint_url,
        region_name=REGION,
        aws_access_key_id=DEV,
        aws_secret_access_key="local",
    )


def _be_out(hook: Webhook, sns: Any) -> None:
    """Has the webhook be busy, and then refuse: a message stays in the queue, and one is put aside."""
    moods: tuple[Mood, ...] = ("busy", "refusing")
    for mood in moods:
        hook.mood, before = mood, hook.tries
        sns.publish(TopicArn=f"arn:aws:sns:{REGION}:{DEV}:lockgate-dev-info", Message=mood)
        until(
            lambda before=before: hook.tries > before, f"the notifier has tried while the webhook is {mood}"
        )


def test_the_whole_way_goes_through(world: World) -> None:
    verbs = [took.step.arguments[0] for took in world.done if isinstance(took.step, Step)]
    assert verbs.count("bootstrap") == 4
    assert {"apply", "build", "deploy", "drift", "plan", "prune", "rollback", "secrets", "verify"} <= set(
        verbs
    )


def test_nothing_that_was_needed_was_denied(world: World) -> None:
    assert [one for one in world.asked if not one.allowed and one.action not in TOLERATED] == []


def test_every_role_that_was_made_has_a_boundary(world: World) -> None:
    bare = [role.arn for role in world.roles.values() if not role.boundary]
    assert bare == []


def test_nothing_is_allowed_that_nothing_needs(world: World) -> None:
    assert _unneeded(world) - set(KEPT) == set()


def test_no_reason_is_given_for_what_is_needed_or_gone(world: World) -> None:
    assert set(KEPT) - _unneeded(world) == set()


def _unneeded(world: World) -> set[str]:
    found = unneeded(list(world.roles.values()), world.asked)
    return {f"{one.where}: {one.sid}" for one in found}


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


PASSWORD = f"lockgate-dev/{SERVICE}/password"
PROBE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        found = boto3.client("secretsmanager").get_secret_value(SecretId=event["secret"])
        boto3.client("ssm").get_parameter(Name=event["parameter"], WithDecryption=True)
        return found["SecretString"]
    except ClientError as error:
        return error.response["Error"]["Code"]
"""


@pytest.mark.parametrize(
    ("role", "answer"),
    [
        (SERVICE, made_up(SERVICE, "password")),
        ("hello-api", "AccessDeniedException"),
        ("notifier", "AccessDeniedException"),
        ("release-hook", "AccessDeniedException"),
    ],
)
def test_a_function_reads_its_own_secrets_and_no_others(world: World, role: str, answer: str) -> None:
    """Really tried: somebody's code that runs with each function's role."""
    functions, code = _administrator(world.stage, "lambda"), io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("probe.py", PROBE)
    made = functions.create_function(
        FunctionName=f"probe-{role}",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{DEV}:role/lockgate-dev-{role}-exec",
        Handler="probe.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )
    asked = {"secret": PASSWORD, "parameter": f"/lockgate-dev/{SERVICE}/api-key"}
    got = functions.invoke(FunctionName=made["FunctionName"], Payload=json.dumps(asked))
    assert json.loads(got["Payload"].read()) == answer


@pytest.mark.parametrize(("account", "purpose"), [("dev", "plan"), ("dev", "deploy"), ("tooling", "build")])
def test_the_pipeline_neither_reads_nor_sets_secrets(world: World, account: str, purpose: Purpose) -> None:
    secrets = world.client("secretsmanager", account, purpose)
    named = {"SecretId": PASSWORD}
    assert _refused(lambda: secrets.get_secret_value(**named)) in DENIED
    assert _refused(lambda: secrets.put_secret_value(**named, SecretString="x")) in DENIED


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


def test_a_queue_is_read_only_where_the_functions_role_may(world: World) -> None:
    iam, queues = _administrator(world.stage, "iam"), _administrator(world.stage, "sqs")
    url = queues.get_queue_url(QueueName="lockgate-dev-notifier")["QueueUrl"]
    policy = {"RoleName": "lockgate-dev-notifier-exec", "PolicyName": "notifier"}
    document = json.dumps(iam.get_role_policy(**policy)["PolicyDocument"])

    def waiting() -> int:
        names = ["ApproximateNumberOfMessages"]
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]])

    iam.delete_role_policy(**policy)
    queues.purge_queue(QueueUrl=url)
    queues.send_message(QueueUrl=url, MessageBody="nobody may read this")
    time.sleep(POLLED)
    assert waiting() == 1
    iam.put_role_policy(**policy, PolicyDocument=document)
    until(lambda: waiting() == 0, "the message is read")
