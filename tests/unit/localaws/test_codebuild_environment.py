"""Where a variable of a build gets its value."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localaws.codebuild.buildspec import parse
from localaws.codebuild.environment import (
    UnresolvedError,
    Variable,
    declared,
    merged,
    of_machine,
    resolve,
    secret_reference,
)
from localaws.codebuild.log import BuildLog, Masks, batches
from localaws.codebuild.overrides import settings_of

PROJECT: dict[str, Any] = {
    "name": "project",
    "source": {"type": "S3", "location": "bucket/one.zip", "buildspec": "one.yml"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "ARM_CONTAINER",
        "image": "one",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "A", "value": "project"}, {"name": "B", "value": "project"}],
    },
    "serviceRole": "arn:aws:iam::111111111111:role/one",
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
}


def test_the_request_wins_over_the_project_and_the_project_over_the_buildspec() -> None:
    spec = parse("version: 0.2\nenv: {variables: {A: spec, B: spec, C: spec}}")
    settings = merged(PROJECT["environment"]["environmentVariables"], [{"name": "B", "value": "request"}])
    found = {name: each.value for name, each in declared(spec, settings).items()}
    assert found == {"A": "project", "B": "request", "C": "spec"}


def test_a_request_overrides_single_settings() -> None:
    settings = settings_of(
        PROJECT,
        {
            "projectName": "project",
            "sourceLocationOverride": "bucket/two.zip",
            "imageOverride": "two",
            "timeoutInMinutesOverride": 5,
            "environmentVariablesOverride": [{"name": "C", "value": "/name", "type": "PARAMETER_STORE"}],
        },
    )
    assert settings["source"] == {
        "type": "S3",
        "location": "bucket/two.zip",
        "buildspec": "one.yml",
        "insecureSsl": False,
    }
    assert settings["environment"]["image"] == "two"
    assert settings["environment"]["type"] == "ARM_CONTAINER"
    assert [v["name"] for v in settings["environment"]["environmentVariables"]] == ["A", "B", "C"]
    assert (settings["timeoutInMinutes"], settings["queuedTimeoutInMinutes"]) == (5, 480)
    assert PROJECT["source"]["location"] == "bucket/one.zip"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("id", ("id", "", {})),
        ("id:key", ("id", "key", {})),
        ("id::AWSPREVIOUS", ("id", "", {"VersionStage": "AWSPREVIOUS"})),
        ("id:key::v1", ("id", "key", {"VersionId": "v1"})),
        (
            "arn:aws:secretsmanager:eu-west-1:111111111111:secret:id-Ab12Cd:key",
            ("arn:aws:secretsmanager:eu-west-1:111111111111:secret:id-Ab12Cd", "key", {}),
        ),
    ],
)
def test_references_to_secrets(text: str, reference: tuple[str, str, dict[str, str]]) -> None:
    assert secret_reference(text) == reference


def ssm(parameters: dict[str, tuple[str, str]]) -> Any:
    """Clients with these parameters, by name: kind and value."""

    def get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert WithDecryption
        assert len(Names) <= 10
        found = [
            {"Name": n, "Type": parameters[n][0], "Value": parameters[n][1]} for n in Names if n in parameters
        ]
        return {"Parameters": found}

    client = SimpleNamespace(get_parameters=get_parameters)
    return SimpleNamespace(client=lambda _: client)


def test_parameters_are_read_in_tens_and_secure_ones_are_hidden() -> None:
    stored = {f"/{n}": ("SecureString" if n == 7 else "String", f"value {n}") for n in range(12)}
    wanted = {f"V{n}": Variable(f"/{n}", "PARAMETER_STORE") for n in range(12)}
    hidden: list[str] = []
    values = resolve(wanted, ssm(stored), hidden.append)
    assert values == {f"V{n}": f"value {n}" for n in range(12)}
    assert hidden == ["value 7"]


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(UnresolvedError, match="parameter does not exist: /nowhere"):
        resolve({"A": Variable("/nowhere", "PARAMETER_STORE")}, ssm({}), lambda _: None)


def test_a_build_takes_from_the_machine_what_networks_need(tmp_path: Path) -> None:
    settings = tmp_path / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    environ = {
        "HTTPS_PROXY": "proxy",
        "no_proxy": "local",
        "PIP_INDEX_URL": "index",
        "UV_INDEX_URL": "index",
        "PATH": "/bin",
        "HOME": str(tmp_path),
        "GITHUB_TOKEN": "secret",
        "AWS_PROFILE": "mine",
        "VIRTUAL_ENV": "/venv",
    }
    kept = of_machine(environ)
    assert kept.pop("PIP_CONFIG_FILE") == str(settings)
    assert set(kept) == {"HTTPS_PROXY", "no_proxy", "PIP_INDEX_URL", "UV_INDEX_URL", "PATH"}


def test_secrets_are_hidden_in_every_line_of_a_log() -> None:
    masks, put = Masks(), list[str]()
    masks.hide("first line\nsecond line")
    masks.hide("")
    log = BuildLog(lambda events: put.extend(str(event["message"]) for event in events), masks)
    log.write(b"no ending: first li")
    log.write(b"ne, then\r\n\xc3")
    log.write(b"\xa4 second line")
    log.say("Running command")
    log.close()
    assert put[:2] == ["no ending: ***, then\n", "ä ***\n"]
    assert put[2].startswith("[Container] ")
    assert put[2].endswith(" Running command\n")


def test_lines_go_out_within_the_quotas() -> None:
    events: list[dict[str, object]] = [{"message": "x" * 200_000} for _ in range(7)]
    many: list[dict[str, object]] = [{"message": "x"} for _ in range(5_001)]
    assert [len(batch) for batch in batches(events)] == [2, 2, 2, 1]
    assert [len(batch) for batch in batches(many)] == [5_000, 1]
    assert list(batches([])) == []
