"""Rules about what makes a notebook Studio's: tags, parameters, datasets, modules, cell ids, explanation."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import TypeVar

from studio.core.errors import BadInput, Problem, Problems
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.checks.finding import Finding, found, from_problem
from studio.notebooks.datasets import Datasets, Scanner, read_datasets, syntax_problems
from studio.notebooks.document import INJECTED, PARAMETERS, RAISES, SCRATCH, SKIP, TEST, NotebookDocument
from studio.notebooks.modules import Module, local_modules
from studio.notebooks.parameters import read_parameters
from studio.notebooks.python_code import dotted, fault, mentions, parse, walk

_TAGS = (PARAMETERS, TEST, SCRATCH, SKIP, RAISES, INJECTED)
_PATH_CHANGES = {"sys.path.append", "sys.path.insert", "sys.path.extend", "site.addsitedir"}
_NO_PYTHON = "This is not Python:"
Found = TypeVar("Found")


def structure_findings(
    workspace: Workspace, document: NotebookDocument, known_datasets: Collection[str] | None, is_step: bool
) -> Iterator[Finding]:
    """All findings about the notebook's parts; `known_datasets` None leaves the catalog aside."""
    yield from _tags(document)
    yield from _parameters(document)
    datasets = read_datasets(document)
    for problem in datasets.problems:
        yield from_problem(problem, "not-python" if problem.message.startswith(_NO_PYTHON) else "unreadable-dataset")
    if known_datasets is not None:
        yield from _unknown_datasets(document, datasets, known_datasets)
    if document.is_python and document.parameters_cell is None and (is_step or datasets.loads or datasets.saves):
        reason = "It is a step of a pipeline" if is_step else "It loads or saves datasets"
        yield found(
            document,
            "missing-parameters",
            f"{reason} and has no parameters cell, so nothing in it can be set from outside.",
            "tag a cell of name: type = default  # help as 'parameters', or silence this and say why.",
        )
    yield from _code(document)
    modules = attempt(lambda: local_modules(workspace, document))
    if isinstance(modules, list):
        yield from (from_problem(problem, "unsound-module") for problem in modules)
    else:
        for module in modules:
            yield from _module(workspace, module)
    yield from _cell_ids(document)
    yield from _explanation(document)


def attempt(look: Callable[[], Found], shown: str = "") -> Found | list[Problem]:
    """What `look` returns, or the problems that it raises; `shown` names the file where they do not."""
    try:
        return look()
    except Problems as error:
        return list(error.problems)
    except BadInput as error:
        return [Problem(shown, 0, str(error).removeprefix(f"{shown} "))]


def _tags(document: NotebookDocument) -> Iterator[Finding]:
    for cell in document.cells:
        for tag in cell.tags:
            meant = tag.strip().lower().replace("_", "-")
            if meant in _TAGS and tag not in _TAGS:
                message = f"The tag {tag!r} means nothing to Studio."
                yield found(document, "unknown-tag", message, f"write it {meant!r}, or choose another word.", cell)


def _parameters(document: NotebookDocument) -> Iterator[Finding]:
    schema = attempt(lambda: read_parameters(document), document.path)
    if isinstance(schema, list):
        yield from (from_problem(problem, "invalid-parameters") for problem in schema)
        return
    for parameter in schema.parameters.values():
        if not parameter.help:
            problem = document.problem(
                "The parameter has no help, so forms and messages cannot say what it is for. "
                "Next: write a comment beside it, such as: # hours to look ahead",
                schema.cell,
                parameter.line,
                parameter.name,
            )
            yield from_problem(problem, "undocumented-parameter")


def _unknown_datasets(document: NotebookDocument, datasets: Datasets, known: Collection[str]) -> Iterator[Finding]:
    for use in (*datasets.loads, *datasets.saves):
        if use.name not in known:
            message = f"There is no dataset {use.name!r} in pipelines/catalog.yml."
            yield found(document, "unknown-dataset", message, suggest(use.name, known), use.cell, use.line)


def _code(document: NotebookDocument) -> Iterator[Finding]:
    """Tests that are no Python, and changes of the module path, which hide modules from the fingerprint."""
    for cell in document.cells if document.is_python else ():
        if cell.role not in {"code", "parameters", "test"}:
            continue
        fault_found = fault(cell.source)
        if fault_found is not None and not cell.executes:
            # read_datasets tells those of the cells that a run executes.
            yield from (from_problem(item, "not-python") for item in syntax_problems(document, cell, fault_found))
        for line in _path_changes(cell.source):
            yield found(
                document,
                "module-path",
                "The module path is changed here, and modules found that way are not part of the fingerprint.",
                "put them into the notebook's folder or the workspace's root, where they are found.",
                cell,
                line,
            )


@lru_cache(maxsize=4096)
def _path_changes(source: str) -> tuple[int, ...]:
    tree = parse(source) if mentions(source, ("sys", "site")) else None
    if not isinstance(tree, ast.Module):
        return ()
    return tuple(line for node, line in walk(tree) if isinstance(node, ast.Call) and dotted(node.func) in _PATH_CHANGES)


def _module(workspace: Workspace, module: Module) -> Iterator[Finding]:
    top = module.name.partition(".")[0]
    if module.name == top and top in sys.stdlib_module_names:
        message = f"The module hides Python's own module {top!r}."
        yield Finding(module.path, 0, 0, "unsound-module", message, "rename the file.")
    file = workspace.root / module.path
    if file.suffix == ".py":
        for line in _doorway_calls(file.read_text(encoding="utf-8", errors="replace")):
            yield Finding(
                module.path,
                0,
                line,
                "unsound-module",
                "studio.load and studio.save are seen in notebooks only, so a pipeline cannot know the dataset of "
                "this call.",
                "call it in the notebook and pass the frame.",
            )


@lru_cache(maxsize=4096)
def _doorway_calls(source: str) -> tuple[int, ...]:
    return tuple(line for _, _, line in Scanner().read(source).uses)


def _cell_ids(document: NotebookDocument) -> Iterator[Finding]:
    """What `reading` mended: cells of nbformat 4.5 without an id of their own."""
    for note in document.notes:
        if " id and got one" in note or " had an id that" in note or " had the same id as" in note:
            fact = f"{note[0].upper()}{note[1:]}".replace(" and got one", "").replace(" and was given another", "")
            yield found(
                document,
                "missing-cell-id",
                f"{fact}, so a change of it cannot be followed.",
                "give it one with: studio check --fix",
                fixable=True,
            )


def _explanation(document: NotebookDocument) -> Iterator[Finding]:
    code = any(cell.role in {"code", "parameters"} and cell.source.strip() for cell in document.cells)
    words = any(cell.type == "markdown" and cell.source.strip() for cell in document.cells)
    if code and not words:
        yield found(
            document,
            "no-explanation",
            "It has no word of explanation, so nobody else can judge what it does.",
            "add a markdown cell that says what the notebook is for and what it decides.",
        )
