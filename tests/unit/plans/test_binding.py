"""What has changed between plan and apply is refused, each with a message of its own."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.errors import RefusedError
from lockgate.plans.binding import Binding, State, files_of, parse_binding, planned_against, providers_of
from lockgate.plans.comparing import compare, uncompared
from lockgate.plans.model import Action, Attribute, Change, Output, Plan
from lockgate.plans.saved import Saved, check_approved, check_unchanged
from lockgate.plans.secrets import MASK_CHANGED

ROOT = Path(__file__).parents[3]
STACK = Path("terraform/stacks/workload")
LOCK = STACK / ".terraform.lock.hcl"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name in ("terraform", "schemas", "lambdas"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".terraform", "__pycache__"))
    shutil.copy(ROOT / "platform.yaml", root)
    return root


@pytest.fixture(scope="module")
def before(repository: Path) -> Binding:
    return bound(repository)


def bound(root: Path) -> Binding:
    return Binding(
        stack="dev",
        account_id="222222222222",
        commit="a" * 40,
        files=files_of(root, root / STACK),
        providers=providers_of(root / STACK),
        variables={"environment": "dev"},
        terraform_version="1.11.4",
        state=State("lineage", 4),
        plan="0" * 64,
    )


SET = {
    "stack": ({"stack": "prod"}, "the plan is of stack dev, and this is prod"),
    "account": ({"account_id": "999999999999"}, "for account 222222222222, and this is account 999999999999"),
    "commit": ({"commit": "b" * 40}, f"from commit {'a' * 40}, and this is commit {'b' * 40}"),
    "terraform": ({"terraform_version": "1.12.0"}, "by Terraform 1.11.4, and this is Terraform 1.12.0"),
    "plan": ({"plan": "1" * 64}, "not the one that was reviewed"),
    "variable": (
        {"variables": {"environment": "prod"}},
        "variable environment was dev for the plan, and is prod",
    ),
    "another variable": ({"variables": {"environment": "dev", "x": "1"}}, "variable x was not set for"),
    "serial": ({"state": State("lineage", 5)}, "for serial number 4 of the state, and it has 5"),
    "lineage": ({"state": State("other", 4)}, "the plan is for lineage lineage, and there is other"),
    "no state": ({"state": State()}, "the plan is for lineage lineage, and there is none"),
}


@pytest.mark.parametrize(("changed", "words"), SET.values(), ids=SET)
def test_what_is_not_as_it_was_is_refused(before: Binding, changed: dict[str, object], words: str) -> None:
    with pytest.raises(RefusedError) as raised:
        check_unchanged(before, dataclasses.replace(before, **changed), None)  # type: ignore[arg-type]
    assert words in raised.value.message
    assert len(raised.value.message.splitlines()) == 1
    assert raised.value.hint.endswith(f"make plan ENV={changed.get('stack', 'dev')}")


def append(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(path.read_text() + text)


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a module of a module's caller": (
        "terraform/modules/lambda-service/main.tf",
        append("\n# more\n"),
        "module file terraform/modules/lambda-service/main.tf has changed since the plan",
    ),
    "a file that a module reads": (
        "terraform/modules/artifact-store/bootstrap/lambda-python.zip.b64",
        append("\n"),
        "module file terraform/modules/artifact-store/bootstrap/lambda-python.zip.b64 has changed",
    ),
    "a new file": (
        f"{STACK}/more.tf",
        lambda path: path.write_text(""),
        f"stack file {STACK}/more.tf was added",
    ),
    "a missing file": (f"{STACK}/outputs.tf", Path.unlink, f"stack file {STACK}/outputs.tf was removed"),
    "the lock file": (str(LOCK), append("\n# more\n"), f"the lock file {LOCK} has changed since the plan"),
    "platform.yaml": ("platform.yaml", append("\n# more\n"), "declaration platform.yaml has changed"),
    "a service": (
        "lambdas/hello-api/service.yaml",
        append("\n# more\n"),
        "declaration lambdas/hello-api/service.yaml has changed",
    ),
    "the defaults": (
        "schemas/service.defaults.json",
        append("\n"),
        "declaration schemas/service.defaults.json",
    ),
}


@pytest.mark.parametrize(("name", "change", "words"), FILES.values(), ids=FILES)
def test_a_file_that_is_not_as_it_was_is_named(
    repository: Path, before: Binding, name: str, change: Callable[[Path], object], words: str
) -> None:
    path = repository / name
    kept = path.read_bytes() if path.is_file() else None
    change(path)
    try:
        with pytest.raises(RefusedError) as raised:
            check_unchanged(before, bound(repository), None)
    finally:
        path.unlink(missing_ok=True) if kept is None else path.write_bytes(kept)
    assert words in raised.value.message


def test_another_provider_is_named_by_its_version(before: Binding) -> None:
    name = "registry.terraform.io/hashicorp/aws"
    now = dataclasses.replace(before, providers={name: "5.99.0"})
    with pytest.raises(RefusedError, match=rf"provider {name} was 5\.100\.0 for the plan, and is 5\.99\.0"):
        check_unchanged(before, now, None)


def test_what_no_stack_reads_makes_no_difference(repository: Path) -> None:
    files = files_of(repository, repository / STACK)
    assert not [name for name in files if "/tests/" in name or name.endswith(".md")]
    assert "terraform/modules/build-project/main.tf" in files
    tooling = files_of(repository, repository / "terraform/stacks/tooling")
    assert "lambdas/hello-api/service.yaml" not in tooling


def test_only_the_digest_that_was_approved_is_applied(repository: Path, before: Binding) -> None:
    now = bound(repository)
    check_unchanged(before, now, before.digest)
    check_unchanged(before, now, None)
    with pytest.raises(RefusedError, match=f"digest is {before.digest}, and abc was approved"):
        check_unchanged(before, now, "abc")


def test_a_binding_survives_being_written(before: Binding) -> None:
    again = parse_binding(before.as_json().encode(), "x")
    assert (again, again.digest) == (before, before.digest)


def test_what_is_no_plan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing")
    with pytest.raises(RefusedError, match="is not a plan of Terraform"):
        planned_against(tmp_path / "x")
    with pytest.raises(RefusedError, match="there is no plan of dev"):
        Saved(tmp_path).read("dev")


BUCKET = Change("aws_s3_bucket.x", "aws_s3_bucket", Action.REPLACE, loses="its objects")
MEMORY = Change("x.f", "x", Action.UPDATE, (Attribute("memory", "256", "512"),))


def test_destroying_what_cannot_be_made_again_needs_an_approval_of_each() -> None:
    plan = Plan("1", (BUCKET, MEMORY))
    with pytest.raises(RefusedError) as raised:
        check_approved(plan, [])
    assert raised.value.message == "aws_s3_bucket.x: to replace, which loses its objects"
    assert "--approve-destroy 'aws_s3_bucket.x'" in raised.value.hint
    check_approved(plan, ["aws_s3_bucket.x"])
    check_approved(Plan("1", (MEMORY,)), [])
    with pytest.raises(RefusedError, match=r"the plan does not do that: x\.f"):
        check_approved(plan, ["aws_s3_bucket.x", "x.f"])


REVIEWED = Plan("1.11.4", (BUCKET, MEMORY), outputs=(Output("url", '"a"', '"b"'),))


def changed(change: Change) -> Plan:
    return dataclasses.replace(REVIEWED, changes=(BUCKET, change))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (
            dataclasses.replace(REVIEWED, changes=(BUCKET,)),
            ["x.f: reviewed as to update, and nothing is done"],
        ),
        (dataclasses.replace(REVIEWED, outputs=()), ['output url: reviewed as "a" → "b", now unchanged']),
        (
            dataclasses.replace(REVIEWED, changes=(*REVIEWED.changes, Change("x.g", "x", Action.CREATE))),
            ["x.g: to create, which was not in the reviewed plan"],
        ),
        (
            changed(dataclasses.replace(MEMORY, action=Action.REPLACE)),
            ["x.f: reviewed as to update, now to repl"],
        ),
        (
            changed(dataclasses.replace(MEMORY, attributes=(Attribute("memory", "256", "1024"),))),
            ["x.f: memory: reviewed as 256 → 512, now 256 → 1024"],
        ),
        (
            changed(dataclasses.replace(MEMORY, previous_address="x.e")),
            ["x.f: reviewed as moved from nowhere"],
        ),
    ],
)
def test_plans_are_compared_by_what_they_do(now: Plan, words: list[str]) -> None:
    found = compare(REVIEWED, now)
    assert [line[: len(expected)] for line, expected in zip(found, words, strict=True)] == words


def test_what_is_only_said_differently_is_the_same() -> None:
    other = dataclasses.replace(
        REVIEWED,
        terraform_version="1.12.0",
        changes=tuple(reversed(REVIEWED.changes)),
        drift=(MEMORY,),
        failed_checks=("check.x",),
    )
    assert compare(REVIEWED, other) == []
    secret = dataclasses.replace(MEMORY, attributes=(Attribute("password", MASK_CHANGED, MASK_CHANGED),))
    assert uncompared(Plan("1", (secret,))) == 2
