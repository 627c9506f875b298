"""Answers are scored as scikit-learn scores the model itself, whatever kind of model it is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer
from sklearn.preprocessing import StandardScaler

from studio.pipelines.gates.answers import CannotAsk, Subject
from studio.pipelines.gates.declaration import METRICS


def table(classes: int) -> tuple[pd.DataFrame, pd.Series[Any]]:
    if classes:
        X, y = make_classification(300, 8, n_informative=6, n_classes=classes, random_state=1)
    else:
        X, y = make_regression(300, 8, random_state=1)
    return pd.DataFrame(X).add_prefix("x"), pd.Series(y)


BINARY = [
    name for name in METRICS if name.startswith(("accuracy", "average", "bal", "f1", "neg_brier", "neg_log", "roc"))
]
NUMBERS = ["r2", "neg_mean_squared_error", "neg_mean_absolute_error", "explained_variance", "neg_max_error"]


def agree(subject: Subject, model: Any, X: pd.DataFrame, y: pd.Series[Any], metric: str) -> None:
    score = subject.ask(X).scorer(metric, subject.truth(y, "y"))
    for rows in (np.arange(len(y)), np.arange(0, len(y), 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert score(rows) == pytest.approx(get_scorer(metric)(model, X.iloc[rows], y.iloc[rows]))


@pytest.mark.parametrize("metric", BINARY)
def test_two_classes(metric: str) -> None:
    X, y = table(2)
    model = RandomForestClassifier(10, random_state=1).fit(X, y)
    agree(Subject(model, "it"), model, X, y, metric)


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "average_precision"])
def test_a_model_without_probabilities(metric: str) -> None:
    X, y = table(2)
    model = RidgeClassifier().fit(X, y)
    agree(Subject(model, "it"), model, X, y, metric)


@pytest.mark.parametrize("metric", ["roc_auc_ovr", "neg_log_loss", "accuracy", "f1_macro", "balanced_accuracy"])
def test_three_classes(metric: str) -> None:
    X, y = table(3)
    model = LogisticRegression(max_iter=1000).fit(X, y)
    agree(Subject(model, "it"), model, X, y, metric)


@pytest.mark.parametrize("metric", NUMBERS)
def test_numbers(metric: str) -> None:
    X, y = table(0)
    model = LinearRegression().fit(X, y)
    agree(Subject(model, "it"), model, X, y, metric)


def test_the_positive_class_is_the_one_that_is_named() -> None:
    X, y = table(2)
    words = y.map({0: "stays", 1: "leaves"})
    model = LogisticRegression().fit(X, words)
    subject = Subject(model, "it", positive="leaves")
    answers = subject.ask(X)
    assert answers.probability is not None
    assert (subject.truth(words, "y") == y).all()
    place = list(model.classes_).index("leaves")
    assert answers.probability == pytest.approx(model.predict_proba(X)[:, place])


def test_one_class_against_all_others() -> None:
    X, y = table(3)
    subject = Subject(LogisticRegression(max_iter=1000).fit(X, y), "it", positive=2)
    assert subject.kind == "binary"
    assert subject.ask(X).scorer("roc_auc", subject.truth(y, "y"))(np.arange(len(y))) > 0.7


def test_a_metric_that_does_not_fit_the_model_is_told() -> None:
    X, y = table(0)
    subject = Subject(LinearRegression().fit(X, y), "it")
    with pytest.raises(CannotAsk, match="The metric 'roc_auc' cannot be asked of this model"):
        subject.ask(X).scorer("roc_auc", subject.truth(y, "y"))


def test_a_metric_that_is_not_defined_on_some_rows_is_nan_there() -> None:
    X, y = table(2)
    subject = Subject(LogisticRegression().fit(X, y), "it")
    score = subject.ask(X).scorer("roc_auc", subject.truth(y, "y"))
    assert np.isnan(score(np.flatnonzero(y == 1)))


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ([0.0, None, 1.0], "The label 'y' is missing in 1 rows"),
        (["a", "b", "a"], "The label 'y' holds 'a'; it knows 0, 1"),
    ],
)
def test_labels_that_do_not_fit(label: list[Any], sentence: str) -> None:
    X, y = table(2)
    with pytest.raises(CannotAsk, match=sentence):
        Subject(LogisticRegression().fit(X, y), "it").truth(pd.Series(label), "y")


def test_what_is_no_model_is_told() -> None:
    X, _ = table(2)
    with pytest.raises(CannotAsk, match="It is a StandardScaler, which is neither"):
        Subject(StandardScaler().fit(X), "it")


def test_columns_that_are_not_there_are_named() -> None:
    X, y = table(2)
    with pytest.raises(CannotAsk, match="It asks for columns that the dataset 'd' has not: x0, x1"):
        Subject(LogisticRegression().fit(X, y), "it").features(X.drop(columns=["x0", "x1"]), "d")


def test_a_model_that_names_no_features_gets_all_but_label_and_keys() -> None:
    X, y = table(2)
    subject = Subject(LogisticRegression().fit(X.to_numpy(), y), "it", ["id", "y"])
    assert subject.features(X.assign(id=1, y=y), "d") == list(X)
