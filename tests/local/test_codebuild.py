"""Builds that really run, as boto3 sees them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from localaws import lifecycle
from localaws.settings import Settings
from tests.local.codebuild_world import World, phases, spec
from tests.local.codedeploy_world import until

pytestmark = pytest.mark.local

SUCCEEDED = "SUCCEEDED"
JUNIT = """<testsuites><testsuite name="suite">
<testcase classname="a" name="good" time="0.5"/>
<testcase classname="a" name="bad" time="0.25"><failure message="no"/></testcase>
<testcase classname="b" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def world(endpoint: str) -> World:
    return World(endpoint)


def context_of(build: Any, phase: str) -> tuple[str, str]:
    (found,) = [item for item in build["phases"] if item["phaseType"] == phase]
    (context,) = found["contexts"]
    return context["statusCode"], context["message"]


def test_a_build_runs_its_phases_in_one_environment(world: World) -> None:
    build = world.run(
        spec(
            env={"variables": {"GREETING": "hello"}, "exported-variables": ["COUNT"]},
            phases={
                "install": {"commands": ["mkdir sub", "cd sub", "COUNT=1"]},
                "build": {
                    "commands": ['echo "$GREETING $COUNT from $(basename "$PWD")"', "COUNT=$((COUNT + 1))"]
                },
                "post_build": {"commands": ["printf 'it succeeds: %s' $CODEBUILD_BUILD_SUCCEEDING"]},
            },
        )
    )
    assert build["buildStatus"] == SUCCEEDED
    assert phases(build) == {
        "SUBMITTED": SUCCEEDED,
        "QUEUED": SUCCEEDED,
        "PROVISIONING": SUCCEEDED,
        "DOWNLOAD_SOURCE": SUCCEEDED,
        "INSTALL": SUCCEEDED,
        "PRE_BUILD": SUCCEEDED,
        "BUILD": SUCCEEDED,
        "POST_BUILD": SUCCEEDED,
        "UPLOAD_ARTIFACTS": SUCCEEDED,
        "FINALIZING": SUCCEEDED,
        "COMPLETED": None,
    }
    assert build["exportedEnvironmentVariables"] == [{"name": "COUNT", "value": "2"}]
    log = world.log(build)
    assert "hello 1 from sub" in log
    assert "it succeeds: 1" in log


def test_after_a_failed_build_phase_the_rest_runs(world: World) -> None:
    commands = {"commands": ["exit 3", "echo never"], "finally": ["echo at last"]}
    told = {"commands": ["echo succeeding: $CODEBUILD_BUILD_SUCCEEDING"]}
    build = world.run(spec(phases={"build": commands, "post_build": told}))
    assert build["buildStatus"] == "FAILED"
    assert phases(build) | {
        "BUILD": "FAILED",
        "POST_BUILD": SUCCEEDED,
        "UPLOAD_ARTIFACTS": SUCCEEDED,
    } == phases(build)
    why = ("COMMAND_EXECUTION_ERROR", "Error while executing command: exit 3. Reason: exit status 3")
    assert context_of(build, "BUILD") == why
    log = world.log(build)
    assert "at last" in log
    assert "never" not in log
    assert "succeeding: 0" in log


@pytest.mark.parametrize("phase", ["install", "pre_build"])
def test_after_a_failed_early_phase_nothing_runs(world: World, phase: str) -> None:
    build = world.run(
        spec(phases={phase: {"commands": ["false"]}, "post_build": {"commands": ["echo never"]}})
    )
    assert build["buildStatus"] == "FAILED"
    assert list(phases(build))[-3:] == [phase.upper(), "FINALIZING", "COMPLETED"]
    assert "never" not in world.log(build)


