"""The bootstrap does what it promises, and the figures are those of an example done by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.pipelines.gates.statistics import (
    Interval,
    Undefined,
    calibration_error,
    is_worse,
    paired_difference,
    resampled,
    slices,
)

Array = np.ndarray[Any, Any]


def auc(truth: Array, score: Array) -> Callable[[Array], float]:
    """ROC AUC by ranks, NaN for one class."""

    def on(rows: Array) -> float:
        yes, answers = truth[rows], score[rows]
        _, place, count = np.unique(answers, return_inverse=True, return_counts=True)
        rank = (np.cumsum(count) - (count - 1) / 2)[place]
        positives = yes.sum()
        if positives in (0, len(yes)):
            return float("nan")
        return float((rank[yes].sum() - positives * (positives + 1) / 2) / (positives * (len(yes) - positives)))

    return on


def people(seed: int, rows: int = 800) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return truth, truth * 1.2 + random.normal(size=rows)


def compared(truth: Array, candidate: Array, champion: Array, **given: Any) -> Interval:
    rows = np.arange(len(truth))
    return paired_difference(auc(truth, candidate), auc(truth, champion), rows, **{"resamples": 200, **given})


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), tolerance=st.floats(0, 0.1))
def test_identical_models_are_never_failed(seed: int, tolerance: float) -> None:
    truth, score = people(seed, rows=200)
    found = compared(truth, score, score)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not is_worse(found, tolerance)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_clearly_worse_model_is_failed(seed: int) -> None:
    truth, score = people(seed)
    guessed = np.random.default_rng(seed + 1).normal(size=len(truth))
    found = compared(truth, guessed, score)
    assert found.value < 0
    assert is_worse(found, 0.01)
    assert not is_worse(compared(truth, score, guessed), 0.0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_noise_of_a_thousandth_does_not_decide(seed: int) -> None:
    truth, score = people(seed)
    shaken = score + np.random.default_rng(seed + 1).normal(scale=0.05, size=len(score))
    assert not is_worse(compared(truth, shaken, score), 0.01)


def test_the_interval_covers_the_true_difference_about_as_often_as_it_says() -> None:
    # The mean of a difference of two columns with known means: true difference 0.5, intervals of 90 %.
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        first, second = random.normal(0.5, 1, 60), random.normal(0, 1, 60)
        found = paired_difference(
            lambda rows, first=first: float(first[rows].mean()),
            lambda rows, second=second: float(second[rows].mean()),
            np.arange(60),
            confidence=0.9,
            resamples=200,
        )
        covered += found.low <= 0.5 <= found.high
    assert 0.82 <= covered / 200 <= 0.96


def test_a_figure_is_repeatable() -> None:
    truth, score = people(1)
    other = score + np.random.default_rng(2).normal(size=len(score))
    assert compared(truth, other, score) == compared(truth, other, score)


def test_what_is_paired_has_the_narrower_interval() -> None:
    truth, score = people(3)
    shaken = score + np.random.default_rng(4).normal(scale=0.05, size=len(score))
    paired = compared(truth, shaken, score)
    alone = paired_difference(auc(truth, shaken), lambda _: 0.0, np.arange(len(truth)), resamples=200)
    assert paired.high - paired.low < (alone.high - alone.low) / 4


def test_groups_are_drawn_whole() -> None:
    groups = np.array([0, 0, 0, 1, 2, 2])
    for rows in itertools.islice(resampled(groups), 50):
        times = np.bincount(rows, minlength=6)
        assert times[0] == times[1] == times[2]
        assert times[4] == times[5]
        assert times[0] + times[3] + times[4] == 3


def test_a_metric_that_is_not_defined_is_told() -> None:
    truth = np.zeros(50, dtype=bool)
    with pytest.raises(Undefined, match="one value only"):
        compared(truth, np.arange(50.0), np.arange(50.0))


def test_too_few_rows_for_the_metric_are_told() -> None:
    def whole(rows: Array) -> float:
        return 1.0 if len(set(rows)) == 10 else float("nan")

    with pytest.raises(Undefined, match="too few rows"):
        paired_difference(whole, lambda _: 0.0, np.arange(10), resamples=200)


@pytest.mark.parametrize(
    ("high", "tolerance", "worse"), [(-0.02, 0.01, True), (-0.01, 0.01, False), (0.0, 0.0, False), (-0.001, 0.0, True)]
)
def test_the_rule(high: float, tolerance: float, worse: bool) -> None:
    assert is_worse(Interval(-0.05, -0.1, high, 100), tolerance) is worse


def test_calibration_by_hand() -> None:
    # Two groups of four: promised 0.2 on average and 1 of 4 came; promised 0.8 and 2 of 4 came.
    probability = np.array([0.1, 0.2, 0.2, 0.3, 0.7, 0.8, 0.8, 0.9])
    happened = np.array([0, 0, 1, 0, 1, 0, 1, 0], dtype=bool)
    assert calibration_error(probability, happened, bins=2) == pytest.approx((0.05 * 4 + 0.3 * 4) / 8)


def test_one_promise_for_all_is_judged_by_the_whole() -> None:
    assert calibration_error(np.full(8, 0.25), np.arange(8) < 2, bins=4) == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60), st.integers(2, 12), st.randoms()
)
def test_calibration_does_not_depend_on_the_order(rows: list[tuple[int, bool]], bins: int, random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    errors = [
        calibration_error(np.array([a / 20 for a, _ in order]), np.array([b for _, b in order]), bins)
        for order in (rows, mixed)
    ]
    assert errors[0] == pytest.approx(errors[1])
    assert 0 <= errors[0] <= 1


def test_levels_are_slices() -> None:
    found = dict(slices(pd.Series(["b", "a", None, "b"], dtype="str")))
    assert {level: list(rows) for level, rows in found.items()} == {"a": [1], "b": [0, 3], "missing": [2]}


def test_truth_values_and_few_numbers_are_levels() -> None:
    assert [level for level, _ in slices(pd.Series([True, False, True]))] == ["False", "True"]
    assert [level for level, _ in slices(pd.Series([3, 1, 2, 1]))] == ["1", "2", "3"]


def test_many_numbers_are_cut_at_their_quartiles() -> None:
    found = list(slices(pd.Series(np.arange(100.0))))
    assert [len(rows) for _, rows in found] == [25, 25, 25, 25]
