"""From what the workflows know of a notebook to what the panel is answered: names of files as Jupyter has them."""

from __future__ import annotations

from studio.notebooks.rendering import as_json
from studio.server.place import Place
from studio.server.routes import notebooks as shape
from studio.workflows.notebook_state import NotebookState, ShownDataset, ShownState, ShownTest


def panel(place: Place, found: NotebookState) -> shape.NotebookState:
    """The whole answer."""
    ids = _Ids(found)
    document = found.document
    cells = document.cells if document is not None else ()
    return shape.NotebookState(
        subject=found.subject,
        problem=found.problem,
        title=found.title,
        state=_state(found.state) if found.state is not None else None,
        cells=[shape.CellState(id=cell.id, number=cell.number, role=cell.role) for cell in cells],
        parameters=_parameters(found, ids),
        datasets=[_dataset(place, one, ids) for one in found.datasets],
        findings=[
            shape.Finding(
                rule=finding.rule,
                cell=finding.cell if finding.path == found.subject else 0,
                cell_id=ids.of(finding.cell) if finding.path == found.subject else "",
                line=finding.line,
                message=finding.message
                if finding.path in {found.subject, ""}
                else f"{finding.path}: {finding.message}",
                fix=finding.fix,
                fixable=finding.fixable,
            )
            for finding in found.findings
        ],
        tests=shape.Tests(cases=[_test(one, ids) for one in found.tests.tests], tested=found.tests.tested),
        pipelines=list(found.pipelines),
        problems=found.problems,
    )


class _Ids:
    """The id of a cell by its number."""

    def __init__(self, found: NotebookState) -> None:
        self._ids = [cell.id for cell in found.document.cells] if found.document is not None else []

    def of(self, number: int | None) -> str:
        return self._ids[number - 1] if number is not None and 0 < number <= len(self._ids) else ""


def _state(shown: ShownState) -> shape.State:
    approval = shown.approval
    return shape.State(
        subject=approval.subject,
        status="submitted" if shown.waits else approval.status,
        reasons=list(approval.reasons),
        changes=list(approval.changes),
        changed_cells=list(shown.changed),
        approvers=list(approval.approvers),
        next=approval.next,
        notes=list(approval.notes),
        submission=shown.submission,
    )


def _parameters(found: NotebookState, ids: _Ids) -> shape.Parameters:
    cell = found.document.parameters_cell if found.document is not None else None
    number = cell.number if cell is not None else 0
    schema = found.schema
    fields = [
        shape.Parameter(
            name=one.name,
            annotation=one.annotation,
            default=None if one.required else as_json(one.default),
            required=one.required,
            help=one.help,
            secret=one.secret,
        )
        for one in (schema.parameters.values() if schema is not None else ())
    ]
    return shape.Parameters(
        cell=number,
        cell_id=ids.of(number),
        fields=fields,
        json_schema=schema.json_schema() if schema is not None and fields else {},
        problem=found.problems.get("parameters", ""),
    )


def _dataset(place: Place, one: ShownDataset, ids: _Ids) -> shape.DatasetUse:
    overview = one.overview
    contract = (overview.contract if overview is not None else None) or ""
    newest = max(overview.latest.values(), key=lambda kept: kept.created, default=None) if overview else None
    maker = " / ".join(part for part in (newest.run, newest.step) if part) if newest is not None else ""
    return shape.DatasetUse(
        name=one.use.name,
        verb=one.verb,
        cell=one.use.cell + 1,
        cell_id=ids.of(one.use.cell + 1),
        line=one.use.line,
        contract=contract,
        contract_path=place.lab_path(f"pipelines/contracts/{contract}.yml") if contract else None,
        rows=overview.rows if overview is not None else None,
        created=overview.created if overview is not None else None,
        made_by=maker,
        problem=one.problem,
        up=list(one.up),
        down=list(one.down),
    )


def _test(one: ShownTest, ids: _Ids) -> shape.TestCase:
    case = one.case
    return shape.TestCase(
        name=one.name,
        rung=case.rung if case is not None else "code",
        status=case.status if case is not None else "not run",
        seconds=case.seconds if case is not None else 0.0,
        message=case.message if case is not None else "",
        detail=case.detail if case is not None else "",
        output=case.output if case is not None else "",
        cell=one.cell,
        cell_id=ids.of(one.cell),
        line=one.line,
    )
