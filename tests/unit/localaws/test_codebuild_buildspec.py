"""What a buildspec may say, and what is said of one that cannot be run."""

import pytest

from localaws.codebuild.buildspec import BuildspecError, OnFailure, is_inline, on_failure, parse

WHOLE = """\
version: 0.2
run-as: somebody
env:
  shell: bash
  variables: { FLAG: yes, NUMBER: 007 }
  parameter-store: { PARAMETER: /name }
  secrets-manager: { SECRET: "id:key" }
  exported-variables: [FLAG]
phases:
  install:
    runtime-versions: { python: 3.12 }
    commands: [one, two]
    finally: [last]
  build:
    on-failure: ABORT
    commands:
      - |
        several
        lines
artifacts:
  files: ['**/*']
  discard-paths: yes
  secondary-artifacts:
    other: { files: [x], base-directory: out }
reports:
  unit: { files: [junit.xml], file-format: junitxml }
cache: { paths: [.cache/pip] }
"""


def test_everything_is_read_as_it_is_written() -> None:
    spec = parse(WHOLE)
    assert spec.version == "0.2"
    assert spec.shell == "bash"
    assert spec.variables == {"FLAG": "yes", "NUMBER": "007"}
    assert spec.phases["install"].commands == ("one", "two")
    assert spec.phases["install"].last == ("last",)
    assert spec.phases["build"].commands == ("several\nlines\n",)
    assert spec.artifacts is not None and spec.artifacts.discard_paths
    assert spec.secondary["other"].base_directory == "out"
    assert spec.reports["unit"].file_format == "JUNITXML"
    assert spec.ignored == ("run-as", "cache", "phases/install/runtime-versions")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "not YAML"),
        ("just a text", "not a YAML mapping"),
        ("version: 0.3", "version: 0.3"),
        ("version: 0.2\nphases: {deploy: {}}", "phase name(s): deploy"),
        ("version: 0.2\nphases: {build: {commands: make}}", "phases/build/commands: must be a sequence"),
        ("version: 0.2\nphases: {build: {on-failure: STOP}}", "STOP is none of"),
        ("version: 0.2\nphases: {build: {on-failure: RETRY-101}}", "at most 100"),
        ("version: 0.2\nenv: {shell: powershell.exe}", "powershell.exe is not emulated"),
        ("version: 0.2\nenv: {variables: {CODEBUILD_X: 1}}", "env/variables/CODEBUILD_X"),
        ("version: 0.2\nenv: {variables: {a-b: 1}}", "env/variables/a-b"),
        ("version: 0.2\nenv: {exported-variables: [AWS_X]}", "AWS_X cannot be exported"),
        ("version: 0.2\nreports: {x: {files: []}}", "reports/x/files"),
        ("version: 0.2\nreports: {x: {files: [a], file-format: TAP}}", "TAP is none of"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ABORT", OnFailure("ABORT")),
        ("CONTINUE", OnFailure("CONTINUE")),
        ("RETRY", OnFailure("RETRY", 3)),
        ("RETRY-7", OnFailure("RETRY", 7)),
        ("RETRY-.*time.*out", OnFailure("RETRY", 3, ".*time.*out")),
        ("RETRY-2-exit status 7", OnFailure("RETRY", 2, "exit status 7")),
    ],
)
def test_every_form_of_on_failure(said: str, meant: OnFailure) -> None:
    assert on_failure(said, "here") == meant


def test_a_build_is_repeated_only_for_the_errors_that_are_named() -> None:
    wanted = OnFailure("RETRY", 2, "exit status 7")
    assert wanted.repeats("Error while executing command: x. Reason: exit status 7")
    assert not wanted.repeats("Error while executing command: x. Reason: exit status 1")
    assert not OnFailure("CONTINUE").repeats("anything")


@pytest.mark.parametrize(
    ("text", "inline"),
    [
        ("", False),
        ("ci/buildspec.yml", False),
        ("version: 0.2\nphases: {}", True),
        ('{"version": 0.2}', True),
    ],
)
def test_a_buildspec_or_its_path(text: str, inline: bool) -> None:
    assert is_inline(text) is inline
