"""The commands of a build, what it leaves behind, and its time."""

import asyncio
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from localaws.clients import Clients
from localaws.codebuild.artifacts import NoFilesError, key_of, selected
from localaws.codebuild.batches import groups_of, ordered
from localaws.codebuild.buildspec import BuildspecError, FileSet
from localaws.codebuild.engine import Engine
from localaws.codebuild.events import phase_change, state_change
from localaws.codebuild.journal import Journal
from localaws.codebuild.log import BuildLog, Masks
from localaws.codebuild.model import Batch, Build, Group, Region
from localaws.codebuild.operations import OPERATIONS
from localaws.codebuild.reports import ReportError, make, read
from localaws.codebuild.run import Run, not_emulated
from localaws.codebuild.shell import InterruptedBuildError, Shell, reason
from localaws.codebuild.source import unpack
from localaws.wire.model import service_model


class Output(list[bytes]):
    """What commands print."""

    @property
    def text(self) -> str:
        return b"".join(self).decode()


def shell(folder: Path, output: Output, keeps: bool = True, seconds: float = 30.0) -> Shell:
    made = Shell("sh", keeps, folder / "a folder", output.append, time.monotonic() + seconds)
    made.begin({"PATH": "/usr/bin:/bin", "QUOTED": 'it\'s "$HOME"\nand more'}, folder)
    return made


def test_commands_share_variables_and_their_folder(tmp_path: Path) -> None:
    output = Output()
    commands = shell(tmp_path, output)
    (tmp_path / "sub").mkdir()
    assert commands.run("cd sub; PLAIN=1; export EXPORTED=2") == 0
    assert commands.run('echo "$PLAIN $EXPORTED $(basename "$PWD") $QUOTED"') == 0
    assert commands.run("PLAIN=3; exit 7") == 7
    assert commands.run("exit $((CODEBUILD_LAST_EXIT + PLAIN))") == 10
    assert commands.values(["PLAIN", "MISSING", "QUOTED"]) == {
        "PLAIN": "3",
        "QUOTED": 'it\'s "$HOME"\nand more',
    }
    assert commands.expanded('"$PLAIN"-$(echo x)') == '"3"-x'
    commands.close()
    assert output.text == '1 2 sub it\'s "$HOME"\nand more\n'


def test_version_0_1_keeps_nothing(tmp_path: Path) -> None:
    output = Output()
    commands = shell(tmp_path, output, keeps=False)
    commands.run("cd /; PLAIN=1")
    commands.run('echo "${PLAIN-unset} $PWD"')
    commands.close()
    assert output.text == f"unset {tmp_path}\n"


def test_a_late_command_is_ended(tmp_path: Path) -> None:
    commands = shell(tmp_path, Output(), seconds=0.3)
    began = time.monotonic()
    with pytest.raises(InterruptedBuildError):
        commands.run("sleep 60")
    assert commands.is_late
    assert time.monotonic() - began < 10
    commands.close()


def test_a_command_is_ended_from_another_thread(tmp_path: Path) -> None:
    commands = shell(tmp_path, Output())
    threading.Timer(0.3, commands.interrupt).start()
    with pytest.raises(InterruptedBuildError):
        commands.run("sleep 60 & sleep 60")
    with pytest.raises(InterruptedBuildError):
        commands.run("true")
    commands.close()


def test_a_process_that_goes_on_printing_does_not_keep_the_build(tmp_path: Path) -> None:
    def slowly(_: bytes) -> None:
        time.sleep(0.002)

    commands = Shell("sh", True, tmp_path / "output", slowly, time.monotonic() + 10)
    commands.begin({"PATH": "/usr/bin:/bin"}, tmp_path)
    began = time.monotonic()
    for _ in range(3):
        assert commands.run("yes & yes & sleep 0.1") == 0
    commands.close()
    assert time.monotonic() - began < 5


def test_why_a_command_ended() -> None:
    assert reason(3) == "exit status 3"
    assert reason(-9) == "signal: killed"


def build() -> Build:
    settings: dict[str, Any] = {
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [sleep 60]}}"},
        "environment": {"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "cache": {"type": "NO_CACHE"},
        "encryptionKey": "key",
        "timeoutInMinutes": 5,
    }
    return Build("project:1", "project", 1, 0.0, "root", {}, settings)


