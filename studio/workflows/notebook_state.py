"""All that is known of one notebook as it lies in its file: approval, parameters, data, checks, tests, pipelines.

Each part is looked up on its own. One that cannot be read says why, and the others are there all the same.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from studio.core.errors import StudioError
from studio.core.files import CannotUse
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.data.catalog import UnknownDataset, read_catalog
from studio.data.overview import DatasetOverview, dataset_overview
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState
from studio.notebooks.checks import Finding
from studio.notebooks.datasets import DatasetUse, read_datasets
from studio.notebooks.document import NotebookDocument, read_notebook
from studio.notebooks.parameters import ParameterSchema, read_parameters
from studio.notebooks.testing.slices import Slices, names_of_tests
from studio.workflows.awaited import SUBMITTED, status_of, with_submission
from studio.workflows.check_workspace import check_workspace
from studio.workflows.content_states import Content, approval_states, contents_named
from studio.workflows.kept_reports import kept_with_time
from studio.workflows.notebook_lineage import dataset_uses, pipelines_with

_CELL = re.compile(r"cell (\d+) \(")
_log = logging.getLogger("studio")
Part = TypeVar("Part")


@dataclass(frozen=True)
class ShownState:
    """The approval's state, the cells that end it, and the submission.

    Attributes
    ----------
    approval : ApprovalState
        Whether the content is approved as it is.
    waits : bool
        Whether it was submitted exactly as it is now, passed its tests, and waits for a reviewer.
    changed : tuple of str
        Ids of cells that differ from what was approved.
    submission : str
        The latest submission; "" where there is none.
    """

    approval: ApprovalState
    waits: bool
    changed: tuple[str, ...]
    submission: str


@dataclass(frozen=True)
class ShownDataset:
    """One call of ``studio.load`` or ``studio.save``, what is known of its dataset, and who else uses that."""

    verb: Literal["load", "save"]
    use: DatasetUse
    overview: DatasetOverview | None
    problem: str
    up: tuple[str, ...]
    down: tuple[str, ...]


@dataclass(frozen=True)
class ShownTest:
    """A test: what came of it for exactly this content (None where it was not run), and where it stands."""

    name: str
    case: Case | None
    cell: int | None
    line: int | None


@dataclass(frozen=True)
class ShownTests:
    """The tests of a notebook, and when this content was tested."""

    tests: tuple[ShownTest, ...] = ()
    tested: str | None = None


@dataclass
class NotebookState:
    """The parts; `problems` says for each that is missing why, by its name.

    Attributes
    ----------
    subject : str
        The notebook's path in the workspace.
    problem : str
        Why it cannot be read at all; there is nothing else then.
    """

    subject: str
    problem: str = ""
    title: str = ""
    document: NotebookDocument | None = None
    state: ShownState | None = None
    schema: ParameterSchema | None = None
    datasets: tuple[ShownDataset, ...] = ()
    findings: tuple[Finding, ...] = ()
    tests: ShownTests = field(default_factory=ShownTests)
    pipelines: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    def attempt(self, part: str, look: Callable[[], Part], otherwise: Part) -> Part:
        """What `look` finds; `otherwise` with the reason in `problems` when it fails, whatever it fails by."""
        try:
            return look()
        except StudioError as error:
            self.problems[part] = str(error)
        except OSError as error:
            self.problems[part] = str(CannotUse(error))
        except Exception:  # noqa: BLE001  it is logged, told, and costs this part alone
            number = secrets.token_hex(4)
            _log.exception("Studio: error number %s: the part %s of %s", number, part, self.subject)
            self.problems[part] = (
                f"This part met an error that nobody foresaw (error number {number}). "
                f"Next: look for {number} in the server's log, and report what stands there."
            )
        return otherwise


def notebook_state(workspace: Workspace, subject: str) -> NotebookState:
    """All that is known of the notebook `subject` (its path in the workspace); what fails is told in its place."""
    found = NotebookState(subject)
    document = found.attempt("document", lambda: read_notebook(workspace, subject), None)
    if document is None:
        found.problem = found.problems.pop("document")
        if workspace.inside(subject, "notebook").is_file():  # told in places, too, where there are some
            found.findings = found.attempt("findings", lambda: _findings(workspace, subject), ())
        found.problems.clear()
        return found
    found.document = document
    found.title = document.title
    content = found.attempt("state", lambda: _content(workspace, subject), None)
    if content is not None:
        found.state = found.attempt("state", lambda: _state(workspace, document, content), None)
    found.schema = found.attempt("parameters", lambda: read_parameters(document), None)
    found.datasets = found.attempt("datasets", lambda: _datasets(workspace, document), ())
    found.findings = found.attempt("findings", lambda: _findings(workspace, subject), ())
    found.tests = found.attempt("tests", lambda: _tests(workspace, document, content), ShownTests())
    found.pipelines = found.attempt("pipelines", lambda: tuple(pipelines_with(workspace, subject)), ())
    return found


def _content(workspace: Workspace, subject: str) -> Content:
    return contents_named(workspace, [subject], workspace.root)[0]


def _state(workspace: Workspace, document: NotebookDocument, content: Content) -> ShownState:
    state = approval_states(workspace, [content])[content.subject]
    waits = status_of(workspace, content, state) == SUBMITTED
    submitted = open_ledger(workspace).events(kinds={"submitted"}, subject=content.subject)
    return ShownState(
        with_submission(workspace, content, state),
        waits,
        tuple(_changed(document, state.changes)),
        str(submitted[-1].details.get("submission", "")) if submitted else "",
    )


def _changed(document: NotebookDocument, changes: Sequence[str]) -> list[str]:
    """The ids of the cells that the words of a fingerprint's difference name."""
    found = []
    for change in changes:
        place = _CELL.match(change)
        if place is not None and not change.endswith("(gone)") and int(place[1]) <= len(document.cells):
            found.append(document.cells[int(place[1]) - 1].id)
        elif change.startswith(("parameter ", "order of the parameters")) and document.parameters_cell is not None:
            found.append(document.parameters_cell.id)
    return list(dict.fromkeys(found))


