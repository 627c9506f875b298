"""Write values into a parameters cell as its new defaults: only the values change, not a comment, type or line beside.

The places come from the syntax tree; what is written is read again by the rules of parameters, and must give the very
values that were asked for.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from studio.core.errors import BadInput, Problem, Problems
from studio.core.files import canonical_json
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks import conversion
from studio.notebooks.document import PARAMETERS, Cell, NotebookDocument, read_notebook
from studio.notebooks.parameters import ParameterSchema, names_before, read_parameters
from studio.notebooks.rendering import as_json
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import Parameter
from studio.notebooks.secrets import SecretReference

_WIDTH = 110
_INDENT = "    "


def write_parameters(workspace: Workspace, subject: str, source: str, values: Mapping[str, Any]) -> str:
    """The parameters cell's new source.

    Parameters
    ----------
    workspace : Workspace
        Where the notebook lies.
    subject : str
        The notebook's path in the workspace; its cells above say which names are imported.
    source : str
        The cell's present source, which may not be saved yet.
    values : Mapping of str to object
        New defaults as JSON data, by parameter; a text is also taken as it would be on the command line.

    Raises
    ------
    Problems
        For a cell that cannot be read, unknown names, and values that do not fit; all at once.
    BadInput
        When a value cannot be written, because no cell above imports what it needs.
    """
    document = _with_source(read_notebook(workspace, subject), source)
    schema = read_parameters(document)
    wanted = _converted(schema, values)
    cell = document.parameters_cell
    changed = {name: value for name, value in wanted.items() if _differs(schema.parameters[name], value)}
    if not changed or cell is None:
        return source
    places = _Places(source, names_before(document, cell))
    edits = [places.edit(name, value) for name, value in changed.items()]
    written = places.applied(edits)
    _check_written(document, written, wanted)
    return written


def _with_source(document: NotebookDocument, source: str) -> NotebookDocument:
    """The notebook as it would be with this source in its parameters cell; a cell at its end where it has none."""
    cell = document.parameters_cell
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    if cell is None:
        added = Cell(len(document.cells), "parameters", "code", text, (PARAMETERS,), {})
        return replace(document, cells=(*document.cells, added))
    cells = tuple(replace(one, source=text) if one is cell else one for one in document.cells)
    return replace(document, cells=cells)


def _converted(schema: ParameterSchema, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        parameter = schema.parameters.get(name)
        if parameter is None:
            message = f"There is no parameter {name!r}. {suggest(name, schema.parameters)}"
            problems.append(Problem(schema.path, 0, message, name))
            continue
        try:
            found[name] = _value(parameter, value)
        except Misfit as error:
            problems.append(Problem(schema.path, 0, str(error), name))
        except RecursionError:
            problems.append(Problem(schema.path, 0, "The value is nested too deeply. Next: flatten it.", name))
    if problems:
        raise Problems(problems)
    return found


def _value(parameter: Parameter, value: Any) -> Any:
    rules = Rules()
    try:
        return conversion.from_data(parameter.kind, value, rules)
    except Misfit:
        if not isinstance(value, str):
            raise
        return conversion.from_text(parameter.kind, value, rules)


def _differs(parameter: Parameter, value: Any) -> bool:
    return parameter.required or canonical_json(as_json(value)) != canonical_json(as_json(parameter.default))


@dataclass(frozen=True)
class _Edit:
    """Text that replaces what stands from `start` to `end` (offsets in characters)."""

    start: int
    end: int
    text: str


class _Places:
    """Where the values stand in the source of a parameters cell."""

    def __init__(self, source: str, names: Mapping[str, str]) -> None:
        self._source = source
        self._names = names
        self._lines = source.splitlines(keepends=True)
        self._statements: dict[str, ast.Assign | ast.AnnAssign] = {}
        for node in ast.parse(source).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name):
                self._statements[target.id] = node

    def edit(self, name: str, value: Any) -> _Edit:
        """The edit that gives the parameter `name` its new value."""
        node = self._statements[name]
        text = self._text(value)
        if node.value is None:
            end = self._offset(node.end_lineno, node.end_col_offset)
            return _Edit(end, end, f" = {text}")
        start = self._offset(node.value.lineno, node.value.col_offset)
        end = self._offset(node.value.end_lineno, node.value.end_col_offset)
        spread = isinstance(value, list | dict) and bool(value)
        if spread and (node.value.lineno != node.value.end_lineno or len(text) > _WIDTH):
            text = self._over_lines(value)
        return _Edit(start, end, text)

    def applied(self, edits: list[_Edit]) -> str:
        """The source with the edits."""
        text = self._source
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def _offset(self, line: int | None, column: int | None) -> int:
        """The offset in characters of a place whose column counts bytes of UTF-8, as `ast` gives it."""
        assert line is not None
        assert column is not None
        own = self._lines[line - 1].encode()[:column].decode()
        return sum(len(text) for text in self._lines[: line - 1]) + len(own)

    def _over_lines(self, value: list[Any] | dict[Any, Any]) -> str:
        if isinstance(value, list):
            return "[\n" + "".join(f"{_INDENT}{self._text(item)},\n" for item in value) + "]"
        rows = (f"{_INDENT}{self._text(key)}: {self._text(item)},\n" for key, item in value.items())
        return "{\n" + "".join(rows) + "}"

    def _text(self, value: Any) -> str:
        """The value as a person would write it here, by the names that the notebook imports."""
        match value:
            case datetime():
                written = self._moment(value)
            case date():
                written = f"{self._name('datetime.date')}({value.year}, {value.month}, {value.day})"
            case PurePath():
                written = f"{self._name('pathlib.Path')}({_quoted(str(value))})"
            case SecretReference(variable):
                written = f"{self._name('studio.secret')}({_quoted(variable)})"
            case float() if not math.isfinite(value):
                written = f"float({_quoted(repr(value))})"
            case str():
                written = _quoted(value)
            case list():
                written = f"[{', '.join(map(self._text, value))}]"
            case dict():
                pairs = (f"{self._text(key)}: {self._text(item)}" for key, item in value.items())
                written = "{" + ", ".join(pairs) + "}"
            case _:
                written = repr(value)
        return written

    def _moment(self, value: datetime) -> str:
        name = self._name("datetime.datetime")
        if value.tzinfo is not None or value.second or value.microsecond:
            return f"{name}.fromisoformat({_quoted(value.isoformat())})"
        return f"{name}({value.year}, {value.month}, {value.day}, {value.hour}, {value.minute})"

    def _name(self, whole: str) -> str:
        """How the notebook calls what is ``datetime.date`` in full."""
        module, _, last = whole.rpartition(".")
        names = {meant: bound for bound, meant in self._names.items()}
        if whole in names:
            return names[whole]
        if module in names:
            return f"{names[module]}.{last}"
        line = f"import {module}" if module == "studio" else f"from {module} import {last}"
        raise BadInput(
            f"A value here is written as {last}(…), and no cell above imports it. Next: write in a cell above: {line}"
        )


def _quoted(text: str) -> str:
    r"""The text between double quotes where nothing in it has to be escaped for that, else as Python writes it."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written.startswith("'") and '"' not in text else written


def _check_written(document: NotebookDocument, written: str, wanted: Mapping[str, Any]) -> None:
    """What stands there now must be what was wanted: else nothing is handed out."""
    found = read_parameters(_with_source(document, written)).parameters
    wrong = [name for name, value in wanted.items() if found[name].required or _differs(found[name], value)]
    if wrong:
        raise BadInput(
            f"The value of {', '.join(wrong)} cannot be written into this cell. Next: write it into the cell by hand."
        )
