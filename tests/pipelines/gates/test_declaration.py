"""The section as people write it, and what is wrong with it, with line and field."""

from __future__ import annotations

import textwrap

import pytest

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.pipelines.gates.declaration import METRICS, qualified
from studio.pipelines.specification import read_pipeline
from tests.conftest import Place

MODEL = "name: churn\ndata: test_set\nlabel: churned\n"


def read(place: Place, gates: str) -> object:
    text = "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\ngates:\n" + textwrap.indent(gates, "  ")
    place.write("pipelines/p.yml", text)
    return read_pipeline(Workspace(place.root), "p").gates


def told(place: Place, gates: str) -> str:
    with pytest.raises(Problems) as caught:
        read(place, gates)
    return str(caught.value)


def test_units_and_defaults(place: Place) -> None:
    gates = read(place, f"model:\n{textwrap.indent(MODEL + 'size: {max: 50 MB}', '  ')}\n")
    model = gates.model  # type: ignore[attr-defined]
    assert model.size.max == 50_000_000
    assert (model.timeout, model.champion, model.positive) == (600.0, None, None)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("metric: roc_acu", "model.metric: There is no such metric in scikit-learn; the nearest is 'roc_auc'"),
        ("metric: rand_score", "model.metric: There is no such metric in scikit-learn"),
        ("score: {min: 0.5}", "model: Score needs a metric, such as metric: roc_auc"),
        ("size: {max: 50}", 'model.size.max: A size is a number and its unit, such as "50 MB"'),
        ("prediction_time: {max: 5}", 'max: A time is a number and its unit, such as "5 ms"'),
        ("champion: {tolerance: -1}", "model.champion.tolerance: At least 0"),
        ("slice: {by: [a]}", "There is no key 'slice' here. Did you mean 'slices'?"),
        ("trusted: [Tree]", "A trusted type is written with its module"),
        ("directional: [{column: a, expect: increase, share: 1}]", "needs either change"),
        ("directional: [{column: a, change: 0, expect: increase, share: 1}]", "changes nothing"),
        ("directional: [{column: a, change: 1, expect: fall, share: 1}]", "Allowed is 'increase', 'decrease'"),
        ("invariance: [{columns: [a], share: 1.5}]", "share: At most 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(place: Place, line: str, sentence: str) -> None:
    message = told(place, f"model:\n{textwrap.indent(MODEL + line, '  ')}\n")
    assert sentence in message
    assert message.startswith("pipelines/p.yml:")


@pytest.mark.parametrize(
    ("gates", "sentence"),
    [
        ("metrics: {a.auc: {}}", "A threshold needs min, max or both"),
        ("metrics: {a.auc: {min: 2, max: 1}}", "No figure is at least 2 and at most 1"),
        ("metrics: {}", "Gates need metrics, model or both"),
        ("metrics: {a.auc: {least: 1}}", "There is no key 'least' here"),
    ],
)
def test_thresholds_make_sense(place: Place, gates: str, sentence: str) -> None:
    assert sentence in told(place, gates)


def test_the_metrics_are_scikit_learns() -> None:
    from sklearn.metrics import get_scorer_names

    assert len(set(METRICS)) == len(METRICS)
    assert set(METRICS) <= set(get_scorer_names())


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        ("test_auc", ("", "", "test_auc")),
        ("evaluate.test_auc", ("evaluate", "", "test_auc")),
        ("evaluate.top.5", ("evaluate", "", "top.5")),
        ("train[alpha=0.1].auc", ("train", "[alpha=0.1]", "auc")),
    ],
)
def test_names_of_metrics(name: str, read_as: tuple[str, str, str]) -> None:
    assert qualified(name) == read_as
