"""`platform.yaml`: the organisation, its accounts and environments."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from lockgate.config.base import Declaration, EnvironmentName
from lockgate.config.freezes import Freeze

Purpose = Literal["plan", "deploy", "build", "prune", "promote", "break-glass"]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Endpoint = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+/?$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Principal = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(user|role)/.+$")]
ServicePrefix = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class Account(Declaration):
    """One account and one region of it, of AWS or of an embedded one."""

    account_id: AccountId = Field(description="Account that every command checks itself against first.")
    region: Region | None = Field(default=None, description="Region; the platform's when not given.")
    endpoint_url: Endpoint | None = Field(
        default=None, description="Endpoint of an embedded AWS; none for the real one."
    )
    emulator: str | None = Field(
        default=None,
        pattern=r"^[a-z_][a-z0-9_.]*$",
        description="Python module that starts what answers at endpoint_url: "
        "`python -m MODULE up --port PORT --minute SECONDS`.",
    )
    minute_seconds: float = Field(
        default=60.0,
        ge=0.5,
        le=60,
        description="Seconds in a CodeDeploy minute. Only an embedded AWS can run its clock faster.",
    )
    approval: bool = Field(
        default=True,
        description="Whether somebody else has to approve in GitHub before a workflow changes anything here. "
        "Workflows refuse to, where GitHub does not ask for that.",
    )
    bootstrapped: bool | None = Field(
        default=None,
        description="Whether `make bootstrap` sets this account up: state bucket, roles, boundary, trail. "
        "Credentials are the usual chain's then. Default: on AWS yes, on an embedded one no, where the "
        "account itself does everything.",
    )
    state_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Bucket of Terraform's state; named after platform, environment, account and region "
        "when not given.",
    )

    @property
    def is_embedded(self) -> bool:
        """Whether this is an embedded AWS on this machine."""
        return self.endpoint_url is not None

    @property
    def is_bootstrapped(self) -> bool:
        """Whether it has roles and a boundary, and whoever works on it has credentials of their own."""
        return not self.is_embedded if self.bootstrapped is None else self.bootstrapped

    @model_validator(mode="after")
    def _only_embedded_is_fast(self) -> Self:
        if self.emulator and not self.is_embedded:
            raise ValueError("emulator is for an environment with an endpoint_url")
        if self.minute_seconds != 60 and not self.is_embedded:
            raise ValueError(
                "minute_seconds is for an environment with an endpoint_url: AWS's minute has 60 s"
            )
        return self


class Network(Declaration):
    """A network that exists, for an environment's containers."""

    vpc_id: str = Field(pattern=r"^vpc-[0-9a-f]+$", description="The network.")
    private_subnet_ids: list[SubnetId] = Field(
        min_length=2,
        description="Subnets of tasks, and of load balancers that are not public, in two zones or more; they "
        "lead to ECR and CloudWatch Logs.",
    )
    public_subnet_ids: list[SubnetId] = Field(
        default_factory=list, description="Subnets of load balancers that the internet reaches."
    )


class Addresses(Declaration):
    """Who gets e-mail, by severity. SNS asks each address once whether it wants that."""

    info: list[Email] = Field(default_factory=list, description="Every step of every release.")
    warning: list[Email] = Field(
        default_factory=list, description="What went back or was refused: somebody should look today."
    )
    critical: list[Email] = Field(default_factory=list, description="Somebody has to look now.")


class Notifications(Declaration):
    """Who is told what happens."""

    email: Addresses = Field(default_factory=Addresses, description="Who gets e-mail.")
    webhook: Literal["slack", "teams", "json"] | None = Field(
        default=None,
        description="How the service `notifier` writes to the webhook whose address is in its secret; it "
        "drops messages, and says so in its log, where this or the address is missing.",
    )


