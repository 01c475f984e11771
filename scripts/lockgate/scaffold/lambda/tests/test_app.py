"""The handler of @NAME@."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

SOURCE = Path(__file__).parents[1] / "src" / "app.py"


def test_it_answers() -> None:
    spec = importlib.util.spec_from_file_location("app", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    answer = app.handler({"rawPath": "/@NAME@"}, SimpleNamespace(function_version="7"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["version"] == "7"
