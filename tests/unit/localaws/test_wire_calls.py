"""The wire against botocore's own serializer and parser: what a real client sends and understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from localaws.wire import ServiceError
from localaws.wire.calls import Call, UnmodelledError, Wire

WIRE = Wire("codedeploy")
HEADERS = {"x-amz-target": "CodeDeploy_20141006.ListDeployments"}


def request(operation: str, params: dict[str, Any]) -> Call:
    """A request of botocore's serializer, understood."""
    sent = create_serializer("json").serialize_to_request(params, WIRE.model.operation_model(operation))
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    return WIRE.parse("POST", "/", headers, sent["body"], {})


def understood(answer: tuple[int, dict[str, str], bytes], operation: str) -> Any:
    """What botocore's parser makes of an answer."""
    status, headers, body = answer
    response = {"status_code": status, "headers": headers, "body": body}
    return create_parser("json").parse(response, WIRE.model.operation_model(operation).output_shape)


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2100, 1, 1)).map(
        lambda t: t.replace(microsecond=0, tzinfo=UTC)
    ),
    st.lists(st.sampled_from(["Created", "Queued", "Succeeded"])),
    st.text(min_size=1).filter(lambda text: text.isprintable()),
)
def test_parameters_of_a_real_client_come_back(start: datetime, statuses: list[str], name: str) -> None:
    params = {
        "applicationName": name,
        "includeOnlyStatuses": statuses,
        "createTimeRange": {"start": start},
    }
    call = request("ListDeployments", params)
    assert (call.operation, call.params) == ("ListDeployments", params)


def test_times_of_an_answer_are_epoch_seconds() -> None:
    call = request("GetApplication", {"applicationName": "a"})
    made = datetime(2026, 1, 2, 3, 4, 5, 250_000, UTC)
    answer = WIRE.answer(call, {"application": {"applicationName": "a", "createTime": made}})
    assert json.loads(answer[2])["application"]["createTime"] == made.timestamp()
    assert understood(answer, "GetApplication")["application"]["createTime"] == made


def test_errors_are_told_apart_by_name() -> None:
    call = request("GetApplication", {"applicationName": "a"})
    answer = WIRE.fail(call, ServiceError("ApplicationDoesNotExistException", "No application found"))
    assert answer[0] == 400
    assert answer[1]["x-amzn-errortype"] == "ApplicationDoesNotExistException"
    error = understood(answer, "GetApplication")["Error"]
    assert error == {"Code": "ApplicationDoesNotExistException", "Message": "No application found"}


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amz-target": "CodeDeploy_20141006.Nonsense"}, b"{}", "UnknownOperationException"),
        ({}, b"{}", "UnknownOperationException"),
        (HEADERS, b"{", "SerializationException"),
        (HEADERS, b"[]", "SerializationException"),
        (HEADERS, b'{"createTimeRange": {"start": "yesterday"}}', "SerializationException"),
        (HEADERS, b'{"includeOnlyStatuses": "Created"}', "ValidationException"),
        (HEADERS, b'{"applicationName": 5}', "ValidationException"),
        ({"x-amz-target": "CodeDeploy_20141006.GetDeployment"}, b"{}", "ValidationException"),
    ],
)
def test_what_does_not_fit_is_refused(headers: dict[str, str], body: bytes, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        WIRE.parse("POST", "/", headers, body, {})
    assert refused.value.code == code
    assert WIRE.fail(None, refused.value, headers)[0] == 400


def test_members_that_the_model_lacks_are_ignored() -> None:
    call = WIRE.parse("POST", "/", HEADERS, b'{"applicationName": "a", "newerThanUs": 1}', {})
    assert call.params == {"applicationName": "a"}


def test_only_post_is_understood() -> None:
    with pytest.raises(ServiceError):
        WIRE.parse("GET", "/", HEADERS, b"", {})


@pytest.mark.parametrize(
    "output",
    [
        {"application": {"unheardOf": 1}},
        {"application": {"createTime": 1.0}},
        {"application": {"computePlatform": "Mainframe"}},
        {"application": []},
    ],
)
def test_an_answer_that_clients_would_not_understand_is_a_defect(output: dict[str, Any]) -> None:
    call = request("GetApplication", {"applicationName": "a"})
    with pytest.raises(AssertionError):
        WIRE.answer(call, output)


def test_an_error_that_the_model_lacks_is_a_defect() -> None:
    with pytest.raises(UnmodelledError):
        WIRE.fail(None, ServiceError("MadeUpException", "no"))


def test_the_services_own_checks_come_first() -> None:
    def check(operation: str, params: dict[str, Any]) -> None:
        raise ServiceError("ApplicationNameRequiredException", f"{operation} {params}")

    with pytest.raises(ServiceError) as refused:
        Wire("codedeploy", check).parse("POST", "/", HEADERS, b"{}", {})
    assert refused.value.code == "ApplicationNameRequiredException"


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [
        ({"smithy-protocol": "rpc-v2-cbor"}, "application/cbor"),
        ({"x-amz-target": "GraniteServiceVersion20100801.DescribeAlarms"}, "application/x-amz-json-1.0"),
        ({}, "text/xml"),
    ],
)
def test_each_request_is_answered_in_its_own_protocol(headers: dict[str, str], content_type: str) -> None:
    error = ServiceError("ValidationException", "no")
    assert Wire("cloudwatch").fail(None, error, headers)[1]["content-type"] == content_type
