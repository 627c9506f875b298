"""What a climb of the ladder tests: which notebooks, contracts and pipelines a person's words stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.errors import BadInput, StudioError
from studio.core.files import short
from studio.core.identifiers import suggest
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.notebooks.datasets import read_datasets
from studio.notebooks.document import NotebookDocument, read_notebook
from studio.notebooks.testing.names import names_of
from studio.pipelines.specification import Pipeline, list_pipelines, read_pipeline
from studio.workflows.choose_pipeline import choose_pipeline
from studio.workflows.functional_run import not_started

ALL = "all"


@dataclass(frozen=True)
class WantedRun:
    """A run on samples: of a whole pipeline, or through one of its steps."""

    pipeline: Pipeline
    through: str | None = None


@dataclass
class Targets:
    """What is to be tested.

    Attributes
    ----------
    notebooks : list of str
        Paths of notebooks whose tests run.
    runs : list of WantedRun
        Runs on samples that are tests themselves.
    runs_for_code : list of WantedRun
        Those of them that the notebooks' tests need for their datasets.
    judged : list of Pipeline
        Pipelines whose gates are judged.
    datasets : set of str or None
        Datasets whose contracts are tested; None for all contracts.
    everything : bool
        Whether the whole workspace was meant.
    broken : list of Case
        Of everything, what cannot be read: told, and the rest is tested.
    """

    notebooks: list[str] = field(default_factory=list)
    runs: list[WantedRun] = field(default_factory=list)
    runs_for_code: list[WantedRun] = field(default_factory=list)
    judged: list[Pipeline] = field(default_factory=list)
    datasets: set[str] | None = field(default_factory=set)
    everything: bool = False
    broken: list[Case] = field(default_factory=list)

    def contracts(self, known: Sequence[tuple[str, str]]) -> list[str]:
        """The contracts to test, given each dataset with its contract."""
        datasets = self.datasets
        names = {contract for dataset, contract in known if datasets is None or dataset in datasets}
        for pipeline in self.judged:
            names |= {declared.contract for declared in pipeline.inputs.values()}
        return sorted(names)


def choose_targets(workspace: Workspace, names: Sequence[str], base: Path) -> Targets:
    """What `names` stand for: pipelines by name, notebooks by path; nothing or ``all`` for everything.

    Raises
    ------
    BadInput
        When one of them does not exist, or is named and cannot be read.
    """
    targets = Targets()
    if not names or ALL in names:
        targets.everything = True
        targets.datasets = None
        for name in list_pipelines(workspace):
            try:
                _add_pipeline(workspace, targets, read_pipeline(workspace, name))
            except BadInput as error:
                targets.broken.append(not_started(f"pipelines/{name}.yml", error))
        for path in _all_notebooks(workspace):
            _add_notebook(workspace, targets, path)
        return targets
    for name in names:
        pipeline = choose_pipeline(workspace, name, base)
        if pipeline.notebook is not None:
            _add_notebook(workspace, targets, pipeline.notebook)
        else:
            _add_pipeline(workspace, targets, pipeline)
    return targets


def check_tests(workspace: Workspace, targets: Targets, names: Sequence[str]) -> None:
    """Refuse names of tests that no notebook of `targets` can hold, as far as that is known without running it.

    Raises
    ------
    BadInput
        When there is no such test.
    """
    known: set[str] = set()
    for path in targets.notebooks:
        document = _document(workspace, path)
        found = _possible_tests(document) if document is not None else None
        if found is None:
            return
        known |= found
    for name in names:
        first = name.partition("[")[0].partition("::")[0]
        if first.isidentifier() and first not in known:  # others are no tests of Python's: a contract, a broken cell
            tests = {one for one in known if one.lower().startswith("test")}
            raise BadInput(f"There is no test {short(name)!r} in what is to be tested. {suggest(first, tests)}")


def _possible_tests(document: NotebookDocument) -> set[str] | None:
    """The names that its test cells bind; None where only running them tells."""
    found = [names_of(cell.source) for cell in document.cells if cell.role == "test"]
    if any(names.opaque or names.setting for names in found):
        return None
    return {name for names in found for name in names.binds}


def _add_pipeline(workspace: Workspace, targets: Targets, pipeline: Pipeline) -> None:
    targets.runs = [run for run in targets.runs if run.pipeline.name != pipeline.name] + [WantedRun(pipeline)]
    targets.runs_for_code.append(WantedRun(pipeline))
    targets.judged.append(pipeline)
    for step in pipeline.steps.values():
        path = workspace.shown(workspace.root / step.notebook)
        if path not in targets.notebooks:
            targets.notebooks.append(path)
        _add_datasets(workspace, targets, path)


def _add_notebook(workspace: Workspace, targets: Targets, path: str) -> None:
    """A notebook alone: what makes its datasets is run first, through the step that it is where it is one."""
    if path in targets.notebooks:
        return
    targets.notebooks.append(path)
    _add_datasets(workspace, targets, path)
    wanted = list(_runs_for(workspace, path))
    for run in wanted:
        if all(run.pipeline.name != other.pipeline.name for other in targets.runs):
            targets.runs.append(run)
            targets.runs_for_code.append(run)


def _add_datasets(workspace: Workspace, targets: Targets, path: str) -> None:
    if targets.datasets is not None:
        document = _document(workspace, path)
        if document is not None:
            found = read_datasets(document)
            targets.datasets |= {use.name for use in (*found.loads, *found.saves)}


def _runs_for(workspace: Workspace, path: str) -> Iterator[WantedRun]:
    """The runs on samples that a notebook's tests need."""
    pipelines = [pipeline for name in list_pipelines(workspace) if (pipeline := _readable(workspace, name))]
    for pipeline in pipelines:
        for name, step in pipeline.steps.items():
            if workspace.shown(workspace.root / step.notebook) == path:
                yield WantedRun(pipeline, through=name)
                return
    document = _document(workspace, path)
    needed = {use.name for use in read_datasets(document).loads} if document is not None else set()
    for pipeline in pipelines:
        for name, step in pipeline.steps.items():
            other = _document(workspace, step.notebook)
            saved = {use.name for use in read_datasets(other).saves} if other is not None else set()
            if needed & saved:
                needed -= saved
                yield WantedRun(pipeline, through=name)


def _readable(workspace: Workspace, name: str) -> Pipeline | None:
    try:
        return read_pipeline(workspace, name)
    except BadInput:  # a broken pipeline is told when it is tested itself, and by studio check
        return None


def _document(workspace: Workspace, path: str) -> NotebookDocument | None:
    try:
        return read_notebook(workspace, path)
    except StudioError:  # the notebook's own tests tell it
        return None


def _all_notebooks(workspace: Workspace) -> list[str]:
    found = sorted((workspace.root / "notebooks").glob("**/*.ipynb"))
    relative = [path.relative_to(workspace.root) for path in found]
    return [path.as_posix() for path in relative if not any(part.startswith(".") for part in path.parts)]
