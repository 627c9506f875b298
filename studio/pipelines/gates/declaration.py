"""The ``gates`` section of the pipeline file: which figures a run must reach, and what its model must be like."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from studio.core.documents import Section
from studio.core.identifiers import nearest
from studio.pipelines.gates.units import Size, Time

METRICS = (
    *("accuracy", "average_precision", "balanced_accuracy", "f1", "f1_macro", "f1_micro", "f1_weighted", "jaccard"),
    *("matthews_corrcoef", "neg_brier_score", "neg_log_loss", "precision", "precision_macro", "precision_micro"),
    *("precision_weighted", "recall", "recall_macro", "recall_micro", "recall_weighted", "roc_auc", "roc_auc_ovo"),
    *("roc_auc_ovo_weighted", "roc_auc_ovr", "roc_auc_ovr_weighted", "top_k_accuracy", "d2_brier_score"),
    *("d2_log_loss_score", "d2_absolute_error_score", "explained_variance", "neg_max_error", "r2"),
    *("neg_mean_absolute_error", "neg_mean_absolute_percentage_error", "neg_mean_gamma_deviance"),
    *("neg_mean_poisson_deviance", "neg_mean_squared_error", "neg_mean_squared_log_error"),
    *("neg_median_absolute_error", "neg_root_mean_squared_error", "neg_root_mean_squared_log_error"),
)
"""scikit-learn's names of the scorers for classification and regression; greater is better for all of them.