def test_values_come_from_their_stores_and_secrets_are_hidden(world: World) -> None:
    world.client("ssm").put_parameter(Name="/plain", Value="parameter-value", Type="String")
    secret = json.dumps({"key": "swordfish"})
    world.client("secretsmanager").create_secret(Name="password", SecretString=secret)
    build = world.run(
        spec(
            env={
                "variables": {"A": "spec", "B": "spec", "C": "spec"},
                "parameter-store": {"PARAMETER": "/plain"},
                "secrets-manager": {"SECRET": "password:key"},
                "exported-variables": ["SECRET"],
            },
            build=[
                "echo $A $B $C $PARAMETER",
                "echo $SECRET ${#SECRET}",
            ],
        ),
        environment={
            "environmentVariables": [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}]
        },
    )
    again = world.ended(
        world.start(build["projectName"], environmentVariablesOverride=[{"name": "C", "value": "request"}])
    )
    assert "spec project project parameter-value" in world.log(build)
    assert "spec project request parameter-value" in world.log(again)
    assert "*** 9" in world.log(build)
    assert "swordfish" not in json.dumps([build, world.log(build)], default=str)


def test_a_variable_that_cannot_be_had_fails_the_download(world: World) -> None:
    build = world.run(spec(env={"secrets-manager": {"SECRET": "nowhere:key"}}, build=["true"]))
    assert phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
    code, message = context_of(build, "DOWNLOAD_SOURCE")
    assert code == "Secrets Manager Error"
    assert message.startswith("ResourceNotFoundException")


def test_nothing_of_the_operator_reaches_a_build(world: World) -> None:
    build = world.run(spec(build=["env"]))
    found = dict(line.split("=", 1) for line in world.log(build) if re.match(r"\w+=", line))
    assert {
        "CODEBUILD_BUILD_ID",
        "CODEBUILD_BUILD_ARN",
        "CODEBUILD_SRC_DIR",
        "AWS_ENDPOINT_URL",
    } <= found.keys()
    allowed = re.compile(
        r"(?i)(CODEBUILD|AWS|PIP|UV|SSL_CERT|LC)_\w+|\w+_CA_BUNDLE|\w+_proxy|PATH|HOME|TMPDIR|LANG"
    )
    shells = {"PWD", "OLDPWD", "SHLVL", "_", "GIT_CEILING_DIRECTORIES"}
    assert [name for name in found if not allowed.fullmatch(name) and name not in shells] == []
    assert found["AWS_ACCESS_KEY_ID"] == world.account
    assert found["HOME"] != os.environ["HOME"]


def test_the_source_is_a_zip_and_artifacts_are_zipped(world: World) -> None:
    files = {
        "buildspec.yml": spec(
            build=["./make.sh > out/sub/result.txt", "touch out/left.out"],
            artifacts={
                "files": ["**/*"],
                "exclude-paths": ["out/*.out"],
                "base-directory": "out",
                "name": "bundle-$CODEBUILD_BUILD_NUMBER.zip",
                "secondary-artifacts": {"flat": {"files": ["out/sub/*"], "discard-paths": "yes"}},
            },
        ),
        "make.sh": "#!/bin/sh\necho made\n",
        "out/sub/.keep": "",
    }
    location = world.put("sources/one.zip", files)
    bucket = {"type": "S3", "location": world.bucket}
    build = world.run(
        "",
        source={"type": "S3", "location": location},
        artifacts={**bucket, "path": "made", "packaging": "ZIP", "overrideArtifactName": True},
        secondaryArtifacts=[{**bucket, "name": "flat", "artifactIdentifier": "flat"}],
    )
    assert build["buildStatus"] == SUCCEEDED, world.log(build)
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{world.bucket}/made/bundle-1.zip"
    assert build["secondaryArtifacts"][0]["location"] == f"arn:aws:s3:::{world.bucket}/flat"
    assert world.object("flat/result.txt") == b"made\n"
    assert world.keys() == ["flat/.keep", "flat/result.txt", "made/bundle-1.zip", "sources/one.zip"]


