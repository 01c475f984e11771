"""AWS clients for one environment: the usual credentials, the environment's endpoint, one retry policy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

from lockgate import __version__
from lockgate.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_codebuild.client import CodeBuildClient
    from mypy_boto3_codedeploy.client import CodeDeployClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_sts.client import STSClient

    from lockgate.config import Account

Client = TypeVar("Client", bound=BaseClient)

_CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 8},
    connect_timeout=5,
    read_timeout=65,
    user_agent_extra=f"lockgate/{__version__}",
    s3={"addressing_style": "auto"},
)

_ASKING = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 2}))
"""For the first question, who we are: where nobody answers, that is said at once and not after a minute."""


_MEASURING = _CONFIG.merge(Config(retries={"mode": "adaptive", "total_max_attempts": 3}, read_timeout=15))
"""For metrics, which are read again at the next look anyway: while CloudWatch is out, whoever watches a
canary must not wait for it and miss the moment at which to stop."""

_MARKING = _CONFIG.merge(Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=2))
"""For marks on dashboards, which are worth no wait."""


_TELLING = _CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=2)
)
"""For release events, which the next step of a release puts again: a bus that is out must not hold it up."""


@dataclass(frozen=True)
class Aws:
    """Clients of one account and region, made when they are first needed.

    Args:
        session: where credentials come from.
        region: AWS region.
        endpoint_url: one endpoint for every service, or None for AWS's own.
        calls: number of API calls that were made, by `service.Operation`.
    """

    session: boto3.Session
    region: str
    endpoint_url: str | None = None
    calls: Counter[str] = field(default_factory=Counter)

    @classmethod
    def connect(cls, account: Account, region: str, profile: str | None = None) -> Aws:
        """Clients for an account. An embedded AWS that is not bootstrapped takes the account id as its access
        key; everywhere else credentials are the profile's, or the usual chain's.

        Raises:
            RefusedError: there is no such profile.
        """
        endpoint = account.endpoint_url.rstrip("/") if account.endpoint_url else None
        if not account.is_embedded or account.is_bootstrapped:
            try:
                return cls(boto3.Session(region_name=region, profile_name=profile), region, endpoint)
            except ProfileNotFound as error:
                named = "--profile" if profile else "AWS_PROFILE, or unset it"
                raise RefusedError(str(error), hint=f"Correct {named}.") from error
        session = boto3.Session(
            aws_access_key_id=account.account_id, aws_secret_access_key="local", region_name=region
        )
        return cls(session, region, endpoint)

    def assuming(self, arn: str, region: str) -> Aws:
        """Clients of a role, of another account maybe, for the hour that its credentials last.

        Raises:
            RefusedError: these credentials may not assume it, or there is none.
        """
        try:
            found = self.sts.assume_role(RoleArn=arn, RoleSessionName="lockgate")["Credentials"]
        except (BotoCoreError, ClientError) as error:
            raise RefusedError(
                f"{arn} cannot be assumed: {error}", hint="Correct that; nothing was written."
            ) from error
        session = boto3.Session(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
            region_name=region,
        )
        return Aws(session, region, self.endpoint_url)

    def account(self, name: str) -> str:
        """The account that these credentials belong to.

        Args:
            name: what they are for, as people call it.

        Raises:
            RefusedError: no credentials, or no answer.
        """
        try:
            return self.sts.get_caller_identity()["Account"]
        except NoCredentialsError as error:
            raise RefusedError(
                f"no AWS credentials for {name!r}",
                hint="Sign in first (aws sso login, or AWS_PROFILE=...), then run it again.",
            ) from error
        except (BotoCoreError, ClientError) as error:
            where = self.endpoint_url or f"region {self.region}"
            raise RefusedError(
                f"AWS does not answer for {name!r} ({where}): {error}",
                hint="Check the credentials and the network."
                if self.endpoint_url is None
                else "Start the embedded AWS: make local-up.",
            ) from error

    def check_account(self, expected: str, name: str) -> None:
        """Refuses to go on in another account than `platform.yaml` names.

        Raises:
            RefusedError: no credentials, no answer, or the wrong account.
        """
        account = self.account(name)
        if account != expected:
            raise RefusedError(
                f"these credentials belong to account {account}, but {name!r} is account "
                f"{expected} in platform.yaml",
                hint=f"Sign in to account {expected}; nothing was written.",
            )

    def _counted(self, client: Client) -> Client:
        client.meta.events.register("before-send", self._count)
        return client

    def _count(self, event_name: str, **_: Any) -> None:
        self.calls[event_name.removeprefix("before-send.")] += 1

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self._counted(
            self.session.client("cloudwatch", config=_MEASURING, endpoint_url=self.endpoint_url)
        )

    @cached_property
    def cloudwatch_marks(self) -> CloudWatchClient:
        """CloudWatch, for what may as well get lost."""
        return self._counted(
            self.session.client("cloudwatch", config=_MARKING, endpoint_url=self.endpoint_url)
        )

    @cached_property
    def codebuild(self) -> CodeBuildClient:
        return self._counted(self.session.client("codebuild", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def codedeploy(self) -> CodeDeployClient:
        return self._counted(
            self.session.client("codedeploy", config=_CONFIG, endpoint_url=self.endpoint_url)
        )

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self._counted(self.session.client("dynamodb", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def ecr(self) -> ECRClient:
        return self._counted(self.session.client("ecr", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def ecs(self) -> ECSClient:
        return self._counted(self.session.client("ecs", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        return self._counted(self.session.client("elbv2", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def events(self) -> Any:
        return self._counted(self.session.client("events", config=_TELLING, endpoint_url=self.endpoint_url))

    @cached_property
    def iam(self) -> IAMClient:
        return self._counted(self.session.client("iam", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def lambda_(self) -> LambdaClient:
        return self._counted(self.session.client("lambda", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self._counted(self.session.client("logs", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def s3(self) -> S3Client:
        return self._counted(self.session.client("s3", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        return self._counted(
            self.session.client("secretsmanager", config=_CONFIG, endpoint_url=self.endpoint_url)
        )

    @cached_property
    def sns(self) -> SNSClient:
        return self._counted(self.session.client("sns", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def ssm(self) -> SSMClient:
        return self._counted(self.session.client("ssm", config=_CONFIG, endpoint_url=self.endpoint_url))

    @cached_property
    def sts(self) -> STSClient:
        return self._counted(self.session.client("sts", config=_ASKING, endpoint_url=self.endpoint_url))