def test_a_build_that_takes_too_long_times_out(tmp_path: Path) -> None:
    record, said = build(), list[str]()
    journal = Journal(record, "arn", lambda event: said.append(event["DetailType"]), time.time)
    masks = Masks()
    clients: Any = Clients("http://nowhere", "111111111111", "eu-west-1")
    log = BuildLog(None, masks)
    journal.begin()
    journal.leave(None)
    Run(
        build=record,
        arn="arn",
        project_arn="arn",
        clients=clients,
        folder=tmp_path,
        journal=journal,
        log=log,
        masks=masks,
        store_report=lambda *_: None,
        seconds=0.5,
    ).execute()
    assert record.status == "TIMED_OUT"
    assert [phase.kind for phase in record.phases[-3:]] == ["BUILD", "FINALIZING", "COMPLETED"]
    failure = record.failure
    assert failure is not None
    assert (failure.kind, failure.status, failure.code) == ("BUILD", "TIMED_OUT", "BUILD_TIMED_OUT")
    assert said[0] == said[-1] == "CodeBuild Build State Change"


async def begun(then: Callable[[Engine, Build], object] = lambda *_: None) -> Build:
    """A build that was begun, once it is over."""
    clients: Any = Clients("http://nowhere", "111111111111", "eu-west-1")
    engine = Engine(
        region=Region(),
        clients=clients,
        places=asyncio.Semaphore(1),
        pool=ThreadPoolExecutor(1),
        put_event=lambda _: None,
        now=time.time,
        loop=asyncio.get_running_loop(),
    )
    record = build()
    record.settings |= {"queuedTimeoutInMinutes": 5, "logsConfig": {"cloudWatchLogs": {"status": "DISABLED"}}}
    engine.start(record)
    then(engine, record)
    await engine.wait(record)
    return record


def test_a_build_that_is_stopped_before_it_has_begun_is_over() -> None:
    record = asyncio.run(begun(Engine.stop))
    assert record.status == "STOPPED"
    assert [phase.kind for phase in record.phases] == ["SUBMITTED", "QUEUED", "COMPLETED"]


def test_a_build_that_gets_no_folder_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr("localaws.codebuild.engine.tempfile.mkdtemp", full)
    record = asyncio.run(begun())
    failure = record.failure
    assert failure is not None
    assert (record.status, failure.message) == ("FAULT", "OSError: No space left on device")


def test_what_a_project_says_in_vain_is_named() -> None:
    settings = build().settings
    assert not_emulated(settings) == []
    logs = {"s3Logs": {"status": "ENABLED", "location": "bucket/logs"}}
    said = {"cache": {"type": "LOCAL"}, "vpcConfig": {"vpcId": "vpc-1"}, "logsConfig": logs}
    assert not_emulated(settings | said) == ["cache", "vpcConfig", "logsConfig/s3Logs"]


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (FileSet(("**/*",)), [".hidden", "a.txt", "sub/b.txt", "sub/deep/c.txt"]),
        (FileSet(("sub/*",)), ["sub/b.txt"]),
        (FileSet(("sub/**/*",), discard_paths=True), ["b.txt", "c.txt"]),
        (FileSet(("**/*",), base_directory="sub"), ["b.txt", "deep/c.txt"]),
        (FileSet(("**/*",), exclude=("sub/**/*", ".hidden")), ["a.txt"]),
        (FileSet(("./a.txt", "nothing")), ["a.txt"]),
    ],
)
def test_which_files_are_artifacts(tmp_path: Path, spec: FileSet, names: list[str]) -> None:
    files(tmp_path, "a.txt", ".hidden", "sub/b.txt", "sub/deep/c.txt")
    assert sorted(selected(spec, tmp_path)) == names


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoFilesError):
        selected(FileSet(("*.jar",)), tmp_path)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({}, "name"),
        ({"path": "a/b/"}, "a/b/name"),
        ({"path": "a", "namespaceType": "BUILD_ID"}, "a/uuid/name"),
        ({"namespaceType": "BUILD_ID"}, "uuid/name"),
    ],
)
def test_where_artifacts_go(config: dict[str, str], key: str) -> None:
    assert key_of(config, "uuid", "name") == key
    assert key_of({}, "uuid", "/") == ""


