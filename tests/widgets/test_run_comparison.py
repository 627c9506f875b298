from __future__ import annotations

import pytest

from studio.widgets import RunComparison
from studio.widgets.run_comparison import TooManyRuns
from tests.widgets.conftest import ATTACK, Read, run, seen, step


@pytest.fixture
def runs():
    return [
        run("r1", step("train", values={"folds": 5, "seed": 7}, metrics={"auc": 0.8, "loss": "nan"})),
        run("r2", step("train", values={"folds": 3, "seed": 7}, metrics={"auc": 0.85, "new": 1})),
    ]


def group(comparison, title):
    (found,) = [one for one in comparison._compared["groups"] if one["title"] == title]
    return {(row["step"], row["name"]): row for row in found["rows"]}


def test_values_stand_side_by_side(runs):
    values = group(RunComparison(runs), "Values")
    assert values["train", "folds"] == {"step": "train", "name": "folds", "texts": ["5", "3"], "differs": True}
    assert not values["train", "seed"]["differs"]


def test_measures_are_compared_with_the_first(runs):
    measures = group(RunComparison(runs), "Measures")
    assert measures["train", "auc"]["texts"] == ["0.8", "0.85"]
    assert measures["train", "auc"]["changes"] == ["", "+0.05 (+6.2 %)"]
    assert measures["train", "loss"]["texts"] == ["nan", "\N{EN DASH}"]
    assert measures["train", "new"]["texts"] == ["\N{EN DASH}", "1"]
    assert measures["train", "new"]["changes"] == ["", ""]


def test_equal_texts_of_other_types_differ():
    values = group(
        RunComparison([run("r1", step("a", values={"x": 1})), run("r2", step("a", values={"x": "1"}))]), "Values"
    )
    assert values["a", "x"]["differs"]


def test_a_step_that_only_one_run_has():
    compared = RunComparison([run("r1", step("a", values={"x": 1})), run("r2", step("b", values={"y": None}))])
    assert group(compared, "Values")["a", "x"]["texts"] == ["1", "\N{EN DASH}"]
    assert group(compared, "Values")["b", "y"]["differs"]


def test_other_runs_can_be_shown(runs, act):
    comparison = RunComparison()
    assert comparison._compared["runs"] == []
    assert "Choose two runs or more." in comparison._repr_html_()
    comparison.show(runs)
    assert comparison._compared["runs"] == ["r1", "r2"]
    act(comparison, "differences", only=False)
    assert not comparison.only_differences
    act(comparison, "differences", only="yes")
    assert not comparison.only_differences


def test_too_many_runs_are_refused():
    with pytest.raises(TooManyRuns, match="13 runs do not fit side by side"):
        RunComparison([run(f"r{at}") for at in range(13)])


def test_the_plain_form_is_tables(runs):
    page = Read(RunComparison(runs)._repr_html_())
    assert ["train: folds", "5", "3"] in page.rows
    assert ["train: auc", "0.8", "0.85 +0.05 (+6.2 %)"] in page.rows
    assert page.text.count("r1") == 3


def test_the_plain_form_escapes_everything():
    page = Read(
        RunComparison([run(ATTACK, step(ATTACK, values={ATTACK: ATTACK}, metrics={ATTACK: ATTACK}))])._repr_html_()
    )
    assert page.text.count(seen(ATTACK)) >= 5
