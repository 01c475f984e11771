"""An account of its own on the embedded AWS, with a bucket and build projects."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import boto3
import yaml
from botocore.config import Config

from tests.local.codedeploy_world import REGION, until

_ACCOUNTS = count(300_000_000_001)
BUCKET = "artifacts"
ROLE = "arn:aws:iam::{account}:role/codebuild"


def spec(**members: Any) -> str:
    """A buildspec of version 0.2; `build` is short for the commands of that phase."""
    commands = members.pop("build", None)
    tree: dict[str, Any] = {"version": 0.2, **members}
    if commands is not None:
        tree["phases"] = {**tree.get("phases", {}), "build": {"commands": commands}}
    return yaml.safe_dump(tree, sort_keys=False)


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip of these texts; those with a shebang may be run."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if text.startswith("#!") else 0o644) << 16
            archive.writestr(entry, text)
    return body.getvalue()


@dataclass
class World:
    """One account, with a bucket."""

    endpoint: str
    account: str = field(default_factory=lambda: str(next(_ACCOUNTS)))

    def __post_init__(self) -> None:
        self.codebuild = self.client("codebuild")
        self.logs = self.client("logs")
        self.s3 = self.client("s3")
        location = {"LocationConstraint": REGION}
        with contextlib.suppress(self.s3.exceptions.BucketAlreadyOwnedByYou):
            self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=location)

    @property
    def bucket(self) -> str:
        return f"{BUCKET}-{self.account}"

    @property
    def role(self) -> str:
        return ROLE.format(account=self.account)

    def client(self, service: str) -> Any:
        """A real client, validating as always."""
        session: Any = boto3.Session(self.account, "local", region_name=REGION)
        config = Config(retries={"max_attempts": 1}, read_timeout=60)
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def project(self, buildspec: str, name: str = "project", **settings: Any) -> str:
        """A project without sources, unless told otherwise; its name."""
        source = {"type": "NO_SOURCE", "buildspec": buildspec}
        environment = {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            **settings.pop("environment", {}),
        }
        self.codebuild.create_project(
            **{
                "name": name,
                "source": source,
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": environment,
                "serviceRole": self.role,
                **settings,
            }
        )
        return name

    def put(self, key: str, files: Mapping[str, str]) -> str:
        """Puts a zip; where it is, as a source's location."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=zipped(files))
        return f"{self.bucket}/{key}"

    def start(self, name: str = "project", **overrides: Any) -> str:
        """Starts a build; its id."""
        build_id: str = self.codebuild.start_build(projectName=name, **overrides)["build"]["id"]
        return build_id

    def build(self, build_id: str) -> Any:
        (found,) = self.codebuild.batch_get_builds(ids=[build_id])["builds"]
        return found

    def ended(self, build_id: str) -> Any:
        """The build, once it is over."""

        def look() -> Any:
            found = self.build(build_id)
            return found if found["buildComplete"] else None

        return until(look, f"{build_id} is over")

    def run(self, buildspec: str, **settings: Any) -> Any:
        """Makes a project of its own and builds it to the end."""
        name = self.project(
            buildspec, f"project-{len(self.codebuild.list_projects()['projects'])}", **settings
        )
        return self.ended(self.start(name))

    def log(self, build: Any) -> list[str]:
        """Lines of a build's log, without CodeBuild's prefix."""
        place = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = self.logs.get_log_events(**place, startFromHead=True)["events"]
        lines = [event["message"] for event in events]
        assert all(line.endswith("\n") for line in lines)
        return [
            line.rstrip("\n").split(" ", 3)[-1] if line.startswith("[Container]") else line[:-1]
            for line in lines
        ]

    def object(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def keys(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def events(self) -> EventQueue:
        """Collects CodeBuild's events from now on."""
        return EventQueue(self)


class EventQueue:
    """CodeBuild's events, by a rule and a queue."""

    def __init__(self, world: World) -> None:
        self._sqs = world.client("sqs")
        rules = world.client("events")
        self._url = self._sqs.create_queue(QueueName="codebuild")["QueueUrl"]
        rules.put_rule(Name="codebuild", EventPattern=json.dumps({"source": ["aws.codebuild"]}))
        arn = f"arn:aws:sqs:{REGION}:{world.account}:codebuild"
        rules.put_targets(Rule="codebuild", Targets=[{"Id": "queue", "Arn": arn}])

    def read(self) -> list[Any]:
        """The events that have come, in their order."""
        found: list[Any] = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found


def phases(build: Any) -> dict[str, str | None]:
    """Status of each phase, in their order."""
    return {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}
