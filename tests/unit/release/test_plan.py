"""What a release would do, and what a roll-back goes back to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.config import LambdaService
from lockgate.errors import RefusedError, UsageError
from lockgate.release.driver import Live
from lockgate.release.forecast import Forecast
from lockgate.release.ledger import GOOD_KEPT, Ledger
from lockgate.release.model import Artifact, Good, Phase, Release, Status
from lockgate.release.plan import FIRST_RELEASE, Origin, Planner
from lockgate.release.waves import waves

from .world import a_release

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ARTIFACT = Artifact(key="k", sha256="s", code_sha256="c")


@dataclass
class KnownGood:
    """A ledger that knows good versions and past releases."""

    goods: dict[str, tuple[Good, ...]] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)

    def good(self, service: str) -> tuple[Good, ...]:
        return self.goods.get(service, ())

    def release(self, release_id: str) -> Release:
        return self.releases[release_id]


def planner(known: KnownGood, live: dict[str, Live], deleted: str | None = None) -> Planner:
    contract = SimpleNamespace(
        service=lambda name: SimpleNamespace(
            function_name=f"lockgate-local-{name}",
            traffic=SimpleNamespace(percentage=10),
            deployment_config=lambda *_: "name",
        ),
        services=live,
    )
    driver = lambda name: SimpleNamespace(  # noqa: E731
        live=lambda _artifact: live[name], has=lambda version: version != deleted
    )
    forecast = lambda *_: Forecast(15, None, None, "what it can see")  # noqa: E731
    return Planner("local", contract, known, driver, forecast, lambda: NOW)  # type: ignore[arg-type]


def service(**changes: Any) -> LambdaService:
    return LambdaService.model_validate({"kind": "lambda", **changes})


def live(version: str, differs: str | None = "code") -> Live:
    return Live(version, {version: 1.0}, "x", differs)


def goods(*versions: str) -> tuple[Good, ...]:
    return tuple(Good(release_id=f"r{version}", version=version) for version in versions)


def test_an_unchanged_service_is_left_out_and_said_so() -> None:
    known = KnownGood({"a": goods("3"), "b": goods("5")})
    it = planner(known, {"a": live("3", None), "b": live("5")})
    planned = it.deploy({"a": service(), "b": service()}, {"a": ARTIFACT, "b": ARTIFACT}, Origin("me"))
    assert list(planned.deployments) == ["b"]
    assert planned.skipped == {"a": "version 3 serves this code and configuration already"}


def test_the_first_release_goes_out_at_once_and_says_so() -> None:
    planned = planner(KnownGood(), {"a": live("1")}).deploy({"a": service()}, {"a": ARTIFACT}, Origin("me"))
    deployment = planned.deployments["a"]
    assert (deployment.strategy, deployment.bake_minutes) == ("all_at_once", 0)
    assert FIRST_RELEASE in deployment.notes


def test_a_rollback_goes_to_the_good_version_before_the_live_one() -> None:
    planned = planner(KnownGood({"a": goods("2", "5", "9")}), {"a": live("9")}).rollback(
        ["a"], None, Origin("me")
    )
    assert planned.deployments["a"].to_version == "5"
    assert planned.deployments["a"].artifact is None


def test_a_rollback_of_what_was_never_good_goes_to_the_last_good_version() -> None:
    """Another tool goes one version too far when the bad one is live and not in its history."""
    known = KnownGood({"a": goods("2", "5")})
    halfway = Live("5", {"5": 0.9, "6": 0.1}, "x", "code")
    for serving in (live("6"), halfway):
        planned = planner(known, {"a": serving}).rollback(["a"], None, Origin("me"))
        assert planned.deployments["a"].to_version == "5"


def test_a_rollback_without_a_service_takes_back_the_newest_release_only() -> None:
    known = KnownGood({"a": goods("2", "5"), "b": goods("2", "9"), "c": goods("2", "9")})
    serving = {"a": live("5"), "b": live("9"), "c": live("9"), "new": live("1")}
    assert planner(known, serving).last_released(["a", "b", "c", "new"]) == ["b", "c"]
    assert planner(known, serving | {"a": live("6")}).last_released(["a", "b", "c"]) == ["a"]
    assert planner(KnownGood(), serving).last_released(["new"]) == []


def test_a_rollback_without_an_earlier_good_version_is_refused() -> None:
    with pytest.raises(RefusedError, match="nothing to go back to"):
        planner(KnownGood({"a": goods("2")}), {"a": live("2")}).rollback(["a"], None, Origin("me"))


def test_a_rollback_to_a_release_that_failed_is_refused() -> None:
    past = a_release(NOW, "a")
    bad = past.with_deployment(past.deployments["a"].enter(Phase.ROLLED_BACK, NOW))
    known = KnownGood({"a": goods("2", "5")}, {past.release_id: bad})
    with pytest.raises(RefusedError, match="did not succeed for a: it is rolled_back"):
        planner(known, {"a": live("5")}).rollback(["a"], past.release_id, Origin("me"))


@pytest.mark.parametrize("to_a_release", [True, False])
def test_a_rollback_to_a_version_that_was_deleted_is_refused(to_a_release: bool) -> None:
    past = a_release(NOW, "a").but(commit="abc123")
    bring = past.deployments["a"].but(to_version="2")
    past = past.with_deployment(bring.enter(Phase.SUCCEEDED, NOW))
    known = KnownGood({"a": goods("2", "5")}, {past.release_id: past})
    to = past.release_id if to_a_release else None
    with pytest.raises(RefusedError, match=r"version 2, .* was deleted") as found:
        planner(known, {"a": live("5")}, deleted="2").rollback(["a"], to, Origin("me"))
    bundle = "abc123" if to_a_release else "<file, commit or digest>"
    assert f"make deploy ENV=local SERVICE=a BUNDLE={bundle}" in found.value.hint


def test_waves_follow_dependencies_and_hooks() -> None:
    services = {
        "cc": service(depends_on=["bb"]),
        "bb": service(hook="hook"),
        "hook": service(),
        "alone": service(depends_on=["elsewhere"]),
    }
    assert waves(services) == {"hook": 0, "alone": 0, "bb": 1, "cc": 2}


def test_a_circle_is_named() -> None:
    with pytest.raises(UsageError, match=r"circle: (aa → bb → aa|bb → aa → bb)"):
        waves({"aa": service(depends_on=["bb"]), "bb": service(depends_on=["aa"])})


@given(st.lists(st.one_of(st.integers(2, 40), st.just("back")), max_size=40))
def test_going_back_never_goes_forward(history: list[int | str]) -> None:
    """However often one deploys and goes back, a roll-back leads to a version that was good before the live
    one, and twice back never returns to what was left."""
    stack: tuple[Good, ...] = ()
    for number, step in enumerate(history):
        if step == "back" and len(stack) < 2:
            continue
        kind = "rollback" if step == "back" else "deploy"
        version = stack[-2].version if step == "back" else str(100 + number)
        before = stack
        stack = _after(stack, kind, version)
        if kind == "rollback":
            assert stack == before[:-1]
        assert stack[-1].version == version
        assert len(stack) <= GOOD_KEPT


def _after(stack: tuple[Good, ...], kind: str, version: str) -> tuple[Good, ...]:
    release = a_release(NOW, "a", kind=kind, status=Status.SUCCEEDED)
    done = release.with_deployment(
        release.deployments["a"].but(to_version=version, phase=Phase.SUCCEEDED, from_version="1")
    )
    ledger = Ledger(SimpleNamespace(), "table", "local")  # type: ignore[arg-type]
    ledger.good = lambda _: stack  # type: ignore[method-assign]
    return tuple(ledger._good_after(done, "a"))
