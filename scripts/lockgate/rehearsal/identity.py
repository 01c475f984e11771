"""Credentials as somebody on AWS would have them: an administrator's own, or a role for GitHub's token."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from lockgate.config import Platform
from lockgate.config.platform import Purpose

_ISSUER = "https://token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
_SESSION = {"plan": 3600, "build": 3600, "deploy": 10800}


@dataclass(frozen=True)
class Identity:
    """Who runs a step.

    Args:
        platform: names accounts and roles.
        endpoint_url: the embedded AWS.
    """

    platform: Platform
    endpoint_url: str

    def of(self, account: str, purpose: Purpose | None, *, aws_cli: bool = False) -> dict[str, str]:
        """Environment variables of whoever runs a step.

        Args:
            account: whose credentials.
            purpose: the role; None is whoever administers the account.
            aws_cli: whether the AWS CLI is run, which reads no platform.yaml.
        """
        credentials = self.job(account, purpose) if purpose else self.administrator(account)
        if not aws_cli:
            return credentials
        region = self.platform.region_of(account)
        return {**credentials, "AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL": self.endpoint_url}

    def administrator(self, account: str) -> dict[str, str]:
        """Environment variables of whoever administers an account: its own key, on an embedded AWS."""
        return {
            "AWS_ACCESS_KEY_ID": self.platform.account_of(account).account_id,
            "AWS_SECRET_ACCESS_KEY": "local",
        }

    def job(self, account: str, purpose: Purpose) -> dict[str, str]:
        """Environment variables of a job of the workflows, after it has assumed its role.

        Raises:
            ClientError: the role does not trust it.
        """
        sts = boto3.client(
            "sts",
            endpoint_url=self.endpoint_url,
            region_name=self.platform.region_of(account),
            config=Config(signature_version=UNSIGNED),
        )
        found = sts.assume_role_with_web_identity(
            RoleArn=self.platform.role_arn_of(account, purpose),
            RoleSessionName=f"{purpose}-rehearsal",
            WebIdentityToken=_token(self.subject(account, purpose)),
            DurationSeconds=_SESSION.get(purpose, 3600),
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
        }

    def subject(self, account: str, purpose: Purpose) -> str:
        """What GitHub's token names, with ids: the environment of a job that has one, else main."""
        return self.platform.subjects_of(account, purpose)[-1]


def _token(subject: str) -> str:
    """A token with GitHub's claims and no signature, which an embedded AWS does not look at."""
    parts = ({"alg": "none"}, {"iss": _ISSUER, "aud": _AUDIENCE, "sub": subject})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])
