"""Doubles of the actions that the workflows use."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.workflows.runner.steps import Double, StepError, UsesCall


def checkout(repository: Path, prepare: Callable[[Path], None] = lambda _: None) -> Double:
    """`actions/checkout`: the repository's commit in the job's workspace; `prepare` is called with that."""

    def check_out(call: UsesCall) -> Mapping[str, str]:
        if call.inputs.get("persist-credentials") != "false":
            raise StepError("credentials would stay in the checkout")
        sha = call.env["GITHUB_SHA"]
        depth = [] if call.inputs.get("fetch-depth") == "0" else ["--depth", "1"]
        _git(call.workspace, "init", "--quiet")
        _git(call.workspace, "fetch", "--quiet", *depth, f"file://{repository}", sha)
        _git(call.workspace, "checkout", "--quiet", "FETCH_HEAD")
        prepare(call.workspace)
        return {}

    return check_out


def nothing(call: UsesCall) -> Mapping[str, str]:
    """An action without anything to do here."""
    return {}


def upload_artifact(call: UsesCall) -> Mapping[str, str]:
    """`actions/upload-artifact`: what lies above the first wildcard of the paths is the artifact's root."""
    hidden = call.inputs.get("include-hidden-files") == "true"
    patterns = [line.strip() for line in call.inputs["path"].splitlines() if line.strip()]
    found = sorted({path for pattern in patterns for path in call.workspace.glob(pattern) if path.is_file()})
    found = [path for path in found if hidden or not _is_hidden(path.relative_to(call.workspace))]
    if not found and call.inputs.get("if-no-files-found") == "error":
        raise StepError(f"no files were found with {patterns}")
    target = _artifact(call, call.inputs["name"])
    if target.exists():
        raise StepError(f"an artifact of the name {call.inputs['name']} exists already")
    roots = {call.workspace / pattern.partition("*")[0].rpartition("/")[0] for pattern in patterns}
    (root,) = roots
    for path in found:
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return {}


def download_artifact(call: UsesCall) -> Mapping[str, str]:
    """`actions/download-artifact`, by `name`, or by `pattern` with all in one folder."""
    target = call.workspace / call.inputs.get("path", ".")
    if "name" in call.inputs:
        names = [call.inputs["name"]]
    else:
        if call.inputs.get("merge-multiple") != "true":
            raise StepError("each artifact would get a folder of its own")
        pattern = call.inputs["pattern"]
        names = sorted(path.name for path in _artifact(call, "").glob(pattern))
    for name in names:
        if not _artifact(call, name).is_dir():
            raise StepError(f"there is no artifact {name}")
        shutil.copytree(_artifact(call, name), target, dirs_exist_ok=True)
    return {}


def configure_aws_credentials(call: UsesCall) -> Mapping[str, str]:
    """`aws-actions/configure-aws-credentials`: the role's account; which job took which role is noted."""
    call.need("id-token", "write")
    arn = re.fullmatch(r"arn:aws:iam::(\d{12}):role/([\w-]+)", call.inputs["role-to-assume"])
    if arn is None:
        raise StepError(f"no role: {call.inputs['role-to-assume']!r}")
    call.env["AWS_REGION"] = call.inputs["aws-region"]
    call.env["AWS_ACCESS_KEY_ID"] = arn[1]
    call.env["AWS_SECRET_ACCESS_KEY"] = "local"
    _note(call, "roles.jsonl", {"job": call.job, "role": arn[2], "environment": call.environment})
    return {}


def attest_build_provenance(call: UsesCall) -> Mapping[str, str]:
    """`actions/attest-build-provenance`: the SHA-256 of what is attested is written down."""
    call.need("id-token", "write")
    call.need("attestations", "write")
    content = (call.workspace / call.inputs["subject-path"]).read_bytes()
    _note(call, "attested.jsonl", {"sha256": hashlib.sha256(content).hexdigest()})
    return {}


def upload_sarif(call: UsesCall) -> Mapping[str, str]:
    """`github/codeql-action/upload-sarif`."""
    call.need("security-events", "write")
    shutil.copyfile(call.workspace / call.inputs["sarif_file"], call.run_folder / "uploaded.sarif")
    return {}


def standard(repository: Path, prepare: Callable[[Path], None] = lambda _: None) -> dict[str, Double]:
    """All of them."""
    return {
        "actions/attest-build-provenance": attest_build_provenance,
        "actions/checkout": checkout(repository, prepare),
        "actions/dependency-review-action": nothing,
        "actions/download-artifact": download_artifact,
        "actions/setup-python": nothing,
        "actions/upload-artifact": upload_artifact,
        "aws-actions/configure-aws-credentials": configure_aws_credentials,
        "github/codeql-action/upload-sarif": upload_sarif,
    }


def noted(folder: Path, file: str) -> list[dict[str, str]]:
    """What doubles of a run have written down."""
    path = folder / file
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _note(call: UsesCall, file: str, what: Mapping[str, str | None]) -> None:
    with (call.run_folder / file).open("a") as notes:
        notes.write(json.dumps(what) + "\n")


def _artifact(call: UsesCall, name: str) -> Path:
    return call.run_folder / "artifacts" / name


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StepError(f"git {' '.join(arguments)}: {done.stderr}")