class Environment(Account):
    """One place that services are released to."""

    network: Network | None = Field(
        default=None,
        description="Network for containers; one with a NAT gateway is made for them where none is named.",
    )
    dashboards: Literal["services", "environment", "none"] = Field(
        default="services",
        description="CloudWatch dashboards: one for the environment and one for each service, one for the "
        "environment alone, or none. Each costs 3 USD a month beyond an account's first three.",
    )
    build_for: Literal["declared", "host"] = Field(
        default="declared",
        description="What artifacts are built for: what service.yaml declares, or this machine and its "
        "Python, which is what an embedded AWS runs functions with.",
    )
    dirty_builds: bool = Field(
        default=False,
        description="Whether a tree with changes that are in no commit may be released here. Where it may "
        "not, what runs can always be looked up. An embedded AWS always takes them.",
    )
    promotes_from: EnvironmentName | None = Field(
        default=None,
        description="Environment in which what is released here has to have succeeded first, byte for byte.",
    )

    notifications: Notifications | None = Field(
        default=None, description="Who is told here, instead of those whom the platform names."
    )

    @model_validator(mode="after")
    def _only_embedded_is_built_for_the_host(self) -> Self:
        if self.build_for == "host" and not self.is_embedded:
            raise ValueError("build_for: host is for an environment with an endpoint_url")
        return self


class Tooling(Account):
    """The account with what environments share: artifact store, registry and builds. Nothing is released to
    it."""


TOOLING = "tooling"
"""What the tooling account is called in names, where an environment would have its own; no environment is
called so."""


class TerraformSources(Declaration):
    """Where Terraform may take code from: whatever it takes runs with the credentials of a plan."""

    providers: list[str] = Field(
        default_factory=lambda: ["hashicorp/aws"],
        description="Providers that stacks and modules may use, as `hashicorp/aws` or with the host of "
        "another registry in front. The one that Terraform has built in is always there.",
    )
    modules: list[str] = Field(
        default_factory=list,
        description="Sources of modules besides folders of this repository, without their version, as "
        "`terraform-aws-modules/vpc/aws`.",
    )


class GitHubRepository(Declaration):
    """The repository whose jobs may assume the pipeline's roles."""

    repository: str = Field(
        pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", description="OWNER/REPOSITORY, as GitHub spells it."
    )
    owner_id: int | None = Field(
        default=None,
        ge=1,
        description="GitHub's id of the owner: `gh api repos/OWNER/REPOSITORY --jq .owner.id`. Repositories "
        "made, renamed or transferred since 15 July 2026 name both ids in their tokens.",
    )
    repository_id: int | None = Field(
        default=None, ge=1, description="GitHub's id of the repository: `... --jq .id`."
    )
    provider: Literal["make", "existing"] = Field(
        default="make",
        description="Whether bootstrap makes the accounts' OIDC provider for GitHub, or each has it already.",
    )

    @model_validator(mode="after")
    def _both_ids(self) -> Self:
        if (self.owner_id is None) != (self.repository_id is None):
            raise ValueError("owner_id and repository_id: give both or neither; tokens name both")
        return self

    @property
    def spellings(self) -> list[str]:
        """How tokens name the repository in their subject: by name, and with ids where these are given."""
        if self.owner_id is None:
            return [self.repository]
        owner, _, name = self.repository.partition("/")
        return [self.repository, f"{owner}@{self.owner_id}/{name}@{self.repository_id}"]


class BreakGlass(Declaration):
    """Who may do by hand what the pipeline may, when it cannot wait."""

    principals: list[Principal] = Field(
        default_factory=list,
        description="ARNs of users or roles, which may hold `*`; none leaves it to the account's own IAM.",
    )
    mfa: bool = Field(
        default=True,
        description="Whether they must have shown MFA within the hour. AWS sees it of users only: switch it "
        "off for roles of IAM Identity Center, name these, and ask for MFA there.",
    )

    @model_validator(mode="after")
    def _somebody_is_asked(self) -> Self:
        if not self.mfa and not self.principals:
            raise ValueError("break_glass: without MFA, principals must say who")
        return self


RUNTIME_SERVICES = (
    "cloudwatch",
    "codebuild",
    "codedeploy",
    "dynamodb",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "events",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "xray",
)
"""What roles of services and of the platform's own parts use, by IAM's prefixes."""