def test_the_source_is_a_local_repository(world: World, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=n", "-c", "user.email=e@example.com")
        return subprocess.check_output(["git", *who, *arguments], cwd=tmp_path, text=True).strip()

    git("init", "-q", "-b", "main")
    for number in ("1", "2"):
        (tmp_path / "buildspec.yml").write_text(
            spec(build=[f"echo version {number} $CODEBUILD_RESOLVED_SOURCE_VERSION"])
        )
        git("add", "."), git("commit", "-q", "-m", number)
    first = git("rev-parse", "HEAD~1")
    source = {"type": "GITHUB", "location": tmp_path.as_uri()}
    newest = world.run("", source=source)
    assert f"version 2 {git('rev-parse', 'HEAD')}" in world.log(newest)
    older = world.ended(world.start(newest["projectName"], sourceVersion=first))
    assert older["resolvedSourceVersion"] == first
    assert f"version 1 {first}" in world.log(older)
    missing = world.ended(world.start(newest["projectName"], sourceVersion="nowhere"))
    assert "nowhere" in context_of(missing, "DOWNLOAD_SOURCE")[1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "version: missing"),
        ("version: 0.2\nphases: { test: { commands: [x] } }", "Invalid buildspec phase name(s): test"),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - a: b\n", "found subkeys instead"),
    ],
)
def test_a_wrong_buildspec_fails_the_download(world: World, text: str, problem: str) -> None:
    location = world.put("one.zip", {"buildspec.yml": text} if text else {"buildspec.yml": "a: b"})
    build = world.run("", source={"type": "S3", "location": location})
    code, message = context_of(build, "DOWNLOAD_SOURCE")
    assert code == "YAML_FILE_ERROR"
    assert problem in message


