"""From the ``parameters`` cell to its schema: ``name: type = default  # help`` by ``ast``, comments by ``tokenize``.

The cell is read and never run; what cannot be read so is refused with its cell and line.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping

from studio.core.errors import Problem, Problems
from studio.notebooks import conversion
from studio.notebooks.annotations import inferred, read_annotation
from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.kinds import Kind, Scalar, core
from studio.notebooks.literals import NO_SECRET, NotAllowed, read_literal
from studio.notebooks.python_code import SyntaxFault, imported_names, mentions, parse, parse_strictly
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import Parameter, ParameterSchema, make_parameter

__all__ = ["Parameter", "ParameterSchema", "read_parameters"]

_FORM = "A parameters cell holds nothing but lines such as: horizon: int = 24  # hours to look ahead."
_STATEMENTS: Mapping[type[ast.stmt], str] = {
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.AugAssign: "an augmented assignment",
    ast.If: "a condition",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.With: "a with block",
    ast.Try: "a try block",
    ast.Delete: "a del",
    ast.Assert: "an assertion",
}


def read_parameters(document: NotebookDocument) -> ParameterSchema:
    """The typed parameters of a notebook; empty where it has no parameters cell.

    Raises
    ------
    Problems
        For a second parameters cell, a cell that is not plain assignments, a type that is not allowed and a default
        that does not fit its type; all at once.
    """
    cells = [cell for cell in document.cells if cell.role == "parameters"]
    if not cells:
        return ParameterSchema(document.path, {})
    problems = [
        document.problem(
            f"There are two parameters cells: cell {cells[0].number} is the first. "
            "Next: keep the tag 'parameters' on one of them.",
            cell,
        )
        for cell in cells[1:]
    ]
    if not document.is_python:
        message = f"The parameters of a notebook in {document.language} cannot be read. Next: use a Python kernel."
        raise Problems([*problems, document.problem(message, cells[0])])
    reader = _CellReader(document, cells[0])
    reader.read()
    if problems or reader.problems:
        raise Problems([*problems, *reader.problems])
    return ParameterSchema(document.path, reader.parameters, cells[0].index)


class _CellReader:
    """Reads one parameters cell, gathering parameters and problems."""

    def __init__(self, document: NotebookDocument, cell: Cell) -> None:
        self.document = document
        self.cell = cell
        self.names = names_before(document, cell)
        self.parameters: dict[str, Parameter] = {}
        self.problems: list[Problem] = []

    def read(self) -> None:
        tree = parse_strictly(self.cell.source)
        if isinstance(tree, SyntaxFault):
            self.problem(f"This is not plain Python: {tree.message}. {_FORM} Next: correct it.", tree.line)
            return
        comments = _comments(self.cell.source)
        for node in tree.body:
            beside = comments.get(node.end_lineno or node.lineno) or comments.get(node.lineno, "")
            try:
                self.statement(node, beside)
            except NotAllowed as error:
                name = _target(node)
                self.problem(
                    f"{error} Next: correct this line." if "Next:" not in str(error) else str(error), error.line, name
                )
            except RecursionError:
                self.problem("This is nested too deeply. Next: flatten it.", node.lineno)

    def problem(self, message: str, line: int, name: str = "") -> None:
        self.problems.append(self.document.problem(message, self.cell, line, name))

    def statement(self, node: ast.stmt, beside: str) -> None:
        if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _is_text(node.value)):
            return
        name = _target(node)
        if not name or not isinstance(node, ast.Assign | ast.AnnAssign):
            self.problem(f"{_described(node)} stands here. {_FORM} Next: move it to another cell.", node.lineno)
            return
        if name in self.parameters:
            first = self.parameters[name].line
            self.problem(f"The parameter stands twice (first on line {first}). Next: keep one.", node.lineno, name)
            return
        if name.startswith("__") and name.endswith("__"):
            self.problem(
                "A name with two underscores at both ends is Python's own. Next: rename it.", node.lineno, name
            )
            return
        self.parameters[name] = self.parameter(name, node, beside)

    def parameter(self, name: str, node: ast.Assign | ast.AnnAssign, beside: str) -> Parameter:
        if isinstance(node, ast.Assign):
            value = read_literal(node.value, self.names)
            kind = Scalar("SecretStr") if value is NO_SECRET else inferred(value)
            inner_help = ""
        else:
            kind, inner_help = read_annotation(node.annotation, self.names)
            value = NO_SECRET if node.value is None else read_literal(node.value, self.names)
        help_text = beside or inner_help
        if kind is None:
            raise NotAllowed(
                f"{ast.unparse(node.value or node)} says no type. Next: write one, such as {name}: str | None = …", node
            )
        if value is NO_SECRET:
            if isinstance(node.value, ast.Call) and core(kind) != Scalar("SecretStr"):
                raise NotAllowed("A SecretStr is no default for this type. Next: write name: SecretStr.", node)
            return make_parameter(name, kind, node.lineno, help_text)
        return make_parameter(name, kind, node.lineno, help_text, default=_default(kind, value, node))


def _default(kind: Kind, value: object, node: ast.stmt) -> object:
    try:
        return conversion.from_data(kind, value, Rules(native=True))
    except Misfit as error:
        raise NotAllowed(f"The default does not fit its type: {error}", node) from error


def names_before(document: NotebookDocument, before: Cell) -> dict[str, str]:
    """What the imports in the cells above `before` bind: ``{"dt": "datetime", "Path": "pathlib.Path"}``."""
    names: dict[str, str] = {}
    for cell in document.cells[: before.index]:
        if not cell.executes or not mentions(cell.source, ("import",)):
            continue
        if isinstance(tree := parse(cell.source), ast.Module):
            names.update(imported_names(tree))
    return names


def _target(node: ast.stmt) -> str:
    """The one name that the statement assigns; empty where it is no plain assignment."""
    target: ast.expr | None = None
    if isinstance(node, ast.AnnAssign):
        target = node.target if node.simple else None
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _described(node: ast.stmt) -> str:
    found = _STATEMENTS.get(type(node))
    if found is None and isinstance(node, ast.Expr):
        found = "a call" if isinstance(node.value, ast.Call) else "an expression"
    if found is None and isinstance(node, ast.Assign | ast.AnnAssign):
        found = "an assignment to something other than one name"
    found = found or "a statement"
    return found[0].upper() + found[1:]


def _comments(source: str) -> dict[int, str]:
    """The comment on each line, without its mark."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comment = token.string.lstrip("#:").strip()
            # Notes for tools are no help for people.
            if not comment.startswith(("type:", "noqa", "pylint:", "pyright:", "fmt:")):
                found[token.start[0]] = comment
    return found
