"""What a run of a pipeline will consist of: every step with its values, in order; or everything that is wrong with it.

A plan holds the checked documents in memory, so that what runs is what was checked. It is made without
running or changing anything, and without importing anything heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput, Problem, Problems
from studio.core.identifiers import is_name, suggest
from studio.core.workspace import Workspace
from studio.data.catalog import SHOWN, Catalog, read_catalog
from studio.data.snapshots import SnapshotStore
from studio.notebooks.document import NotebookDocument
from studio.notebooks.fingerprint import Fingerprint
from studio.notebooks.parameters import ParameterSchema
from studio.pipelines.gates.checking import check_gates
from studio.pipelines.matrix import step_key
from studio.pipelines.plan_notebooks import NotebookFacts, NotebookReader, placed
from studio.pipelines.plan_order import Order, make_order
from studio.pipelines.plan_values import PartValues, ValueReader, paths_in
from studio.pipelines.specification import Pipeline, Retries


@dataclass(frozen=True)
class PlannedStep:
    """One notebook with one set of values.

    Attributes
    ----------
    key, name, part : str
        ``train[model=forest]``, ``train`` and ``model=forest``; without fan-out the part is empty.
    document : NotebookDocument
        The notebook as it was checked.
    schema : ParameterSchema
        Its parameters.
    values : dict
        The value of every parameter.
    given : dict
        Those of them that differ from the notebook's defaults and are injected.
    loads, saves : tuple of str
        The datasets.
    needs : tuple of str
        Keys of the steps that must have completed.
    fingerprint : Fingerprint
        What the notebook is.
    timeout, cell_timeout : float or None
        Time limits in seconds.
    retries : Retries
        What happens after a failure.
    """

    key: str
    name: str
    part: str
    document: NotebookDocument
    schema: ParameterSchema
    values: dict[str, Any]
    given: dict[str, Any]
    loads: tuple[str, ...]
    saves: tuple[str, ...]
    needs: tuple[str, ...]
    fingerprint: Fingerprint
    timeout: float | None
    cell_timeout: float | None
    retries: Retries

    @cached_property
    def json_values(self) -> dict[str, Any]:
        """The values as plain JSON; a secret is the name of its environment variable."""
        return self.schema.as_json(self.values)

    def files(self, root: Path) -> dict[str, tuple[Path, ...]]:
        """The files and folders that its parameters name; relative ones start at the notebook's folder."""
        folder = (root / self.document.path).parent
        found = {name: tuple(folder / path for path in paths_in(value)) for name, value in self.values.items()}
        return {name: paths for name, paths in found.items() if paths}


@dataclass(frozen=True)
class PlannedInput:
    """A file that must keep a contract before anything starts."""

    step: str
    parameter: str
    path: Path
    contract: str


@dataclass(frozen=True)
class Plan:
    """What a run will consist of.

    Attributes
    ----------
    pipeline : str
        The pipeline's name.
    steps : tuple of PlannedStep
        Each after all that it needs; otherwise in the order of the file and the matrix.
    writers : mapping
        For each saved dataset the keys of the steps that save it (a part each).
    sources : tuple of str
        Datasets that are read from where the catalog says.
    inputs : tuple of PlannedInput
        Files that must keep a contract.
    notebook : str or None
        The notebook's path where the pipeline is nothing but one notebook.
    """

    pipeline: str
    steps: tuple[PlannedStep, ...]
    writers: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    inputs: tuple[PlannedInput, ...]
    notebook: str | None = None


@dataclass(frozen=True)
class Survey:
    """What the notebooks of a pipeline say, before any value is looked at.

    Attributes
    ----------
    facts : mapping
        By step, of those whose notebook can be read.
    order : Order
        Who comes after whom, as far as that is known.
    problems : tuple of Problem
        What keeps a plan from being made.
    """

    facts: Mapping[str, NotebookFacts]
    order: Order
    problems: tuple[Problem, ...]


def survey(workspace: Workspace, pipeline: Pipeline) -> Survey:
    """Read the notebooks of `pipeline`, each once; what is wrong is told and not raised."""
    problems: list[Problem] = []
    catalog = _catalog(workspace, problems)
    reader = NotebookReader(workspace, catalog, problems)
    facts: dict[str, NotebookFacts] = {}
    for name, step in pipeline.steps.items():
        found = reader.facts(step.notebook, partial(pipeline.document.problem, ("steps", name, "notebook")))
        if found is not None:
            facts[name] = found
    order = make_order(pipeline, facts, catalog, SnapshotStore(workspace), problems)
    return Survey(facts, order, tuple(problems))