def test_missing_sources_buildspecs_and_artifacts_say_so(world: World) -> None:
    nowhere = world.run("", source={"type": "S3", "location": f"{world.bucket}/none.zip"})
    assert context_of(nowhere, "DOWNLOAD_SOURCE")[1].endswith(f"s3://{world.bucket}/none.zip")
    location = world.put("one.zip", {"file": ""})
    bare = world.run("", source={"type": "S3", "location": location})
    assert context_of(bare, "DOWNLOAD_SOURCE")[1].endswith("src/buildspec.yml: no such file or directory")
    lacking = world.run(
        spec(build=["true"], artifacts={"files": ["*.jar"]}),
        artifacts={"type": "S3", "location": world.bucket},
    )
    assert context_of(lacking, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", "no matching artifact paths found")
    assert lacking["buildStatus"] == "FAILED"


def test_a_stopped_build_leaves_no_process(world: World) -> None:
    mark = f"4242.{world.account}"
    name = world.project(
        spec(phases={"build": {"commands": [f"sleep {mark} & sleep {mark}"], "finally": ["echo never"]}})
    )
    build_id = world.start(name)
    until(lambda: len(processes(mark)) >= 2, "it runs")
    assert world.build(build_id)["currentPhase"] == "BUILD"
    world.codebuild.stop_build(id=build_id)
    build = world.ended(build_id)
    assert build["buildStatus"] == "STOPPED"
    assert phases(build)["BUILD"] == "STOPPED"
    until(lambda: not processes(mark), "no process is left")
    assert "never" not in world.log(build)


def processes(mark: str) -> list[psutil.Process]:
    """Processes that sleep for this test."""
    return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", mark]]


def test_a_process_that_a_command_leaves_ends_with_the_build(world: World) -> None:
    mark = f"4343.{world.account}"
    build = world.run(spec(build=[f"sleep {mark} & true", "echo on"]))
    assert build["buildStatus"] == SUCCEEDED
    until(lambda: not processes(mark), "no process is left")


def test_builds_do_not_outlive_the_server(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, port=0, minute_seconds=1.0)
    world = World(lifecycle.up(settings).endpoint)
    mark = f"4444.{world.account}"
    try:
        world.project(spec(build=[f"sleep {mark}"]))
        killed = world.start()
        until(lambda: processes(mark), "it runs")
        # State is saved now and then; the kill must come later than that.
        state = settings.state_dir / "localaws-codebuild.json"
        until(lambda: state.exists() and killed in state.read_text(), "it is saved")
        server = json.loads(settings.pid_file.read_text())["pid"]
        psutil.Process(server).kill()
        until(lambda: not processes(mark), "no process is left")
        world = World(lifecycle.up(settings).endpoint, world.account)
        build = world.ended(killed)
        assert build["buildStatus"] == "FAULT"
        assert "embedded AWS ended" in context_of(build, build["phases"][-2]["phaseType"])[1]
        ended = world.start()
        until(lambda: processes(mark), "it runs")
        lifecycle.down(settings)
        until(lambda: not processes(mark), "no process is left")
        world = World(lifecycle.up(settings).endpoint, world.account)
        assert world.ended(ended)["buildStatus"] == "FAULT"
        assert world.start() != ended
    finally:
        lifecycle.down(settings)


def test_a_report_is_made_although_tests_failed(world: World) -> None:
    reports = {"unit": {"files": ["junit.xml"], "file-format": "JUNITXML"}}
    location = world.put(
        "one.zip", {"buildspec.yml": spec(build=["exit 1"], reports=reports), "junit.xml": JUNIT}
    )
    build = world.run("", source={"type": "S3", "location": location})
    (arn,) = build["reportArns"]
    (report,) = world.codebuild.batch_get_reports(reportArns=[arn])["reports"]
    assert report["status"] == "FAILED"
    assert report["testSummary"]["total"] == 3
    assert report["testSummary"]["durationInNanoSeconds"] == 750_000_000
    group = report["reportGroupArn"]
    assert group.endswith(f":report-group/{build['projectName']}-unit")
    assert world.codebuild.list_reports_for_report_group(reportGroupArn=group)["reports"] == [arn]
    cases = world.codebuild.describe_test_cases(reportArn=arn, filter={"status": "FAILED"})["testCases"]
    assert [(case["name"], case["message"]) for case in cases] == [("bad", "no")]


def test_a_build_is_repeated_by_hand_and_by_itself(world: World) -> None:
    failing = {"build": {"commands": ["echo flaky >&2; false"], "on-failure": "RETRY-1"}}
    first = world.run(spec(phases=failing))
    second = until(lambda: world.build(first["id"])["autoRetryConfig"].get("nextAutoRetry"), "it is repeated")
    last = world.ended(second)
    assert last["autoRetryConfig"]["autoRetryNumber"] == 1
    assert "nextAutoRetry" not in last["autoRetryConfig"]
    again = world.codebuild.retry_build(id=first["id"])["build"]
    assert again["buildNumber"] == 3
    assert world.ended(again["id"])["buildStatus"] == "FAILED"


def test_events_tell_states_and_phases(world: World) -> None:
    queue = world.events()
    build = world.run(spec(build=["true"]))
    seen: list[Any] = []

    def over() -> bool:
        seen.extend(queue.read())
        return any(event["detail"].get("build-status") == SUCCEEDED for event in seen)

    until(over, "the last event has come")
    assert [event["detail"]["build-status"] for event in seen if "State" in event["detail-type"]] == [
        "IN_PROGRESS",
        SUCCEEDED,
    ]
    completed = [event["detail"]["completed-phase"] for event in seen if "Phase" in event["detail-type"]]
    assert completed == [phase for phase in phases(build) if phase != "COMPLETED"]
    assert {event["detail"]["build-id"] for event in seen} == {build["arn"]}
    assert seen[-1]["detail"]["additional-information"]["logs"]["stream-name"] == build["logs"]["streamName"]


def test_only_a_few_builds_run_at_once(world: World) -> None:
    world.project(spec(build=["sleep 1"]))
    ids = [world.start() for _ in range(6)]
    waiting = [
        build
        for build in world.codebuild.batch_get_builds(ids=ids)["builds"]
        if build["currentPhase"] == "QUEUED"
    ]
    assert len(waiting) >= 2
    world.codebuild.stop_build(id=ids[-1])
    assert world.ended(ids[-1])["buildStatus"] == "STOPPED"
    assert {world.ended(name)["buildStatus"] for name in ids[:-1]} == {SUCCEEDED}


def test_a_token_starts_one_build(world: World) -> None:
    world.project(spec(build=["true"]))
    ids = {world.start(idempotencyToken="one") for _ in range(2)}
    assert len(ids) == 1
    with pytest.raises(ClientError, match=r"InvalidInputException.*Parameter mismatch"):
        world.start(idempotencyToken="one", sourceVersion="other")


def test_a_batch_builds_a_graph(world: World) -> None:
    batch = {
        "fast-fail": False,
        "build-graph": [
            {"identifier": "last", "depend-on": ["left", "right"], "env": {"variables": {"NAME": "last"}}},
            {"identifier": "left", "env": {"variables": {"NAME": "left"}}},
            {"identifier": "right", "ignore-failure": True, "buildspec": spec(build=["false"])},
        ],
    }
    world.project(spec(batch=batch, build=["echo I am $NAME"]), buildBatchConfig={"serviceRole": world.role})
    batch_id = world.codebuild.start_build_batch(projectName="project")["buildBatch"]["id"]

    def over() -> Any:
        (found,) = world.codebuild.batch_get_build_batches(ids=[batch_id])["buildBatches"]
        return found if found["complete"] else None

    found = until(over, "the batch is over")
    assert found["buildBatchStatus"] == SUCCEEDED
    statuses = {g["identifier"]: g["currentBuildSummary"]["buildStatus"] for g in found["buildGroups"]}
    assert statuses == {"last": SUCCEEDED, "left": SUCCEEDED, "right": "FAILED"}
    (last,) = [g for g in found["buildGroups"] if g["identifier"] == "last"]
    build = world.build(last["currentBuildSummary"]["arn"])
    assert build["buildBatchArn"] == found["arn"]
    assert "I am last" in world.log(build)


def test_a_stopped_batch_stops_its_builds(world: World) -> None:
    batch = {"build-list": [{"identifier": "one"}]}
    world.project(spec(batch=batch, build=["sleep 60"]), buildBatchConfig={"serviceRole": world.role})
    batch_id = world.codebuild.start_build_batch(projectName="project")["buildBatch"]["id"]
    (build_id,) = until(lambda: world.codebuild.list_builds()["ids"], "it builds")
    world.codebuild.stop_build_batch(id=batch_id)
    assert world.ended(build_id)["buildStatus"] == "STOPPED"
    (found,) = world.codebuild.batch_get_build_batches(ids=[batch_id])["buildBatches"]
    assert found["buildBatchStatus"] == "STOPPED"


def test_what_is_wrong_is_refused(world: World) -> None:
    world.project(spec(build=["true"]))
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        world.project(spec(build=["true"]))
    with pytest.raises(ClientError, match=r"InvalidInputException.*Invalid project name"):
        world.project(spec(build=["true"]), "-wrong")
    with pytest.raises(ClientError, match=r"InvalidInputException.*inline"):
        world.project("buildspec.yml", "other")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*Project cannot be found"):
        world.start("nowhere")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.codebuild.stop_build(id="nowhere:1")
    with pytest.raises(ClientError, match=r"InvalidInputException.*Batch builds are not enabled"):
        world.codebuild.start_build_batch(projectName="project")
    assert world.codebuild.batch_get_builds(ids=["nowhere:1"])["buildsNotFound"] == ["nowhere:1"]
    assert world.codebuild.batch_get_projects(names=["nowhere"])["projectsNotFound"] == ["nowhere"]


def test_builds_are_listed_and_deleted(world: World) -> None:
    world.project(spec(build=["true"]))
    ids = [world.start() for _ in range(3)]
    for name in ids:
        world.ended(name)
    assert world.codebuild.list_builds()["ids"] == ids[::-1]
    assert world.codebuild.list_builds_for_project(projectName="project", sortOrder="ASCENDING")["ids"] == ids
    deleted = world.codebuild.batch_delete_builds(ids=ids[:1])["buildsDeleted"]
    assert deleted[0].endswith(ids[0])
    assert world.codebuild.list_builds()["ids"] == ids[:0:-1]


def test_a_log_keeps_every_line_in_order(world: World) -> None:
    began = time.monotonic()
    build = world.run(spec(build=["seq 1 20000"]))
    place = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
    events: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = world.logs.get_log_events(**place, startFromHead=True, **token)
        events += [event["message"] for event in page["events"]]
        if not page["events"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert [line.strip() for line in events if line.strip().isdigit()] == [str(n) for n in range(1, 20001)]
    assert time.monotonic() - began < 30
