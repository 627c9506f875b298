"""A fitted model and what it answers: asked once about every row, scored on any rows of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from studio.core.errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

Kind = Literal["binary", "multiclass", "regression"]


class CannotAsk(StudioError):
    """A model cannot be asked a question; the message is a sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:1].upper() + message[1:])


@dataclass(frozen=True)
class Answers:
    """What one model answered.

    Attributes
    ----------
    kind : str
        ``binary``, ``multiclass`` or ``regression``.
    predicted : array, shape (rows,)
        Binary: 1 for the positive class; multiclass: the class; regression: the number.
    probability : array or None
        Binary: of the positive class, shape (rows,); multiclass: of each class, shape (rows, classes).
    margin : array or None
        The decision function where there are no probabilities.
    classes : tuple
        The classes, in the order of the columns of `probability`.
    """

    kind: Kind
    predicted: Array
    probability: Array | None = None
    margin: Array | None = None
    classes: tuple[Any, ...] = ()

    @cached_property
    def strength(self) -> Array:
        """One number a row (multiclass: one for each class) by which answers are compared."""
        import numpy as np

        if self.probability is not None:
            return self.probability
        if self.margin is not None:
            return self.margin
        if self.kind == "multiclass":
            return np.stack([self.predicted == label for label in self.classes], axis=1).astype(float)
        return self.predicted.astype(float)

    @property
    def unit(self) -> float:
        """What a tolerance is measured in: 1 for probabilities, else the answers' standard deviation."""
        exact = self.probability is not None or (self.kind != "regression" and self.margin is None)
        return 1.0 if exact else float(self.strength.std())

    def scorer(self, metric: str, truth: Array) -> Callable[[Array], float]:
        """The score of the rows with given numbers, by scikit-learn's scorer; NaN where it is not defined on them."""
        import numpy as np
        from sklearn.metrics import get_scorer

        asked, replay = get_scorer(metric), _replay(self)

        def score(rows: Array) -> float:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "not defined for one class" is told by NaN
                try:
                    return float(asked(replay, rows, truth[rows]))
                except ValueError:
                    return float("nan")

        _explain(lambda: asked(replay, np.arange(len(truth)), truth), metric)
        return score


class Subject:
    """A fitted scikit-learn model and the columns that it looks at.

    Parameters
    ----------
    model : object
        A fitted classifier or regressor.
    shown : str
        What messages call it.
    others : sequence of str
        Columns that are no features, for a model that does not say what its features are.
    positive : object
        The class whose probability counts; None for the second of two classes.
    """

    def __init__(self, model: Any, shown: str, others: Sequence[str] = (), positive: Any = None) -> None:
        from sklearn.base import is_classifier, is_regressor

        self._model, self.shown, self._others, self._positive = model, shown, set(others), positive
        if not is_classifier(model) and not is_regressor(model):
            raise CannotAsk(f"{shown} is a {type(model).__name__}, which is neither a classifier nor a regressor.")
        self.classes: tuple[Any, ...] = tuple(model.classes_) if is_classifier(model) else ()
        if positive is not None and is_classifier(model) and positive not in self.classes:
            known = ", ".join(repr(_plain(label)) for label in self.classes)
            raise CannotAsk(f"{shown} knows no class {positive!r} (positive). Known: {known}.")

    @property
    def kind(self) -> Kind:
        """What is asked: about one class, about several, or about a number."""
        if not self.classes:
            return "regression"
        return "binary" if self._positive is not None or len(self.classes) == 2 else "multiclass"

    @property
    def positive(self) -> Any:
        """The class whose probability counts; of two classes the second where none was named."""
        return self.classes[-1] if self._positive is None else self._positive

    def features(self, frame: pd.DataFrame, dataset: str) -> list[str]:
        """The columns that the model looks at, in its order.

        Raises
        ------
        CannotAsk
            When `frame` lacks one of them.
        """
        named = getattr(self._model, "feature_names_in_", None)
        if named is None:
            return [column for column in frame.columns if column not in self._others]
        missing = [str(name) for name in named if name not in frame.columns]
        if missing:
            listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise CannotAsk(f"{self.shown} asks for columns that the dataset {dataset!r} has not: {listed}.")
        return [str(name) for name in named]

    def call(self, features: pd.DataFrame) -> Any:
        """One call as an application makes it: probabilities where there are some, else the prediction."""
        return (getattr(self._model, "predict_proba", None) or self._model.predict)(features)

    def ask(self, features: pd.DataFrame) -> Answers:
        """What it answers about each row."""
        import numpy as np

        predicted = np.asarray(self._model.predict(features))
        if self.kind == "regression":
            return Answers("regression", predicted.astype(float))
        probability = self._asked("predict_proba", features)
        margin = self._asked("decision_function", features) if probability is None else None
        if self.kind == "multiclass":
            return Answers("multiclass", predicted, probability, margin, self.classes)
        place = self.classes.index(self.positive)
        if margin is not None:
            margin = margin[:, place] if margin.ndim == 2 else (margin if place == 1 else -margin)
        column = None if probability is None else probability[:, place]
        return Answers("binary", (predicted == self.positive).astype(int), column, margin, (0, 1))

    def truth(self, label: pd.Series[Any], name: str) -> Array:
        """The label as the answers have it.

        Raises
        ------
        CannotAsk
            When the label is not of the model's kind.
        """
        import numpy as np
        import pandas as pd

        if label.isna().any():
            raise CannotAsk(f"The label {name!r} is missing in {int(label.isna().sum())} rows.")
        if self.kind == "regression":
            if not pd.api.types.is_numeric_dtype(label):
                raise CannotAsk(f"The label {name!r} is no number, and {self.shown} predicts numbers.")
            return label.to_numpy(dtype=float)
        values = np.asarray(label)
        strange = [value for value in pd.unique(label) if value not in self.classes]
        if strange:
            known = ", ".join(repr(_plain(item)) for item in self.classes)
            raise CannotAsk(f"The label {name!r} holds {_plain(strange[0])!r}; {self.shown} knows {known}.")
        return (values == self.positive).astype(int) if self.kind == "binary" else values

    def _asked(self, method: str, features: pd.DataFrame) -> Array | None:
        import numpy as np

        call = getattr(self._model, method, None)
        return None if call is None else np.asarray(call(features), dtype=float)


def _replay(answers: Answers) -> Any:
    """An estimator for scikit-learn's scorers that is "asked" with row numbers and repeats what was answered."""
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    mixin: Any = RegressorMixin if answers.kind == "regression" else ClassifierMixin
    given = {"predict": answers.predicted}
    if answers.probability is not None:
        both = answers.probability
        given["predict_proba"] = np.stack([1 - both, both], axis=1) if answers.kind == "binary" else both
    if answers.margin is not None:
        given["decision_function"] = answers.margin

    def repeated(name: str) -> Callable[[Any, Array], Array]:
        def method(_: Any, rows: Array) -> Array:
            return given[name][rows]

        method.__name__ = name  # scikit-learn tells methods apart by it
        return method

    methods = {name: repeated(name) for name in given}
    replay = type("Replay", (mixin, BaseEstimator), {"fit": lambda self, *_: self, **methods})()
    if answers.kind != "regression":
        replay.classes_ = np.asarray(answers.classes)
    return replay


def _explain(call: Callable[[], Any], metric: str) -> None:
    """Raise what keeps `metric` from being asked of this model at all; where it is merely undefined it is NaN."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except (ValueError, AttributeError, TypeError) as error:
        raise CannotAsk(f"The metric {metric!r} cannot be asked of this model: {error}") from error


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