def _datasets(workspace: Workspace, document: NotebookDocument) -> tuple[ShownDataset, ...]:
    datasets = read_datasets(document)
    calls: list[tuple[Literal["load", "save"], DatasetUse]] = [("load", use) for use in datasets.loads]
    calls += [("save", use) for use in datasets.saves]
    catalog = read_catalog(workspace)
    elsewhere = {path: uses for path, uses in dataset_uses(workspace).items() if path != document.path}
    known: dict[str, tuple[DatasetOverview | None, str]] = {}
    for _, use in calls:
        if use.name in known:
            continue
        if use.name in catalog.datasets:
            overview = dataset_overview(workspace, use.name)
            known[use.name] = (overview, overview.problem)
        else:
            known[use.name] = (None, str(UnknownDataset(use.name, catalog)))
    return tuple(
        ShownDataset(
            verb,
            use,
            *known[use.name],
            up=tuple(path for path, uses in elsewhere.items() if use.name in uses.saves),
            down=tuple(path for path, uses in elsewhere.items() if use.name in uses.loads),
        )
        for verb, use in sorted(calls, key=lambda call: (call[1].cell, call[1].line))
    )


def _findings(workspace: Workspace, subject: str) -> tuple[Finding, ...]:
    return check_workspace((Path(subject),), workspace.root).findings


def _tests(workspace: Workspace, document: NotebookDocument, content: Content | None) -> ShownTests:
    report, tested = kept_with_time(workspace, content) if content is not None else (None, None)
    cases = list(report.cases) if report is not None else []
    shown = [ShownTest(case.name, case, case.cell, case.line) for case in cases]
    told = {name for case in cases if case.rung == "code" for name in _function_and_case(case.name)}
    for name, (cell, line) in _written(document).items():
        if name not in told:
            shown.append(ShownTest(name, None, cell, line))
    shown.sort(key=lambda test: (test.cell is None, test.cell or 0, test.line or 0))
    return ShownTests(tuple(shown), tested)


def _function_and_case(name: str) -> tuple[str, str]:
    return name, name.partition("[")[0]


def _written(document: NotebookDocument) -> Mapping[str, tuple[int, int]]:
    """The tests that the source shows, with the cell (from 1) and the line in it."""
    if not document.is_python:
        return {}
    slices = Slices(document)
    found = {name: (index + 1, line) for index, names in names_of_tests(slices.tests).items() for name, line in names}
    if any("contract" in cell.source for cell in document.cells):
        for function in slices.contracted:
            found[f"contract: {function.name} takes {function.takes}"] = (function.cell + 1, function.line)
    return found