def test_a_zip_keeps_modes_and_links_and_stays_inside(tmp_path: Path) -> None:
    archive, target = tmp_path / "one.zip", tmp_path / "out"
    target.mkdir()
    with zipfile.ZipFile(archive, "w") as made:
        for name, mode, text in (("run", 0o100755, "x"), ("link", 0o120777, "run"), ("plain", 0, "y")):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            made.writestr(entry, text)
    unpack(archive, target)
    assert (target / "run").stat().st_mode & 0o777 == 0o755
    assert (target / "link").readlink() == Path("run")
    for name in ("../evil", "/evil"):
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr(zipfile.ZipInfo(name), "")
        with pytest.raises(ValueError, match="outside of the sources"):
            unpack(archive, target)


def test_a_report_counts_every_status(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(
        '<testsuite name="s"><testcase name="a" time="1.5"/><testcase name="b"><error>boom</error></testcase>'
        '<testcase name="c"><skipped/></testcase></testsuite>'
    )
    group = "arn:aws:codebuild:eu-west-1:111111111111:report-group/g"
    made = make([path], group, "build", 100.0)
    assert made.report["status"] == "FAILED"
    counts = made.report["testSummary"]["statusCounts"]
    assert counts == {"SUCCEEDED": 1, "FAILED": 0, "ERROR": 1, "SKIPPED": 1, "UNKNOWN": 0}
    assert made.report["arn"].startswith("arn:aws:codebuild:eu-west-1:111111111111:report/g:")
    assert [(case["testSuiteName"], case.get("message")) for case in made.cases] == [
        ("s", None),
        ("s", "boom"),
        ("s", ""),
    ]
    path.write_text("<html/>")
    with pytest.raises(ReportError, match="begins with html"):
        read(path)


def test_a_report_keeps_500_cases_and_every_failed_one(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    cases = '<testcase name="good"/>' * 600 + '<testcase name="bad"><failure/></testcase>'
    path.write_text(f"<testsuite>{cases}</testsuite>")
    made = make([path], "arn:aws:codebuild:eu-west-1:111111111111:report-group/g", "build", 100.0)
    assert made.report["truncated"]
    assert made.report["testSummary"]["total"] == 601
    assert [case["name"] for case in made.cases] == ["bad", *["good"] * 499]


def test_events_are_in_the_form_of_the_guide() -> None:
    record = build()
    seen: list[dict[str, Any]] = []
    times = iter([1504282349.0, 1504282349.0, 1504282350.0, 1504282350.0])
    journal = Journal(record, "arn", seen.append, lambda: next(times))
    journal.begin()
    state, phase = seen
    assert '"build-start-time": "Jan 1, 1970 12:00:00 AM"' in state["Detail"]
    assert '"completed-phase-end": "Sep 1, 2017 4:12:29 PM"' in phase["Detail"]
    assert state == state_change(record, "arn") | {"Detail": state["Detail"]}
    assert phase_change(record, record.phases[0], "arn")["Resources"] == ["arn"]


def test_a_batch_is_built_in_the_order_of_its_graph() -> None:
    fast, groups = groups_of(
        {
            "fast-fail": "true",
            "build-graph": [
                {"identifier": "b", "depend-on": ["a"], "env": {"variables": {"X": "1"}, "image": "other"}},
                {"identifier": "a", "ignore-failure": "true"},
            ],
        }
    )
    assert fast
    assert [group.identifier for group in ordered(groups)] == ["a", "b"]
    assert groups[0].overrides["imageOverride"] == "other"
    assert groups[1].ignore_failure
    for wrong in ([Group("a", ["b"]), Group("b", ["a"])], [Group("a", ["nowhere"])]):
        with pytest.raises(BuildspecError, match="depend on each other, or on a build"):
            ordered(wrong)
    with pytest.raises(BuildspecError, match="build-matrix"):
        groups_of({"build-matrix": {}})


def test_state_survives_and_forgets_what_is_unknown() -> None:
    region = Region(projects={"project": {"name": "project"}})
    region.builds["project:1"] = build()
    Journal(region.builds["project:1"], "arn", lambda _: None, lambda: 1.0).begin()
    region.batches["project:2"] = Batch("project:2", "project", 1, 0.0, "root", {}, {}, groups=[Group("a")])
    data = region.as_json()
    data["builds"]["project:1"]["of a later version"] = 1
    assert Region.from_json(data) == region


def test_every_operation_is_one_of_codebuild() -> None:
    assert set(OPERATIONS) <= set(service_model("codebuild").operation_names)
