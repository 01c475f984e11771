"""The bootstrap's zip is its source, and answers under any name of a handler."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.terraform.hcl import TERRAFORM

FOLDER = TERRAFORM / "modules" / "artifact-store" / "bootstrap"


def _module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _zip() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(base64.b64decode((FOLDER / "lambda-python.zip.b64").read_text())))


def test_zip_is_what_its_source_packs_to() -> None:
    build = _module(FOLDER / "build.py", "bootstrap_build")
    assert (FOLDER / "lambda-python.zip.b64").read_text() == build.packed((FOLDER / "app.py").read_bytes()), (
        "run python terraform/modules/artifact-store/bootstrap/build.py"
    )


def test_zip_holds_the_source_and_nothing_else() -> None:
    with _zip() as archive:
        assert archive.namelist() == ["app.py"]
        assert archive.read("app.py") == (FOLDER / "app.py").read_bytes()


def test_every_user_of_lambda_can_read_it() -> None:
    with _zip() as archive:
        assert archive.getinfo("app.py").external_attr >> 16 & 0o444 == 0o444


@pytest.mark.parametrize("handler", ["handler", "lambda_handler", "run"])
def test_answers_503_under_any_handler(tmp_path: Path, handler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _zip() as archive:
        archive.extractall(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    run = getattr(_module(tmp_path / "app.py", "bootstrap_app"), handler)
    for event in ({}, None, {"Records": []}, {"Records": [1, {"Sns": {}}]}):
        answer = run(event, None)
        assert answer["statusCode"] == 503
        assert json.loads(answer["body"]) == {"message": "nothing released yet"}


def test_messages_of_a_queue_stay_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _zip() as archive:
        archive.extractall(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    handler = _module(tmp_path / "app.py", "bootstrap_app").handler
    records = [{"messageId": name, "body": "{}"} for name in ("a", "b")]
    assert handler({"Records": records}, None) == {
        "batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]
    }