def make_plan(
    workspace: Workspace,
    pipeline: Pipeline,
    given: Mapping[str, str] | None = None,
    *,
    base: Path,
    surveyed: Survey | None = None,
) -> Plan:
    """Plan a run of `pipeline`.

    Parameters
    ----------
    workspace : Workspace
        Where its notebooks and datasets are.
    pipeline : Pipeline
        What is declared.
    given : mapping, optional
        Values from the command line: ``name`` (for every step that has it) or ``step.name`` -> text.
    base : Path
        The folder against which relative paths among `given` are taken.
    surveyed : Survey, optional
        What `survey` found a moment ago, so that nothing is read twice.

    Raises
    ------
    Problems
        With everything that is wrong, each with its file and line: notebooks that cannot be read, values that do
        not fit, unknown names, circles, datasets that nobody or more than one step saves, files and contracts that are
        not there.
    """
    surveyed = surveyed or survey(workspace, pipeline)
    facts, order, problems = surveyed.facts, surveyed.order, list(surveyed.problems)
    values = ValueReader(workspace, pipeline, facts, dict(given or {}), base.absolute(), problems)
    values.check_names()
    parts = {name: values.parts(name) for name in pipeline.steps}
    _check_inputs(workspace, pipeline, facts, problems)
    if len(facts) == len(pipeline.steps):
        problems += check_gates(workspace, pipeline, order.writers)
    if problems:
        raise Problems(problems)
    return _assemble(workspace, pipeline, facts, order, parts)


def _catalog(workspace: Workspace, problems: list[Problem]) -> Catalog | None:
    try:
        return read_catalog(workspace)
    except BadInput as error:
        problems += placed(error, lambda message: Problem(SHOWN, 0, message))
        return None


def _check_inputs(
    workspace: Workspace, pipeline: Pipeline, facts: Mapping[str, NotebookFacts], problems: list[Problem]
) -> None:
    schemas = [item.schema for item in facts.values() if item.schema is not None]
    known = {name: parameter.is_path for schema in schemas for name, parameter in schema.parameters.items()}
    paths = {name for schema in schemas for name, parameter in schema.parameters.items() if parameter.is_path}
    for name, declared in pipeline.inputs.items():
        if name not in paths and len(schemas) == len(pipeline.steps):
            fact = f"The parameter {name!r} is no Path" if name in known else f"No step has a parameter {name!r}"
            message = f"{fact}, so there is no file to check. {suggest(name, paths)}"
            problems.append(pipeline.document.problem(("inputs", name), message))
        contract = declared.contract
        if not is_name(contract) or not (workspace.contracts / f"{contract}.yml").is_file():
            contracts = [path.stem for path in workspace.contracts.glob("*.yml")]
            message = f"There is no contract pipelines/contracts/{contract}.yml. {suggest(contract, contracts)}"
            problems.append(pipeline.document.problem(("inputs", name, "contract"), message))


def _assemble(
    workspace: Workspace,
    pipeline: Pipeline,
    facts: Mapping[str, NotebookFacts],
    order: Order,
    parts: Mapping[str, tuple[PartValues, ...]],
) -> Plan:
    keys = {name: tuple(step_key(name, item.part) for item in parts[name]) for name in order.names}
    steps: list[PlannedStep] = []
    for name in order.names:
        needs = tuple(key for need in order.needs[name] for key in keys[need])
        steps += [_planned(pipeline, name, facts[name], item, needs) for item in parts[name]]
    return Plan(
        pipeline=pipeline.name,
        steps=tuple(steps),
        writers={dataset: keys[name] for dataset, name in order.writers.items()},
        sources=order.sources,
        inputs=tuple(_inputs(workspace, pipeline, steps)),
        notebook=pipeline.notebook,
    )


def _planned(
    pipeline: Pipeline, name: str, facts: NotebookFacts, item: PartValues, needs: tuple[str, ...]
) -> PlannedStep:
    assert facts.schema is not None
    assert facts.fingerprint is not None  # otherwise there were problems
    declared = pipeline.steps[name]
    return PlannedStep(
        key=step_key(name, item.part),
        name=name,
        part=item.part,
        document=facts.document,
        schema=facts.schema,
        values=item.values,
        given=item.given,
        loads=tuple(facts.loads),
        saves=tuple(facts.saves),
        needs=needs,
        fingerprint=facts.fingerprint,
        timeout=declared.timeout,
        cell_timeout=declared.cell_timeout,
        retries=declared.retries,
    )


def _inputs(workspace: Workspace, pipeline: Pipeline, steps: list[PlannedStep]) -> list[PlannedInput]:
    found = []
    for step in steps if pipeline.inputs else ():
        for parameter, paths in step.files(workspace.root).items():
            declared = pipeline.inputs.get(parameter)
            found += [PlannedInput(step.key, parameter, path, declared.contract) for path in paths if declared]
    return found