class Platform(Declaration):
    """The organisation's platform."""

    organisation: str = Field(pattern=r"^[a-z][a-z0-9-]{1,20}$", description="Tag on every resource.")
    name: str = Field(
        default="lockgate",
        pattern=r"^[a-z][a-z0-9-]{1,11}$",
        description="First part of every resource's name, so that two platforms can share an account.",
    )
    region: Region = Field(description="Region of every environment that names none.")
    environments: dict[EnvironmentName, Environment] = Field(min_length=1, description="By name.")
    tooling: Tooling | None = Field(
        default=None,
        description="Account with the artifact store, the registry and the builds that environments of the "
        "same AWS and region share. Without it each environment has its own.",
    )
    github: GitHubRepository | None = Field(
        default=None, description="Repository whose jobs may assume roles; bootstrap asks for it."
    )
    break_glass: BreakGlass = Field(
        default_factory=BreakGlass, description="Who may act by hand when the pipeline cannot wait."
    )
    runtime_services: list[ServicePrefix] = Field(
        default_factory=lambda: list(RUNTIME_SERVICES),
        description="Services, by IAM's prefixes, that roles made by the pipeline may use at most: their "
        "permissions boundary.",
    )
    freezes: list[Freeze] = Field(
        default_factory=list, description="When nothing is released and nothing is applied."
    )
    terraform: TerraformSources = Field(
        default_factory=TerraformSources,
        description="Providers and modules that a plan may use; anything else is refused before it runs.",
    )
    notifications: Notifications | None = Field(
        default=None, description="Who is told what happens in every environment that names nobody."
    )
    tags: dict[str, str] = Field(default_factory=dict, description="Further tags on every resource.")

    @field_validator("environments", mode="after")
    @classmethod
    def _own_accounts(cls, environments: dict[str, Environment]) -> dict[str, Environment]:
        seen: dict[tuple[str, str | None], str] = {}
        for name, environment in environments.items():
            key = (environment.account_id, environment.region)
            if key in seen:
                raise ValueError(
                    f"environments {seen[key]} and {name} share account {key[0]} and region: "
                    "give each an account of its own"
                )
            seen[key] = name
        return environments

    @model_validator(mode="after")
    def _tooling_stands_apart(self) -> Platform:
        if TOOLING in self.environments:
            raise ValueError(f"environments.{TOOLING}: the name is taken by the account of `tooling:`")
        if self.tooling is None:
            return self
        for name, environment in self.environments.items():
            same_aws = _endpoint(environment) == _endpoint(self.tooling)
            if same_aws and environment.account_id == self.tooling.account_id:
                raise ValueError(
                    f"tooling: account {environment.account_id} is that of environment {name} too: give "
                    "tooling an account of its own, so that nobody who may change an environment may change "
                    "what all of them run"
                )
        return self

    @model_validator(mode="after")
    def _promotions_lead_somewhere(self) -> Platform:
        for name, environment in self.environments.items():
            if environment.promotes_from is not None:
                self._check_promotion(name, environment.promotes_from)
        return self

    def _check_promotion(self, name: str, source: str) -> None:
        where = f"environments.{name}.promotes_from"
        if source not in self.environments:
            raise ValueError(f"{where}: there is no environment {source}")
        way = [name]
        following: str | None = source
        while following in self.environments:
            if following in way:
                raise ValueError(f"{where}: goes in a circle: {' from '.join([*way, following])}")
            way.append(following)
            following = self.environments[following].promotes_from
        if not self._same_aws(name, source):
            raise ValueError(f"{where}: {source} is in another AWS than {name}")
        if self.shares_tooling(name) != self.shares_tooling(source):
            raise ValueError(
                f"{where}: only one of {name} and {source} takes its artifacts from the tooling account, so "
                "that they never release the same ones"
            )

    def _same_aws(self, one: str, other: str) -> bool:
        same_endpoint = _endpoint(self.account_of(one)) == _endpoint(self.account_of(other))
        return same_endpoint and _partition(self.region_of(one)) == _partition(self.region_of(other))

    @model_validator(mode="after")
    def _freezes_name_what_there_is(self) -> Platform:
        for position, freeze in enumerate(self.freezes):
            for name in freeze.environments or ():
                if name not in self.environments and not (name == TOOLING and self.tooling):
                    raise ValueError(f"freezes.{position}.environments: there is no environment {name}")
        return self

    def promoted_to(self, name: str) -> list[str]:
        """Environments that promote from one."""
        return [other for other, one in self.environments.items() if one.promotes_from == name]

    def account_of(self, name: str) -> Account:
        """An environment by name, or the tooling account by the name `tooling`.

        Raises:
            KeyError: there is none of that name.
        """
        if name != TOOLING:
            return self.environments[name]
        if self.tooling is None:
            raise KeyError(name)
        return self.tooling

    def region_of(self, name: str) -> str:
        """Region of an environment or of `tooling`, its own or the platform's."""
        return self.account_of(name).region or self.region

    def state_bucket_of(self, name: str) -> str:
        """Name of the bucket that holds the Terraform state of an environment or of `tooling`."""
        return self.account_of(name).state_bucket or self._bucket(name, "state")

    def shares_tooling(self, environment: str) -> bool:
        """Whether an environment takes artifacts, images and builds from the tooling account.

        It does where both are in the same AWS and the same region: an embedded AWS cannot read from a real
        one, and Lambda takes code only from a bucket in the function's own region (Lambda API reference,
        FunctionCode, S3Bucket). Terraform has the same rule in `stacks/workload/declarations.tf`.
        """
        if self.tooling is None:
            return False
        same_aws = _endpoint(self.environments[environment]) == _endpoint(self.tooling)
        return same_aws and self.region_of(environment) == self.region_of(TOOLING)

    def artifact_bucket_of(self, name: str) -> str:
        """Name of the artifact store that an environment, or `tooling`, releases and builds with."""
        return self._bucket(self._holder(name), "artifacts")

    def build_project_of(self, name: str) -> str:
        """Name of the CodeBuild project that builds for an environment, or for `tooling`; it is in the
        account of the artifact store."""
        holder = self._holder(name)
        return f"{self.name}-build" if holder == TOOLING else f"{self.name}-{holder}-build"

    def registry_of(self, name: str) -> str:
        """Id of the account whose registry has the images of an environment, or of `tooling`."""
        return self.account_of(self._holder(name)).account_id

    def repository_of(self, name: str, service: str) -> str:
        """Name of a container's repository in that registry."""
        holder = self._holder(name)
        return f"{self.name if holder == TOOLING else f'{self.name}-{holder}'}/{service}"

    def role_of(self, name: str, purpose: Purpose) -> str:
        """Name of a role in the account of an environment, or of `tooling`.

        Args:
            name: environment, or `tooling`.
            purpose: `plan` reads, for pull requests; `deploy` applies and releases, behind the environment's
                approval; `build` builds, in the account of the artifact store; by `prune` the tooling
                account reads what an environment needs of it; by `promote` environments that promote from
                this one read what has succeeded here; by `break-glass` people do what `deploy` may.
        """
        return f"{self.name}-{name}-{purpose}"

    def role_arn_of(self, name: str, purpose: Purpose) -> str:
        """ARN of that role."""
        partition = _partition(self.region_of(name))
        return f"arn:{partition}:iam::{self.account_of(name).account_id}:role/{self.role_of(name, purpose)}"

    def topic_arn_of(self, name: str, severity: str) -> str:
        """ARN of the topic of an environment, or of `tooling`, whose contract nobody writes.

        Args:
            name: environment, or `tooling`.
            severity: info, warning or critical.
        """
        region = self.region_of(name)
        where = f"arn:{_partition(region)}:sns:{region}:{self.account_of(name).account_id}"
        return f"{where}:{self.name}-{name}-{severity}"

    def subjects_of(self, name: str, purpose: Purpose) -> list[str]:
        """Subjects of GitHub's tokens that a role trusts, in every spelling; none where no job assumes it.

        A job that names an environment sends that, else a pull request's job sends `pull_request`, and any
        other its branch (GitHub docs, "OpenID Connect reference").
        """
        main = "ref:refs/heads/main"
        contexts = {
            "plan": ["pull_request", main],
            "deploy": [f"environment:{name}"],
            "build": [main],
        }.get(purpose, [])
        spellings = self.github.spellings if self.github else []
        return [f"repo:{spelling}:{context}" for spelling in spellings for context in contexts]

    def job_purposes_of(self, name: str) -> tuple[Purpose, ...]:
        """Purposes of the roles that jobs of workflows have in an account: those that build have one where
        the artifact store is."""
        return ("plan", "deploy", "build") if self._holder(name) == name else ("plan", "deploy")

    def _holder(self, name: str) -> str:
        """Who holds what an environment may share: `tooling`, or the environment itself."""
        return TOOLING if name == TOOLING or self.shares_tooling(name) else name

    def _bucket(self, name: str, purpose: str) -> str:
        return f"{self.name}-{name}-{purpose}-{self.account_of(name).account_id}-{self.region_of(name)}"


def _endpoint(account: Account) -> str | None:
    """Which AWS it is: two that answer at the same address are one."""
    return None if account.endpoint_url is None else account.endpoint_url.rstrip("/").lower()


def _partition(region: str) -> str:
    """Partition of a region, by the first part of its name (botocore's `partitions.json`)."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
