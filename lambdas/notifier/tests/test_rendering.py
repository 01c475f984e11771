"""How messages look, by snapshots. LOCKGATE_WRITE_SNAPSHOTS=1 writes them: look at what git says then."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.lambdas import load

SOURCE = Path(__file__).parents[1] / "src"
SNAPSHOTS = Path(__file__).parent / "snapshots"


def _samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notifier_samples", Path(__file__).parent / "samples.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAMPLES: dict[str, str] = _samples().SAMPLES


@pytest.fixture(scope="module")
def rendering() -> ModuleType:
    return load(SOURCE, "rendering")


def message(rendering: ModuleType, body: str) -> Any:
    return load(SOURCE, "messages").message_of(body, "q-1")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_looks_as_it_did(rendering: ModuleType, name: str) -> None:
    found = message(rendering, SAMPLES[name])
    looks = {kind: getattr(rendering, kind)(found) for kind in ("slack", "teams", "plain")}
    looks["plain"].pop("event")
    path = SNAPSHOTS / f"{name}.json"
    if os.environ.get("LOCKGATE_WRITE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(json.dumps(looks, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    assert looks == json.loads(path.read_text())


def test_there_is_no_snapshot_of_nothing() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("pair", [("alarm", "alarm-event"), ("deployment", "deployment-event")])
def test_both_ways_of_one_thing_have_one_key(rendering: ModuleType, pair: tuple[str, str]) -> None:
    one, other = (message(rendering, SAMPLES[name]) for name in pair)
    assert one.key == other.key
    assert one.severity == other.severity == "warning"


def test_other_things_have_other_keys(rendering: ModuleType) -> None:
    different = set(SAMPLES) - {"alarm-event", "deployment-event", "text", "garbage"}
    assert len({message(rendering, SAMPLES[name]).key for name in different}) == len(different)


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"Type": "Notification"}', '{"detail-type": "x"}'])
def test_whatever_it_is_it_makes_a_message(rendering: ModuleType, body: str) -> None:
    found = message(rendering, body)
    for kind in ("slack", "teams", "plain"):
        assert json.dumps(getattr(rendering, kind)(found))


def test_what_is_too_long_is_cut_to_what_is_taken(rendering: ModuleType) -> None:
    samples = _samples()
    body = samples.release("rolled_back", "warning", "t" * 5000, reason="<" * 5000, service="s" * 5000)
    found = message(rendering, body)
    for block in rendering.slack(found)["blocks"]:
        assert len(block.get("text", {}).get("text", "")) <= 3000
        fields = block.get("fields", [])
        assert len(fields) <= 10
        assert all(len(entry["text"]) <= 2000 for entry in fields)
    assert len(json.dumps(rendering.teams(found))) < 28_000


def test_a_program_knows_who_wrote(rendering: ModuleType) -> None:
    webhook = load(SOURCE, "settings").Webhook("https://hooks.example.com/x", "a key")
    request = rendering.request_of("json", message(rendering, SAMPLES["alarm"]), webhook, 1_767_268_800.5)
    assert request.headers["X-Lockgate-Timestamp"] == "1767268800"
    expected = hmac.new(b"a key", b"1767268800." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Lockgate-Signature"] == f"v1={expected}"


def test_nothing_is_signed_for_chats_or_without_a_key(rendering: ModuleType) -> None:
    webhook = load(SOURCE, "settings").Webhook
    found = message(rendering, SAMPLES["alarm"])
    assert rendering.request_of("slack", found, webhook("https://x.example", "a key"), 0.0).headers == {}
    assert rendering.request_of("json", found, webhook("https://x.example"), 0.0).headers == {}
