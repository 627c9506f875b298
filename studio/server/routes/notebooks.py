"""One notebook as the panel shows it: state, parameters, data, checks, tests; and what its buttons do."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from studio.server.place import Place
from studio.server.routing import Model, Routes

routes = Routes("notebooks")


class NotebookQuery(Model):
    """Which notebook."""

    path: str
    """As Jupyter calls it."""


class State(Model):
    """Whether the content is approved as it is in the file now."""

    subject: str
    status: Literal["draft", "submitted", "approved", "lapsed", "revoked", "invalid"]
    """``submitted``: it waits for a reviewer exactly as it is now."""
    reasons: list[str]
    changes: list[str]
    changed_cells: list[str]
    """Ids of the cells that end the approval."""
    approvers: list[str]
    next: str
    notes: list[str]
    submission: str
    """The submission that waits, or the latest one; "" where there is none."""


class CellState(Model):
    """One cell as Studio sees it."""

    id: str
    number: int
    """From 1, as people count."""
    role: Literal["code", "parameters", "test", "scratch", "leftover", "text"]


class Finding(Model):
    """What a check says about one place."""

    rule: str
    cell: int
    """From 1; 0 for the whole notebook."""
    cell_id: str
    line: int
    message: str
    fix: str
    fixable: bool


class DatasetUse(Model):
    """A dataset that the notebook loads or saves."""

    name: str
    verb: Literal["load", "save"]
    cell: int
    cell_id: str
    line: int
    contract: str
    contract_path: str | None
    """The contract's file, as Jupyter calls it."""
    rows: int | None
    created: str | None
    made_by: str
    """The run and step that made the latest snapshot, such as ``20260101-120000-abcdef / train``."""
    problem: str
    up: list[str]
    """Notebooks that save it (subjects)."""
    down: list[str]
    """Notebooks that load it (subjects)."""


class Parameter(Model):
    """One typed parameter."""

    name: str
    annotation: str
    default: JsonValue
    required: bool
    help: str
    secret: bool


class Parameters(Model):
    """The parameters cell as a form."""

    cell: int
    """From 1; 0 where the notebook has none."""
    cell_id: str
    fields: list[Parameter]
    json_schema: dict[str, Any]
    problem: str


class TestCase(Model):
    """One test and what came of it the last time."""

    name: str
    rung: Literal["code", "data", "pipeline", "model"]
    status: Literal["passed", "failed", "error", "skipped", "not run"]
    seconds: float
    message: str
    detail: str
    output: str
    cell: int | None
    cell_id: str
    line: int | None


class Tests(Model):
    """The tests of a notebook."""

    cases: list[TestCase]
    tested: str | None
    """When this content was tested (RFC 3339); None where it was not."""


class NotebookState(Model):
    """All that the panel shows. A part that cannot be read says so in its own `problem`; the others stay."""

    subject: str
    problem: str
    """Why the notebook cannot be read at all; the rest is empty then."""
    title: str
    state: State | None
    cells: list[CellState]
    parameters: Parameters
    datasets: list[DatasetUse]
    findings: list[Finding]
    tests: Tests
    pipelines: list[str]
    """Pipelines that have it as a step."""
    problems: dict[str, str]
    """Why a part is missing, by its name: state, parameters, datasets, findings, tests, pipelines."""


class WriteParameters(Model):
    """Values to write into the parameters cell as its new defaults."""

    path: str
    source: str
    """The cell's present text, which may not be saved yet."""
    values: dict[str, JsonValue]


class ParametersSource(Model):
    """The parameters cell's new text; the front end puts it into the cell."""

    source: str


class FixRequest(Model):
    """Mend what is safe to mend; all that can be, or only by these rules."""

    path: str
    rules: list[str] = Field(default_factory=list)


class Fixed(Model):
    """What was mended."""

    fixed: list[str]
    """Sentences."""


class Templates(Model):
    """What a new notebook can be made from."""

    templates: list[Template]


class Template(Model):
    """One template."""

    name: str
    title: str
    description: str
    phase: str
    """The phase of CRISP-DM."""


class NewNotebook(Model):
    """Make a notebook from a template."""

    template: str
    folder: str
    """As Jupyter calls it; "" is Jupyter's root."""
    name: str = ""
    """Without a name: the template's, numbered where it is taken."""


class Made(Model):
    """What was made; Jupyter's name of the file to open."""

    path: str
    also: list[str]
    """Other files that were written, by their paths in the workspace."""


Templates.model_rebuild()


@routes.get("state")
def state(place: Place, asked: NotebookQuery) -> NotebookState:
    """All that is known of a notebook."""
    from studio.server.notebook_answers import panel
    from studio.workflows.notebook_state import notebook_state

    return panel(place, notebook_state(place.workspace, place.subject(asked.path)))


@routes.post("parameters")
def parameters(place: Place, asked: WriteParameters) -> ParametersSource:
    """The parameters cell with other defaults; a sentence for each value that does not fit."""
    from studio.workflows.write_parameters import write_parameters

    return ParametersSource(
        source=write_parameters(place.workspace, place.subject(asked.path), asked.source, asked.values)
    )


@routes.post("fix")
def fix(place: Place, asked: FixRequest) -> Fixed:
    """Mend in the file what is safe to mend; whoever shows the notebook saves it before, and loads it after."""
    from studio.workflows.fix_notebook import fix_notebook

    done = fix_notebook(place.workspace, place.subject(asked.path), asked.rules)
    return Fixed(fixed=[f"Cell {one.cell}: {one.message}" if one.cell else one.message for one in done])


@routes.get("templates")
def templates(place: Place) -> Templates:
    """What a new notebook can be made from."""
    from studio.workflows.new_notebook import list_templates

    del place
    return Templates(templates=[Template(**one.as_dict()) for one in list_templates()])


@routes.post("new")
def new(place: Place, asked: NewNotebook) -> Made:
    """Make a notebook from a template."""
    from studio.workflows.new_notebook import new_notebook

    made = new_notebook(place.workspace, asked.template, place.subject(asked.folder), asked.name)
    return Made(path=place.lab_path(made.path) or made.path, also=list(made.also))
