"""What each gate asks of the model, one question after the other; run in the process of `worker`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.workspace import Workspace
from studio.data import parts
from studio.data.snapshots import SnapshotStore
from studio.pipelines.gates import statistics
from studio.pipelines.gates.answers import Answers, CannotAsk, Subject
from studio.pipelines.gates.declaration import Directional, Invariance, ModelGates
from studio.pipelines.gates.loading import open_model

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

Facts = dict[str, Any]
_ROUNDS, _CALLS = 5, 20
_LONGEST_ROUND = 2.0
"""Seconds after which a round of calls is ended early."""


def questions(asked: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], Facts]]]:
    """The name of each gate and its question.

    Raises
    ------
    StudioError
        At once, when the candidate or the data cannot be opened or do not fit each other.
    """
    declared = ModelGates.model_validate(asked["declared"])
    data = read_saved(Workspace(Path(asked["root"]), sampled=asked["sampled"]), declared.data, asked["digests"])
    if declared.slices and not asked["thresholds"]:  # groups of samples are small, and nothing is held against them
        declared = declared.model_copy(update={"slices": declared.slices.model_copy(update={"smallest": 2})})
    candidate = _opened(asked["candidate"], declared)
    return _Exam(declared, data, candidate, asked.get("champion")).questions()


def read_saved(workspace: Workspace, dataset: str, digests: Mapping[str, str]) -> pd.DataFrame:
    """The dataset as a run saved it; several parts come one after the other, with what tells them apart as columns."""
    import pandas as pd

    store, typed = SnapshotStore(workspace), parts.typed_values(digests)
    frames = []
    for part in parts.in_order(digests):
        frame = store.load(dataset, digests[part], part)
        frames.append(frame.assign(**{key: value for key, value in typed[part].items() if key not in frame}))
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _opened(file: Mapping[str, str], declared: ModelGates) -> Subject:
    model = open_model(Path(file["path"]), file["shown"], declared.trusted)
    return Subject(model, file["shown"], (declared.label, *declared.keys), declared.positive)


class _Exam:
    """One candidate, the data, and what is asked about both."""

    def __init__(
        self, declared: ModelGates, data: pd.DataFrame, candidate: Subject, champion: Mapping[str, str] | None
    ) -> None:
        self._declared, self._data, self._candidate, self._champion = declared, data, candidate, champion
        if data.empty:
            raise CannotAsk(f"The dataset {declared.data!r} has no rows.")
        for column in (declared.label, *declared.keys):
            self._column(column)
        self._features = data[candidate.features(data, declared.data)]
        self._truth = candidate.truth(data[declared.label], declared.label)

    def questions(self) -> Iterator[tuple[str, Callable[[], Facts]]]:
        declared = self._declared
        yield "model", self._opening
        if declared.score:
            yield "score", self._score
        if declared.champion and self._champion:
            yield "champion", self._compare
        for column in declared.slices.by if declared.slices else ():
            yield f"slices {column}", partial(self._slice, column)
        if declared.calibration:
            yield "calibration", self._calibrate
        if declared.prediction_time:
            yield "prediction_time", self._time
        for number, invariance in enumerate(declared.invariance):
            yield f"invariance {number}", partial(self._invariance, invariance)
        for number, directional in enumerate(declared.directional):
            yield f"directional {number}", partial(self._directional, directional)

    @cached_property
    def _answers(self) -> Answers:
        return self._candidate.ask(self._features)

    def _scorer(self) -> Callable[[Array], float]:
        return self._answers.scorer(str(self._declared.metric), self._truth)

    def _opening(self) -> Facts:
        return {"n": len(self._data), "features": self._features.shape[1], "kind": self._candidate.kind}

    def _score(self) -> Facts:
        return {"value": self._defined(self._scorer()), "n": len(self._data)}

    def _defined(self, score: Callable[[Array], float]) -> float:
        import numpy as np

        value = score(np.arange(len(self._data)))
        if not np.isfinite(value):
            raise statistics.Undefined("The metric is not defined on these rows; has the label one value only?")
        return value

    def _compare(self) -> Facts:
        declared = self._declared.champion
        assert declared is not None
        assert self._champion is not None
        champion = _opened(self._champion, self._declared)
        features = self._data[champion.features(self._data, self._declared.data)]
        truth = champion.truth(self._data[self._declared.label], self._declared.label)
        other = champion.ask(features).scorer(str(self._declared.metric), truth)
        own = self._scorer()
        found = statistics.paired_difference(
            own, other, self._groups(), confidence=declared.confidence, resamples=declared.resamples
        )
        return {
            **vars(found),
            "candidate": self._defined(own),
            "champion": self._defined(other),
            "worse": statistics.is_worse(found, declared.tolerance),
        }

    def _groups(self) -> Array:
        import numpy as np

        keys = self._declared.keys
        if not keys:
            return np.arange(len(self._data))
        return np.asarray(self._data.groupby(keys, dropna=False, sort=False).ngroup())

    def _slice(self, column: str) -> Facts:
        import numpy as np

        declared = self._declared.slices
        assert declared is not None
        score = self._scorer()
        judged: list[Facts] = []
        small: list[Facts] = []
        for level, rows in statistics.slices(self._column(column)):
            value = score(rows) if len(rows) >= declared.smallest else np.nan
            (judged if np.isfinite(value) else small).append({"level": level, "n": len(rows), "value": value})
        if not judged:
            raise statistics.Undefined(
                f"No group of {column!r} has {declared.smallest} rows on which {self._declared.metric} is defined. "
                "Next: lower gates.model.slices.smallest, or take another column."
            )
        return {"slices": judged, "left_out": [item["level"] for item in small]}

    def _calibrate(self) -> Facts:
        declared = self._declared.calibration
        assert declared is not None
        probability, answers = self._answers.probability, self._answers
        if probability is None:
            raise CannotAsk(f"{self._candidate.shown} gives no probabilities, so there is no calibration to judge.")
        happened = self._truth == 1
        if answers.kind == "multiclass":  # how often is the class right that it holds most likely?
            probability, happened = probability.max(axis=1), answers.predicted == self._truth
        value = statistics.calibration_error(probability, happened, declared.bins)
        return {"value": value, "n": len(self._data)}

    def _time(self) -> Facts:
        import numpy as np

        declared = self._declared.prediction_time
        assert declared is not None
        rows = self._features.iloc[np.arange(declared.rows) % len(self._features)].reset_index(drop=True)
        for _ in range(3):
            self._candidate.call(rows)
        medians, calls = [], 0
        for _ in range(_ROUNDS):
            taken: list[float] = []
            until = time.perf_counter() + _LONGEST_ROUND
            while len(taken) < _CALLS and (not taken or time.perf_counter() < until):
                start = time.perf_counter()
                self._candidate.call(rows)
                taken.append(time.perf_counter() - start)
            medians.append(float(np.median(taken)))
            calls += len(taken)
        # What else runs on the machine only ever makes a round slower.
        return {"value": min(medians), "n": calls, "rows": declared.rows}

    def _invariance(self, declared: Invariance) -> Facts:
        import numpy as np

        random = np.random.default_rng(statistics.SEED)
        before = self._data[[self._column(column).name for column in declared.columns]]
        order = random.permutation(len(before))
        after = before.iloc[order].set_axis(before.index)
        same = (before == after) | (before.isna() & after.isna())
        exchanged = ~same.all(axis=1).to_numpy()
        if not exchanged.any():
            raise statistics.Undefined("Every row has the same values in these columns, so nothing can be exchanged.")
        seen = [column for column in declared.columns if column in self._features]
        answers = self._candidate.ask(self._features.assign(**{column: after[column] for column in seen}))
        distance = np.abs(answers.strength - self._answers.strength)
        distance = distance.max(axis=1) if distance.ndim == 2 else distance
        kept = distance[exchanged] <= declared.tolerance * self._answers.unit
        return {"value": float(kept.mean()), "n": int(exchanged.sum()), "features": seen}

    def _directional(self, declared: Directional) -> Facts:
        import numpy as np

        before = self._column(declared.column)
        if declared.column not in self._features:
            raise CannotAsk(
                f"The column {declared.column!r} is no feature of the model, so it cannot change an answer."
            )
        if self._candidate.kind == "multiclass":
            raise CannotAsk("A direction needs one class: name it with gates.model.positive.")
        after = _changed(before, declared)
        moved = (before.notna() & (before != after)).to_numpy(dtype=bool)
        if not moved.any():
            raise statistics.Undefined(f"Every row has {declared.to!r} in {declared.column!r} already.")
        answers = self._candidate.ask(self._features.assign(**{declared.column: after}))
        rise = (answers.strength - self._answers.strength)[moved]
        nothing = 1e-12 * max(1.0, self._answers.unit)
        as_expected = {
            "increase": rise > nothing,
            "decrease": rise < -nothing,
            "no increase": rise <= nothing,
            "no decrease": rise >= -nothing,
        }[declared.expect]
        return {"value": float(np.mean(as_expected)), "n": int(moved.sum()), "mean": float(rise.mean())}

    def _column(self, name: str) -> pd.Series[Any]:
        from studio.core.identifiers import suggest

        if name not in self._data:
            known = [str(column) for column in self._data.columns]
            raise CannotAsk(f"The dataset {self._declared.data!r} has no column {name!r}. {suggest(name, known)}")
        return self._data[name]


def _changed(column: pd.Series[Any], declared: Directional) -> pd.Series[Any]:
    import pandas as pd

    if declared.to is not None:
        try:
            return pd.Series([declared.to] * len(column), index=column.index).astype(column.dtype)
        except (ValueError, TypeError) as error:
            raise CannotAsk(
                f"{declared.to!r} is no value for the column {declared.column!r} ({column.dtype})."
            ) from error
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise CannotAsk(
            f"The column {declared.column!r} ({column.dtype}) holds no numbers. Next: write to: VALUE instead."
        )
    change = declared.change
    assert change is not None
    whole = pd.api.types.is_integer_dtype(column) and change == int(change)
    return column + (int(change) if whole else change)
