"""The judge as callers see it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.judge import Judge, JudgePolicy, Look, Side, Verdict, at_the_end
from lockgate.judge.shapes import Slower, Some
from tests.unit.judge.worlds import BOUNDS, history, look, minutes

MISSING = (
    Look(None, None),
    Look(None, Side(540, 3)),
    Look(Side(60, 3), None),
    Look(Side(0), Side(540, 3)),
    Look(Side(60, 3), Side(0)),
)


def _judge(policy: JudgePolicy | None = None) -> Judge:
    return Judge(policy=policy, latency_bounds=BOUNDS, latency_history=history())


def test_four_failures_on_the_first_look_suffice() -> None:
    for n_c, n_b in ((4, 36), (60, 540)):
        verdict = Judge()([look(4, n_c, 0, n_b)])
        assert (verdict.action, verdict.cause) == ("rollback", "errors")
        assert verdict.evidence["total"].reached
    assert Judge()([look(3, 60, 0, 540)]).action == "continue"


def test_the_reason_carries_the_numbers() -> None:
    verdict = Judge()([look(12, 431, 9, 3880)])
    assert "errors 12/431 against 9/3,880 in 1 minute" in verdict.reason
    assert "of 100 needed" in verdict.reason


def test_five_times_the_errors_are_found() -> None:
    verdict = _judge()(minutes(3, 15, (0.05, 0.01)))
    assert (verdict.action, verdict.cause) == ("rollback", "errors")


def test_a_slower_canary_is_found() -> None:
    verdict = _judge()(minutes(4, 15, (0.001, 0.001), slower=1.4))
    assert (verdict.action, verdict.cause) == ("rollback", "latency")
    assert "% of the canary's requests took longer than" in verdict.reason


def test_a_canary_that_loses_half_of_its_requests_is_found() -> None:
    verdict = Judge()([look(0, 30, 0, 540)] * 15)
    assert (verdict.action, verdict.cause) == ("rollback", "traffic")
    assert "5.3 % of requests" in verdict.reason
    assert Judge()([look(0, 50, 0, 540)] * 60).action != "rollback"


def test_traffic_can_hold_instead() -> None:
    policy = JudgePolicy(on_traffic_mismatch="hold")
    verdict = Judge(policy)([look(0, 30, 0, 540)] * 40)
    assert (verdict.action, verdict.traffic_mismatch) == ("continue", True)
    assert "too little traffic" in verdict.reason
    assert at_the_end(verdict, policy) == "hold"


def test_young_rows_do_not_count_for_traffic() -> None:
    judge = Judge()
    assert judge([look(0, 60, 0, 540)] * 10 + [look(0, 1, 0, 540)] * 2).evidence["traffic"].value < 1
    assert judge([look(0, 60, 0, 540)] * 10 + [look(0, 1, 0, 540)] * 6).evidence["traffic"].value > 1000


def test_a_good_release_is_proven() -> None:
    looks = minutes(5, 40, (0.001, 0.001))
    verdict = _judge()(looks)
    assert verdict.action == "promote"
    proofs = [evidence for name, evidence in verdict.evidence.items() if name.startswith("proof")]
    assert len(proofs) == 1 + len(JudgePolicy().latency_margins)
    assert all(evidence.value >= 20 for evidence in proofs)
    assert _judge()(looks[:9]).action == "continue"
    assert "Proven good" in verdict.reason and "weakest" in verdict.reason


def test_little_traffic_is_not_proven() -> None:
    verdict = Judge()([look(0, 1, 0, 9)] * 30)
    assert verdict.action == "continue"
    assert verdict.reason.startswith("Not proven")
    for choice in ("promote", "rollback", "hold"):
        assert at_the_end(verdict, JudgePolicy(on_inconclusive=choice)) == choice


def test_doubt_withholds_the_proof() -> None:
    assert _judge(JudgePolicy(max_doubt=1e-9))(minutes(5, 40, (0.001, 0.001))).action == "continue"


def test_the_end_follows_a_clear_verdict() -> None:
    policy = JudgePolicy(on_inconclusive="hold")
    bad, good = Judge()([look(9, 60, 0, 540)]), _judge()(minutes(5, 40))
    assert (at_the_end(bad, policy), at_the_end(good, policy)) == ("rollback", "promote")


def test_nothing_seen_yet() -> None:
    verdict = Judge()([])
    assert (verdict.action, verdict.minutes) == ("continue", 0)
    assert verdict.reason.startswith("No minute yet")
    assert verdict == Judge()(MISSING)


def test_missing_and_empty_rows_change_nothing() -> None:
    looks = minutes(6, 12, (0.02, 0.02), slower=1.1)
    holes: list[Look] = []
    for place, one in enumerate(looks):
        holes += [MISSING[place % len(MISSING)], one]
    assert _judge()([*holes, *MISSING]) == _judge()(looks)


def test_a_side_without_latency_changes_only_errors_and_traffic() -> None:
    looks = minutes(6, 12, (0.02, 0.02), slower=1.2)
    before = _judge()(looks).evidence
    after = _judge()([*looks, Look(Side(60, 1), looks[0].baseline)]).evidence
    assert after["latency"] == before["latency"]
    assert after["proof of latency p50"] == before["proof of latency p50"]
    assert after["errors"] != before["errors"]


@pytest.mark.parametrize("size", (10**9, 10**15))
def test_extreme_counts_do_not_overflow(size: int) -> None:
    zeros = (0,) * len(BOUNDS)
    for canary, baseline in (
        (Side(size, size, (*zeros, size)), Side(size * 9, 0, (size * 9, *zeros))),
        (Side(size, 0, (size, *zeros)), Side(size * 9, size * 9, (*zeros, size * 9))),
    ):
        verdict = _judge()([Look(canary, baseline)] * 30)
        assert all(math.isfinite(evidence.value) for evidence in verdict.evidence.values())
    assert _judge()([Look(canary, baseline)] * 30).action == "promote"


Bins = st.none() | st.lists(st.integers(0, 20), min_size=len(BOUNDS) + 1, max_size=len(BOUNDS) + 1).map(tuple)
Sides = st.builds(lambda n, e, bins: Side(n, min(e, n), bins), st.integers(0, 80), st.integers(0, 12), Bins)
AnyLook = st.builds(Look, st.none() | Sides, st.none() | Sides)


@settings(max_examples=60, deadline=None)
@given(looks=st.lists(AnyLook, max_size=12), place=st.integers(0, 11), other=AnyLook)
def test_remembering_the_last_call_changes_nothing(looks: list[Look], place: int, other: Look) -> None:
    """Look by look, with an old row revised, and with rows taken away."""
    judge, pure = _judge(), _judge()
    for count in range(len(looks) + 1):
        assert judge(looks[:count]) == pure.replay(looks[:count])
    changed = [*looks[:place], other, *looks[place + 1 :]]
    assert judge(changed) == pure.replay(changed)
    assert judge(looks[:place]) == pure.replay(looks[:place])


def test_equal_looks_of_other_objects_are_recognised() -> None:
    looks = minutes(8, 10, (0.01, 0.01))
    copies = [replace(one) for one in looks]
    judge = _judge()
    assert judge(looks) == judge(copies) == _judge()(copies)


def test_a_new_look_costs_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = minutes(8, 30, (0.01, 0.01))
    judge, steps, original = _judge(), [], Judge.step
    monkeypatch.setattr(Judge, "step", lambda self, *args: steps.append(1) or original(self, *args))
    judge(looks[:29])
    steps.clear()
    judge(looks)
    assert len(steps) == 1
    judge([*looks[:20], MISSING[0], *looks[21:]])
    assert len(steps) == 1 + 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": 0.0}, "weight is 0.0"),
        ({"weight": 1.0}, "between 0 and 1"),
        ({"weight": math.nan}, "weight is nan"),
        ({"latency_bounds": (1.0, 2.0)}, "go together"),
        ({"latency_history": (1, 2, 3)}, "go together"),
        ({"latency_bounds": (2.0, 1.0), "latency_history": (1, 2, 3)}, "must ascend"),
        ({"latency_bounds": (1.0, 1.0), "latency_history": (1, 2, 3)}, "must ascend"),
        ({"latency_bounds": (0.0, 1.0), "latency_history": (1, 2, 3)}, "above 0"),
        ({"latency_bounds": (1.0, math.nan), "latency_history": (1, 2, 3)}, "above 0"),
        ({"latency_bounds": (), "latency_history": (1,)}, "above 0"),
        ({"latency_bounds": (1.0, 2.0), "latency_history": (1, 2)}, "2 bounds make 3 bins"),
        ({"latency_bounds": (1.0, 2.0), "latency_history": (1, -2, 3)}, "negative"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Judge(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "requests is -1"),
        ((5, 6), r"errors \(6\) exceed requests \(5\)"),
        ((5, -1), "errors is -1"),
        ((5.5,), "whole number"),
        ((math.nan,), "whole number"),
        ((math.inf,), "whole number"),
        ((5, 0, (1, -1)), "a latency count is -1"),
        ((5, 0, (1, 0.5)), "round what CloudWatch"),
        ((5, 0, None, math.nan), "latency_mean is nan"),
        ((5, 0, None, -1.0), "not negative"),
    ],
)
def test_wrong_sides_are_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Side(*arguments)


def test_whole_floats_are_counts() -> None:
    assert Side(5.0, 1.0, (2.0, 3)) == Side(5, 1, (2, 3))


def test_a_wrong_number_of_bins_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the canary has 2 latency bins, but \d+ bounds make"):
        _judge()([Look(Side(3, 0, (1, 2)), Side(30, 0, history()))])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("alpha", 0.0, "alpha is 0.0"),
        ("alpha", math.nan, "alpha is nan"),
        ("alpha_promote", 1.0, "alpha_promote"),
        ("error_weight", 0.7, "must sum to 1"),
        ("traffic_weight", -0.1, "weight of a metric"),
        ("error_ratios", (), "error_ratios is empty"),
        ("error_ratios", (1.0,), "error_ratios"),
        ("allowed_ratio", 0.0, "allowed_ratio"),
        ("allowed_rate", -0.1, "allowed_rate"),
        ("dispersion", 0.5, "dispersion"),
        ("noise_prior", 0.0, "noise_prior"),
        ("noise_floor", 2.0, "noise_floor"),
        ("tau", -0.01, "tau"),
        ("latency_shapes", (), "latency_shapes is empty"),
        ("latency_shapes", (Slower(above=1.0, factor=2.0),), "above"),
        ("latency_shapes", (Some(share=1.0, factor=2.0),), "share"),
        ("warmup", -1, "warmup"),
        ("cold_minutes", -1, "cold_minutes"),
        ("cold_evidence", 0.0, "cold_evidence"),
        ("margin_expected", 1.0, "margin_expected"),
        ("margin_late", 0.0, "margin_late"),
        ("traffic_share", 1.5, "traffic_share"),
        ("traffic_factors", (1.0,), "traffic_factors"),
        ("traffic_weights", (0.5, 0.5), "as many"),
        ("noise_prior_many", 0.0, "noise_prior_many"),
        ("many_errors", -1, "many_errors"),
        ("on_traffic_mismatch", "ignore", "rollback or hold"),
        ("margin_ratio", 0.9, "margin_ratio"),
        ("margin_rate", 1.0, "margin_rate"),
        ("margin_errors", (1.0,), "margin_errors"),
        ("margin_odds", (0.0,), "margin_odds"),
        ("latency_margins", ((0.5, 1.0),), r"1 \+ tau or more"),
        ("latency_margins", ((1.0, 1.5),), "quantile"),
        ("max_doubt", 0.0, "max_doubt"),
        ("min_bake", -1, "min_bake"),
        ("max_bake", 5, "max_bake"),
        ("on_inconclusive", "wait", "promote, rollback or hold"),
    ],
)
def test_wrong_policies_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JudgePolicy(**{field: value})


def test_the_same_rows_give_the_same_verdict() -> None:
    looks = minutes(9, 25, (0.01, 0.01), slower=1.05)
    first: Verdict = _judge()(looks)
    assert first == _judge()(looks) == _judge()(iter(looks))