They stand here so that a mistyped one is told before a run, without importing scikit-learn; a test holds them to it.
"""


def _known_metric(value: str) -> str:
    if value not in METRICS:
        near = nearest(value, METRICS)
        raise ValueError(f"there is no such metric in scikit-learn{f'; the nearest is {near!r}' if near else ''}")
    return value


def _type_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
        raise ValueError("a trusted type is written with its module, such as sklearn.tree._tree.Tree")
    return value


_QUALIFIED = re.compile(r"([a-z][a-z0-9_-]*)(\[.*\])?\.(.+)")
Share = Annotated[float, Field(gt=0, le=1)]
Column = Annotated[str, Field(min_length=1)]
Scalar = bool | int | float | str


class Threshold(Section):
    """Between which values a figure must lie."""

    min: Annotated[float | None, Field(description="The least value allowed.")] = None
    max: Annotated[float | None, Field(description="The greatest value allowed.")] = None

    @model_validator(mode="after")
    def _sensible(self) -> Threshold:
        if self.min is None and self.max is None:
            raise ValueError("a threshold needs min, max or both, such as {min: 0.75}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no figure is at least {self.min:g} and at most {self.max:g}")
        return self


class Score(Section):
    """The least score on all rows."""

    min: Annotated[float, Field(description="The least score allowed.")]


class Champion(Section):
    """The model that must not be missed: how much worse than it the candidate may be."""

    alias: Annotated[str, Field(min_length=1, description="The alias of the version to compare with.")] = "champion"
    tolerance: Annotated[float, Field(ge=0, description="By how much the score may be lower.")] = 0.0
    confidence: Annotated[float, Field(gt=0.5, lt=1, description="Of the bootstrap interval.")] = 0.95
    resamples: Annotated[int, Field(strict=True, ge=100, le=20_000, description="Bootstrap samples.")] = 500


class Slices(Section):
    """The least score in every group of rows."""

    by: Annotated[list[Column], Field(min_length=1, description="Columns that divide the rows into groups.")]
    min: Annotated[float, Field(description="The least score allowed in a group.")]
    smallest: Annotated[int, Field(strict=True, ge=2, description="Groups with fewer rows are not judged.")] = 100


class Calibration(Section):
    """How far probabilities may be off on average."""

    max: Annotated[Share, Field(description="The greatest expected calibration error.")]
    bins: Annotated[int, Field(strict=True, ge=2, le=100, description="Groups of equal size, by probability.")] = 10


class ModelSize(Section):
    """How large the stored model may be."""

    max: Annotated[Size, Field(description="The greatest size of the model's file, such as 50 MB.")]


class PredictionTime(Section):
    """How long one call of the model may take."""

    max: Annotated[Time, Field(description="The longest time of one call, such as 5 ms.")]
    rows: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="Rows in a call.")] = 100


class Invariance(Section):
    """Columns whose values must not matter."""

    columns: Annotated[list[Column], Field(min_length=1, description="Columns that are exchanged between rows.")]
    share: Annotated[Share, Field(description="The least share of rows that must be answered as before.")]
    tolerance: Annotated[float, Field(ge=0, description="The change of an answer that counts as none.")] = 0.01


class Directional(Section):
    """What a change in one column must do to the answer."""

    column: Annotated[Column, Field(description="The column that is changed.")]
    change: Annotated[float | None, Field(description="What is added to it.")] = None
    to: Annotated[Scalar | None, Field(description="The value that every row gets.")] = None
    expect: Annotated[
        Literal["increase", "decrease", "no increase", "no decrease"],
        Field(description="What must become of the answer."),
    ]
    share: Annotated[Share, Field(description="The least share of rows that must do so.")]

    @model_validator(mode="after")
    def _one_change(self) -> Directional:
        if (self.change is None) == (self.to is None):
            raise ValueError("a directional gate needs either change (a number to add) or to (a value)")
        if self.change == 0:
            raise ValueError("a change of 0 changes nothing")
        return self


class ModelGates(Section):
    """What the model that a run registered must be like, on data that the run saved."""

    name: Annotated[str, Field(min_length=1, description="The registered model's name.")]
    data: Annotated[str, Field(min_length=1, description="The dataset that it is asked about; a step saves it.")]
    label: Annotated[Column, Field(description="The column that it predicts.")]
    positive: Annotated[Scalar | None, Field(description="The class whose probability counts.")] = None
    keys: Annotated[
        list[Column], Field(description="Columns that identify what a row is about; its rows stay together.")
    ] = Field(default_factory=list)
    metric: Annotated[
        Annotated[str, AfterValidator(_known_metric), Field(json_schema_extra={"enum": list(METRICS)})] | None,
        Field(description="scikit-learn's name of the score; greater is better."),
    ] = None
    score: Annotated[Score | None, Field(description="The least score on all rows.")] = None
    champion: Annotated[Champion | None, Field(description="The version to be no worse than.")] = None
    slices: Annotated[Slices | None, Field(description="The least score in groups of rows.")] = None
    calibration: Annotated[Calibration | None, Field(description="How honest probabilities are.")] = None
    size: Annotated[ModelSize | None, Field(description="How large the model's file may be.")] = None
    prediction_time: Annotated[PredictionTime | None, Field(description="How long a call may take.")] = None
    invariance: Annotated[list[Invariance], Field(description="Columns whose values must not matter.")] = Field(
        default_factory=list
    )
    directional: Annotated[list[Directional], Field(description="What a change must do to the answer.")] = Field(
        default_factory=list
    )
    trusted: Annotated[
        list[Annotated[str, AfterValidator(_type_name)]],
        Field(description="Further types that the model's file may hold, with their module."),
    ] = Field(default_factory=list)
    timeout: Annotated[Time, Field(description="The longest time for all of this, such as 10m.")] = 600.0

    @model_validator(mode="after")
    def _metric_where_needed(self) -> ModelGates:
        needing = [name for name in ("score", "champion", "slices") if getattr(self, name) is not None]
        if needing and self.metric is None:
            raise ValueError(f"{needing[0]} needs a metric, such as metric: roc_auc")
        return self


class Gates(Section):
    """What a run's results must be like."""

    metrics: Annotated[
        dict[str, Threshold], Field(description="Thresholds of figures that steps log: metric, or step.metric.")
    ] = Field(default_factory=dict)
    model: Annotated[ModelGates | None, Field(description="What the registered model must be like.")] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Gates:
        if not self.metrics and self.model is None:
            raise ValueError("gates need metrics, model or both")
        return self


def qualified(name: str) -> tuple[str, str, str]:
    """Step, part in brackets and metric of ``step[part].metric``; the step is empty for a metric alone.

    >>> qualified("train[model=forest].cv_auc")
    ('train', '[model=forest]', 'cv_auc')
    """
    match = _QUALIFIED.fullmatch(name)
    return (match[1], match[2] or "", match[3]) if match else ("", "", name)
