"""The adapter: what it asks of Terraform, and what it makes of the answer."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from lockgate.errors import Exit, LockgateError, RefusedError
from lockgate.plans.secrets import Secrets
from lockgate.plans.terraform import Terraform
from tests.unit.plans.fake import FakeTerraform

LOCK_INFO = """Error message: operation error S3: PutObject, PreconditionFailed
Lock Info:
  ID:        6638e010-8fb0-46cf-966d-21e806602f3a
  Path:      bucket/workload.tfstate
  Operation: OperationTypeApply
  Who:       alice@laptop
  Version:   1.11.4
  Created:   2026-01-01 10:00:00 UTC
  Info:

Terraform acquires a state lock to protect the state."""


def error(summary: str, detail: str = "", **more: Any) -> dict[str, Any]:
    return {
        "@message": f"Error: {summary}",
        "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": summary, "detail": detail, **more},
    }


@pytest.mark.parametrize(("code", "changes"), [(0, False), (2, True)])
def test_a_plan_says_whether_anything_would_change(
    terraform: Terraform, fake: FakeTerraform, code: int, changes: bool
) -> None:
    out = terraform.data_dir / "x.tfplan"
    fake.tell(code=code)
    assert terraform.plan(out, {"environment": "local"}) is changes
    assert fake.arguments[0] == "plan"
    assert set(fake.arguments[1:]) == {
        "-json",
        "-input=false",
        "-detailed-exitcode",
        f"-out={out}",
        "-var=environment=local",
    }


def test_only_a_plan_may_end_with_2(terraform: Terraform, fake: FakeTerraform) -> None:
    fake.tell(code=2)
    with pytest.raises(LockgateError, match="exit code 2, and it said nothing"):
        terraform.apply(Path("x.tfplan"))


def test_an_apply_takes_exactly_the_plan_and_never_asks(terraform: Terraform, fake: FakeTerraform) -> None:
    terraform.apply(Path("x.tfplan"))
    assert set(fake.arguments) == {"apply", "-json", "-input=false", "-auto-approve", "x.tfplan"}
    assert fake.arguments[-1] == "x.tfplan"


def test_the_backends_settings_go_through_a_file(
    terraform: Terraform, fake: FakeTerraform, tmp_path: Path
) -> None:
    terraform.init({"bucket": "b", "use_path_style": True})
    (given,) = (a.removeprefix("-backend-config=") for a in fake.arguments if "backend-config" in a)
    assert json.loads(Path(given).read_text()) == {"bucket": "b", "use_path_style": True}
    assert {"-reconfigure", "-lockfile=readonly", "-input=false"} < set(fake.arguments)
    assert fake.environment["TF_DATA_DIR"] == str(tmp_path / "data")


def test_without_backend_settings_there_is_no_backend(terraform: Terraform, fake: FakeTerraform) -> None:
    terraform.init()
    assert "-backend=false" in fake.arguments


def test_errors_are_terraforms_own_with_their_place(terraform: Terraform, fake: FakeTerraform) -> None:
    place = {"filename": "main.tf", "start": {"line": 7}}
    fake.tell_lines(
        {"@message": "Terraform 1.11.4", "type": "version"},
        error("Invalid value", "It must be a name.", range=place),
        error("Access denied", address="aws_sns_topic.this"),
        code=1,
    )
    with pytest.raises(LockgateError) as raised:
        terraform.plan(terraform.data_dir / "x", {})
    assert raised.value.message == (
        "terraform plan in stack: Invalid value (main.tf:7): It must be a name.\n"
        "aws_sns_topic.this: Access denied"
    )


def test_words_that_are_not_json_are_the_error_where_there_is_no_other(
    terraform: Terraform, fake: FakeTerraform
) -> None:
    fake.tell(stderr="Error: unknown flag\n", code=1)
    with pytest.raises(LockgateError, match="unknown flag"):
        terraform.apply(Path("x"))


def test_a_locked_state_says_who_holds_it_and_how_to_release_it(
    terraform: Terraform, fake: FakeTerraform
) -> None:
    fake.tell_lines(error("Error acquiring the state lock", LOCK_INFO), code=1)
    with pytest.raises(RefusedError) as raised:
        terraform.plan(terraform.data_dir / "x", {})
    assert raised.value.message == (
        "terraform plan in stack: the state is locked by alice@laptop since 2026-01-01 10:00:00 UTC, "
        "for apply (lock 6638e010-8fb0-46cf-966d-21e806602f3a)"
    )
    assert "force-unlock 6638e010-8fb0-46cf-966d-21e806602f3a" in raised.value.hint
    assert raised.value.exit_code is Exit.REFUSED


def test_a_lock_that_names_nobody_is_still_a_refusal(terraform: Terraform, fake: FakeTerraform) -> None:
    fake.tell_lines(error("Error acquiring the state lock", "timeout"), code=1)
    with pytest.raises(RefusedError, match="timeout"):
        terraform.apply(Path("x"))


def test_what_changes_is_told_in_words_that_hold_no_values(terraform: Terraform, fake: FakeTerraform) -> None:
    told: list[str] = []
    about = {"resource": {"addr": "a.b"}, "action": "create", "id_value": "secret"}
    counts = {"add": 1, "change": 0, "remove": 2, "import": 0, "operation": "plan"}
    fake.tell_lines(
        {"@message": "a.b: Refreshing state... [id=secret]", "type": "refresh_start", "hook": about},
        {"@message": "a.b: Plan to create", "type": "planned_change", "change": about},
        {"@message": "secret", "type": "outputs"},
        {"@message": "a.b (local-exec): secret", "type": "provision_progress", "hook": about},
        {
            "@message": "a.b: Done [id=secret]",
            "type": "apply_complete",
            "hook": {**about, "elapsed_seconds": 3},
        },
        {"@message": "Plan: 1 to add", "type": "change_summary", "changes": counts},
        code=2,
    )
    dataclasses.replace(terraform, on_line=told.append).plan(terraform.data_dir / "x", {})
    assert told == [
        "a.b: to create",
        "a.b: create done after 3 s",
        "plan: 1 to create, 0 to update, 2 to destroy",
    ]


def test_secrets_are_taken_out_of_errors(terraform: Terraform, fake: FakeTerraform) -> None:
    fake.tell_lines(error("Invalid password", "InvalidParameter: hunter22 is too short"), code=1)
    scrub = Secrets(frozenset({"hunter22"})).scrub
    with pytest.raises(LockgateError) as raised:
        dataclasses.replace(terraform, scrub=scrub).apply(Path("x"))
    assert raised.value.message.endswith("Invalid password: InvalidParameter: (sensitive) is too short")


def test_show_and_output_are_read_from_standard_output_alone(
    terraform: Terraform, fake: FakeTerraform
) -> None:
    fake.tell(stdout='{"format_version": "1.2", "complete": true}\n', stderr="Warning: {a brace}\n")
    assert terraform.show(Path("x.tfplan")).document["complete"] is True
    assert fake.arguments == ["show", "-json", "x.tfplan"]
    fake.tell(stdout='{\n  "url": {"sensitive": false, "value": "https://x"}\n}\n')
    assert terraform.output() == {"url": "https://x"}


def test_a_plan_is_read_by_nobody_else_and_needs_no_lock(
    terraform: Terraform, fake: FakeTerraform, tmp_path: Path
) -> None:
    terraform.plan(tmp_path / "plans" / "x", {}, lock=False)
    assert (tmp_path / "plans" / "x").stat().st_mode & 0o777 == 0o600
    assert "-lock=false" in fake.arguments


def test_what_show_could_not_read_is_said(terraform: Terraform, fake: FakeTerraform) -> None:
    fake.tell(stderr="Error: Failed to read the given file\n", code=1)
    with pytest.raises(LockgateError, match="Failed to read the given file"):
        terraform.show(Path("x.tfplan"))


@pytest.mark.parametrize(("code", "diff"), [(0, ""), (3, "-a=1\n+a = 1")])
def test_format_differences_are_an_answer(
    terraform: Terraform, fake: FakeTerraform, code: int, diff: str
) -> None:
    fake.tell(stdout=diff, code=code)
    assert terraform.fmt_check() == diff


def test_a_file_that_cannot_be_parsed_is_an_error_of_the_format_check(
    terraform: Terraform, fake: FakeTerraform
) -> None:
    fake.tell(stderr="Error: Unclosed configuration block\n", code=2)
    with pytest.raises(LockgateError, match="Unclosed"):
        terraform.fmt_check()


def test_a_failed_test_is_shown(terraform: Terraform, fake: FakeTerraform) -> None:
    fake.tell(stdout='run "names"... fail\n', code=1)
    with pytest.raises(LockgateError, match=r'run "names"\.\.\. fail'):
        terraform.test()


def test_nothing_inherited_changes_what_is_planned(
    terraform: Terraform, fake: FakeTerraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TF_CLI_ARGS_plan", "TF_VAR_environment", "TF_WORKSPACE", "TF_LOG", "TF_LOG_PATH"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    terraform.plan(terraform.data_dir / "x", {})
    assert not {name for name in fake.environment if name.startswith(("TF_CLI_ARGS", "TF_VAR", "TF_LOG"))}
    assert "TF_WORKSPACE" not in fake.environment
    assert fake.environment["HTTPS_PROXY"] == "http://proxy.invalid"
    assert fake.environment["TF_IN_AUTOMATION"] == "1"


def test_credentials_that_are_passed_replace_all_others(
    terraform: Terraform, fake: FakeTerraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "other")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of another key")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    passed = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    dataclasses.replace(terraform, environment=passed).validate()
    found = {name: value for name, value in fake.environment.items() if name.startswith("AWS_")}
    assert found == {**passed, "AWS_CA_BUNDLE": "/ca.pem"}
    terraform.validate()
    assert fake.environment["AWS_PROFILE"] == "other"


def test_values_and_credentials_are_in_no_log(
    terraform: Terraform, fake: FakeTerraform, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        it = dataclasses.replace(terraform, environment={"AWS_SECRET_ACCESS_KEY": "hush"})
        it.plan(tmp_path / "x", {"password": "hush"})
        fake.tell(stdout='{"a": {"value": "hush"}}')
        assert it.output() == {"a": "hush"}
    assert "hush" not in caplog.text
    assert "hush" not in repr(it)
