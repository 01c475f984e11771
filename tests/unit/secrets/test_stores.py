"""What is asked of the two stores, and that no error of theirs shows a value."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lockgate.errors import LockgateError, RefusedError
from lockgate.secrets.stores import Known, Writer, look
from lockgate.secrets.values import SecretValue

from .fake_stores import API_KEY, CHANGED, KEY, PASSWORD, FakeStores, refused

VALUE = SecretValue("hunter2-hunter2")


def writer(aws: FakeStores) -> Writer:
    return Writer(aws, {"environment": "prod"}, "Apply first.")  # type: ignore[arg-type]


def known(aws: FakeStores, secret: Any) -> Known:
    return look(aws, secret)  # type: ignore[arg-type]


def empty() -> FakeStores:
    return FakeStores(secrets={PASSWORD.id: {"Name": PASSWORD.id, "LastChangedDate": CHANGED}})


def test_a_secret_has_a_value_when_a_version_is_current() -> None:
    assert known(FakeStores(), PASSWORD) == Known(exists=False, has_value=False)
    aws = empty()
    assert known(aws, PASSWORD) == Known(exists=True, has_value=False)
    # What a rotation that has failed leaves (API reference, RotateSecret).
    aws.secrets[PASSWORD.id]["VersionIdsToStages"] = {"1": ["AWSPENDING"]}
    assert not known(aws, PASSWORD).has_value
    aws.secrets[PASSWORD.id] |= {
        "VersionIdsToStages": {"1": ["AWSPREVIOUS"], "2": ["AWSCURRENT", "AWSPENDING"]},
        "RotationEnabled": True,
        "RotationRules": {"AutomaticallyAfterDays": 30},
    }
    assert known(aws, PASSWORD) == Known(
        exists=True, has_value=True, changed=CHANGED, rotation="every 30 days"
    )


def test_a_parameter_has_a_value_when_it_is_there() -> None:
    assert known(FakeStores(), API_KEY) == Known(exists=False, has_value=False)
    aws = FakeStores(parameters={API_KEY.id: {"Name": API_KEY.id, "LastModifiedDate": CHANGED}})
    assert known(aws, API_KEY) == Known(exists=True, has_value=True, changed=CHANGED)


def test_a_value_is_put_into_the_secret_that_terraform_made() -> None:
    aws = empty()
    assert writer(aws).put(PASSWORD, VALUE) == f"Secrets Manager {PASSWORD.id}"
    assert aws.put == [{"SecretId": PASSWORD.id, "SecretString": VALUE.text}]


def test_a_secret_that_is_not_there_or_going_is_refused() -> None:
    with pytest.raises(RefusedError) as raised:
        writer(FakeStores()).put(PASSWORD, VALUE)
    assert raised.value.hint == "Apply first."
    aws = empty()
    aws.secrets[PASSWORD.id]["DeletedDate"] = CHANGED
    with pytest.raises(RefusedError, match="gone on 2026-11-28") as raised:
        writer(aws).put(PASSWORD, VALUE)
    assert "restore-secret" in raised.value.hint
    assert aws.put == []


def test_a_parameter_is_made_encrypted_and_tagged_and_then_overwritten() -> None:
    aws = FakeStores()
    writer(aws).put(API_KEY, VALUE)
    usual = {"Name": API_KEY.id, "Value": VALUE.text, "Type": "SecureString", "KeyId": KEY}
    assert aws.put == [{**usual, "Tier": "Standard", "Tags": [{"Key": "environment", "Value": "prod"}]}]
    aws.parameters[API_KEY.id] = {"Name": API_KEY.id, "Tier": "Standard"}
    writer(aws).put(API_KEY, VALUE)
    assert aws.put[1] == {**usual, "Tier": "Standard", "Overwrite": True}


@pytest.mark.parametrize(
    ("size", "tier", "expected"),
    [
        (4096, "Standard", "Standard"),
        (4097, "Standard", "Advanced"),
        # It never goes back (API reference, PutParameter, Tier).
        (10, "Advanced", "Advanced"),
    ],
)
def test_a_long_parameter_is_an_advanced_one_and_that_is_said(size: int, tier: str, expected: str) -> None:
    aws = FakeStores(parameters={API_KEY.id: {"Name": API_KEY.id, "Tier": tier}})
    said = writer(aws).put(API_KEY, SecretValue("x" * size))
    assert aws.put[0]["Tier"] == expected
    assert ("costs" in said) is (expected == "Advanced")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            refused("AccessDeniedException", "not authorized to perform: ssm:PutParameter"),
            "ssm:PutParameter",
        ),
        (refused("ValidationException", f"Value {VALUE.text} is odd"), "ValidationException"),
        (EndpointConnectionError(endpoint_url=VALUE.text), "EndpointConnectionError"),
    ],
)
def test_an_error_says_why_and_not_what(error: Exception, words: str) -> None:
    aws = empty()
    aws.refuses = error
    for secret in (PASSWORD, API_KEY):
        with pytest.raises(LockgateError, match=words) as raised:
            writer(aws).put(secret, VALUE)
        assert VALUE.text not in f"{raised.value.message}{raised.value.hint}"
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__


def test_debugging_does_not_log_what_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    aws = empty()
    logger = logging.getLogger("botocore.endpoint")
    put = aws.put_secret_value

    def logging_put(**asked: Any) -> dict[str, Any]:
        logger.debug("Making request with params: %s", asked)
        return put(**asked)

    aws.put_secret_value = logging_put  # type: ignore[method-assign]
    with caplog.at_level(logging.DEBUG, "botocore"):
        logger.debug("before")
        writer(aws).put(PASSWORD, VALUE)
        logger.debug("after")
    said = [record.message for record in caplog.records if record.name == logger.name]
    assert said == ["before", "after"]
