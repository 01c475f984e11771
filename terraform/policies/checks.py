"""What this platform wants of Terraform beyond checkov's own checks.

Written in Python, since checkov's YAML policies pass whatever depends on a variable or on another resource.
"""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class OfThePlatform(BaseResourceCheck):
    """A check of one attribute.

    Attributes:
        attribute: its name.
    """

    def __init__(self, number: int, name: str, *resources: str, attribute: str) -> None:
        self.attribute = attribute
        super().__init__(
            name=name,
            id=f"CKV2_LOCKGATE_{number}",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=list(resources),
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Asks `is_good` for the attribute's value, as text; None where it is not given."""
        self.evaluated_keys = [self.attribute]
        value = conf.get(self.attribute)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        good = self.is_good(None if value in (None, "", []) else str(value))
        return CheckResult.PASSED if good else CheckResult.FAILED

    def is_good(self, value: str | None) -> bool:
        """Whether that value is right."""
        raise NotImplementedError


class CustomerKey(OfThePlatform):
    """AWS's own key cannot be given to alarms and buses of other services."""

    def is_good(self, value: str | None) -> bool:
        return value is not None and "alias/aws/" not in value


class Given(OfThePlatform):
    """The attribute has to be there."""

    def is_good(self, value: str | None) -> bool:
        return value is not None


class Declared(OfThePlatform):
    """The attribute has to stand there; it may be null, where an account is not bootstrapped."""

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Looks for the attribute, not for its value."""
        self.evaluated_keys = [self.attribute]
        return CheckResult.PASSED if self.attribute in conf else CheckResult.FAILED


class NotTheFunction(OfThePlatform):
    """A function beside its alias runs what nobody has released: a canary would not see its requests."""

    def is_good(self, value: str | None) -> bool:
        return value is None or "aws_lambda_function." not in value


class NoForAllValues(OfThePlatform):
    """ForAllValues is true where the key is absent (IAM user guide, "Set operators for multivalued keys")."""

    def is_good(self, value: str | None) -> bool:
        return value is None or "ForAllValues" not in value


POLICIES = (
    "aws_ecr_repository_policy",
    "aws_iam_policy",
    "aws_iam_role_policy",
    "aws_kms_key",
    "aws_s3_bucket_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue",
)

# Each registers itself with checkov when it is made.
CustomerKey(1, "Topics are encrypted with a customer key", "aws_sns_topic", attribute="kms_master_key_id")
Given(2, "Callers may invoke the alias, not the function", "aws_lambda_permission", attribute="qualifier")
NotTheFunction(3, "HTTP APIs call the alias", "aws_apigatewayv2_integration", attribute="integration_uri")
NotTheFunction(
    4, "Event sources call the alias", "aws_lambda_event_source_mapping", attribute="function_name"
)
NoForAllValues(5, "No ForAllValues in policies", *POLICIES, attribute="policy")
NoForAllValues(6, "No ForAllValues in trust policies", "aws_iam_role", attribute="assume_role_policy")
Declared(7, "Roles have a permissions boundary", "aws_iam_role", attribute="permissions_boundary")
