"""What is wrong with declared gates, as far as it can be seen without running anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from studio.core.errors import BadInput, Problem
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.data.contract_file import read_contract_file
from studio.pipelines.gates.declaration import ModelGates, qualified
from studio.pipelines.specification import Pipeline


def check_gates(workspace: Workspace, pipeline: Pipeline, saved: Collection[str]) -> list[Problem]:
    """What is wrong with the gates of `pipeline`, each problem with its line.

    Parameters
    ----------
    workspace : Workspace
        Where the contracts are.
    pipeline : Pipeline
        Its file declares the gates.
    saved : collection of str
        The datasets that its steps save (such as ``plan.writers``).
    """
    gates = pipeline.gates
    if gates is None:
        return []
    problems = list(_metric_problems(pipeline, list(gates.metrics)))
    if gates.model is not None:
        problems += _model_problems(workspace, pipeline, gates.model, saved)
    return problems


def _metric_problems(pipeline: Pipeline, names: list[str]) -> Iterator[Problem]:
    for name in names:
        step, part, metric = qualified(name)
        if not step:
            continue
        place = ("gates", "metrics", name)
        if step not in pipeline.steps:
            message = f"There is no step {step!r} that could log {metric!r}. {suggest(step, pipeline.steps)}"
            yield pipeline.document.problem(place, message)
        elif part and not pipeline.steps[step].matrix:
            message = f"The step {step!r} has no matrix, so it has no part {part}. Next: write {step}.{metric}"
            yield pipeline.document.problem(place, message)


def _model_problems(
    workspace: Workspace, pipeline: Pipeline, model: ModelGates, saved: Collection[str]
) -> Iterator[Problem]:
    place = ("gates", "model")
    if model.data not in saved:
        message = f"No step of this pipeline saves the dataset {model.data!r}. {suggest(model.data, saved)}"
        yield pipeline.document.problem((*place, "data"), message)
        return
    known = _columns(workspace, model.data)
    for where, column in _named_columns(model) if known is not None else ():
        if column not in (known or ()):
            message = (
                f"The contract of the dataset {model.data!r} has no column {column!r}. {suggest(column, known or ())}"
            )
            yield pipeline.document.problem((*place, *where), message)


def _columns(workspace: Workspace, dataset: str) -> list[str] | None:
    """The columns that the dataset can have; None where its contract leaves that open or cannot be read."""
    try:
        declared = read_catalog(workspace).datasets.get(dataset)
        if declared is None or declared.contract is None:
            return None
        contract = read_contract_file(workspace, declared.contract)
    except BadInput:
        return None  # told by the plan, with the place where it is wrong
    if not contract.strict or any(rule.regex for rule in contract.columns.values()):
        return None
    return list(contract.columns)


def _named_columns(model: ModelGates) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("label",), model.label
    for number, column in enumerate(model.keys):
        yield ("keys", number), column
    for number, column in enumerate(model.slices.by if model.slices else ()):
        yield ("slices", "by", number), column
    for number, invariance in enumerate(model.invariance):
        for inner, column in enumerate(invariance.columns):
            yield ("invariance", number, "columns", inner), column
    for number, directional in enumerate(model.directional):
        yield ("directional", number, "column"), directional.column
