"""What the tests of a notebook are called, and what came of them or kept them from being run."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.python_code import dotted, parse
from studio.notebooks.testing.kernels import Reply
from studio.tracking.redaction import Redaction


@dataclass(frozen=True)
class Found:
    """A test that pytest has collected in a test cell.

    Attributes
    ----------
    cell : int
        Index of its cell, from 0.
    name : str
        ``test_totals[0-7]``, ``TestShop::test_open``.
    line : int or None
        Where it is defined, in its cell, from 1.
    timeout : float or None
        Seconds that its ``timeout`` mark allows; 0 for no limit, None where there is no mark.
    marks : tuple
        Its marks: name, arguments and keywords as far as JSON holds them.
    """

    cell: int
    name: str
    line: int | None = None
    timeout: float | None = None
    marks: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """Why a cell could not be run, or its tests not be collected.

    Attributes
    ----------
    cell : int or None
        Index of the cell to blame, from 0; None where none is.
    message : str
        One sentence.
    name : str
        The class in the cell that could not be collected; empty for the whole cell.
    skipped : bool
        Whether the cell asked to be skipped (``pytest.importorskip``).
    """

    cell: int | None
    message: str
    line: int | None = None
    detail: str = ""
    output: str = ""
    name: str = ""
    skipped: bool = False


class CannotTest(Exception):
    """The tests of a cell cannot be run; the trouble says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


@dataclass(frozen=True)
class Ran:
    """What came of running one test.

    Attributes
    ----------
    reports : list of dict
        pytest's reports of set-up, call and teardown, serialised; each with its ``text`` and ``message`` besides.
    lost : str
        Why there is no complete set of reports: a time limit, a dead kernel; empty when all went well.
    detail : str
        Where a lost test was, as far as known.
    """

    reports: list[dict[str, Any]]
    seconds: float
    lost: str = ""
    detail: str = ""
    output: str = ""
    line: int | None = None


@dataclass
class Loaded:
    """The tests of a cell, and what in it could not be collected."""

    tests: list[Found] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def vanished(cell: Cell, test: Found) -> Trouble:
    """A test that its cell did not define when it was run."""
    return Trouble(
        cell.index,
        f"Cell {cell.number} has no test {test.name} when it is run, though its source seems to define it. "
        "Next: define the test in every case, and give its parameters fixed names (ids).",
    )


def of_fault(cell: Cell, fault: Mapping[str, Any]) -> Trouble:
    """What pytest said of a cell, or of a class in it, that it could not collect."""
    message = str(fault["message"])
    if not fault["skipped"]:
        place = f"Cell {cell.number}" + (f", line {fault['line']}" if fault["line"] else "")
        what = f"the class {fault['name']} cannot be collected" if fault["name"] else "its tests cannot be collected"
        message = f"{place}: {what}: {message}"
    return Trouble(
        cell.index,
        message,
        fault["line"],
        str(fault["detail"]),
        str(fault["output"]),
        str(fault["name"]),
        bool(fault["skipped"]),
    )


def in_words(reply: Reply) -> str:
    """The exception of a reply, or how its kernel ended."""
    first = (reply.evalue.splitlines() or [""])[0][:300]
    return f"{reply.ename or 'an error'}{': ' if first else ''}{first}" if reply.status != "died" else reply.message


def redaction_for(document: NotebookDocument, environment: Mapping[str, str]) -> Redaction:
    """What takes the secrets that the notebook's code names, by ``studio.secret("NAME")``, out of texts."""
    names: set[str] = set()
    for cell in document.cells:
        tree = parse(cell.source) if cell.type == "code" and "secret" in cell.source else None
        for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
            if isinstance(node, ast.Call) and (dotted(node.func) or "").rpartition(".")[2] == "secret":
                names |= {str(inner.value) for inner in node.args if isinstance(inner, ast.Constant)}
    return Redaction(environment[name] for name in names if name in environment)


def discreet(reply: Reply, redaction: Redaction) -> Reply:
    """`reply` without secret values, which an assertion's detail or an error's message may hold."""
    if not redaction:
        return reply
    clean = redaction.content(json.dumps(reply.answers).encode())
    return replace(
        reply,
        evalue=redaction.text(reply.evalue),
        traceback=redaction.text(reply.traceback),
        output=redaction.text(reply.output),
        answers=tuple(json.loads(clean)) if clean is not None else (),
    )
