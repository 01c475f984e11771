"""Every look of the judge, in the ledger's table.

Items (`pk`, `sk`): `looks#<environment>#<release id>`, `<service>#<stage>#<number>`; number 0 is the setup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from lockgate.judge import Look
from lockgate.release.judgement import LookRecord, Setup, Stage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass
class Recorded:
    """One judgement as the ledger has it: the setup, and its looks in order."""

    setup: Setup
    looks: list[LookRecord] = field(default_factory=list)

    def rows(self, looks: int | None = None) -> dict[datetime, Look]:
        """Rows as they were known after so many looks; after all by default."""
        return {row.at: row.look for look in self.looks[:looks] for row in look.rows}


@dataclass(frozen=True)
class Looks:
    """The looks of one environment's releases.

    Args:
        dynamodb: a client.
        table: name of the ledger's table.
        environment: name of the environment.
    """

    dynamodb: DynamoDBClient
    table: str
    environment: str

    def open(self, release_id: str, setup: Setup) -> None:
        """Writes the setup of a judgement, over one that a process left which died before its first look."""
        self._put(release_id, _key(setup.service, setup.stage, 0), setup.model_dump_json())

    def add(self, release_id: str, look: LookRecord) -> None:
        """Writes a look; the same look again changes nothing."""
        self._put(release_id, _key(look.service, look.stage, look.number), look.model_dump_json())

    def of(self, release_id: str) -> list[Recorded]:
        """Every judgement of a release, in the order in which they began."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": self._pk(release_id)}},
            ConsistentRead=True,
        )
        found: list[Recorded] = []
        for page in pages:
            for item in page["Items"]:
                document = item["document"]["S"]
                if item["sk"]["S"].endswith("#00000"):
                    found.append(Recorded(Setup.model_validate_json(document)))
                else:
                    found[-1].looks.append(LookRecord.model_validate_json(document))
        return sorted(found, key=lambda one: (one.setup.since, one.setup.service))

    def find(self, release_id: str, service: str, stage: Stage) -> Recorded | None:
        """One judgement of a release."""
        for recorded in self.of(release_id):
            if (recorded.setup.service, recorded.setup.stage) == (service, stage):
                return recorded
        return None

    def _pk(self, release_id: str) -> str:
        return f"looks#{self.environment}#{release_id}"

    def _put(self, release_id: str, key: str, document: str) -> None:
        self.dynamodb.put_item(
            TableName=self.table,
            Item={"pk": {"S": self._pk(release_id)}, "sk": {"S": key}, "document": {"S": document}},
        )


def _key(service: str, stage: Stage, number: int) -> str:
    return f"{service}#{stage}#{number:05}"
