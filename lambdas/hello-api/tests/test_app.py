"""The sample service."""

import json
from pathlib import Path

import pytest
import yaml

from tests.lambdas import Context, load

SERVICE = Path(__file__).parents[1]


def answer(monkeypatch: pytest.MonkeyPatch, **changes: object) -> dict[str, object]:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "hello-api")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    (smoke,) = yaml.safe_load((SERVICE / "service.yaml").read_text())["smoke"]
    return load(SERVICE / "src", "app").handler({**smoke["event"], **changes}, Context())


def test_it_greets_whom_the_query_names_and_says_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = answer(monkeypatch)
    assert answered["statusCode"] == 200
    assert json.loads(str(answered["body"])) == {"message": "hello, Lockgate", "version": "7"}


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_another_path_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, rawPath="/other")["statusCode"] == 404
