"""All that can be found wrong with a notebook without running it, told at once."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from studio.core.errors import BadInput, Problem, Problems
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.datasets import Datasets, Scanner, read_datasets, syntax_problems
from studio.notebooks.document import INJECTED, PARAMETERS, RAISES, SCRATCH, SKIP, TEST, NotebookDocument, read_notebook
from studio.notebooks.modules import Module, local_modules
from studio.notebooks.parameters import ParameterSchema, read_parameters
from studio.notebooks.python_code import dotted, fault, mentions, parse, walk

_TAGS = (PARAMETERS, TEST, SCRATCH, SKIP, RAISES, INJECTED)
_PATH_CHANGES = {"sys.path.append", "sys.path.insert", "sys.path.extend", "site.addsitedir"}
Found = TypeVar("Found")


def check_notebook(
    workspace: Workspace, path: str | Path, *, known_datasets: Collection[str] | None = None
) -> list[Problem]:
    """Check the notebook at `path`.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    path : str or Path
        The notebook, relative to the workspace or absolute.
    known_datasets : collection of str, optional
        The catalog's datasets; without them, names of datasets are not looked up.

    Returns
    -------
    list of Problem
        Empty where all is well.
    """
    problems: list[Problem] = []
    document = _attempt(lambda: read_notebook(workspace, path), _shown(workspace, path), problems)
    if document is not None:
        problems += check_document(workspace, document, known_datasets=known_datasets)
    return problems


def check_document(
    workspace: Workspace, document: NotebookDocument, *, known_datasets: Collection[str] | None = None
) -> list[Problem]:
    """`check_notebook` for a notebook that was read already."""
    problems = _tag_problems(document)
    schema = _attempt(lambda: read_parameters(document), document.path, problems)
    if schema is not None:
        problems += _help_problems(document, schema)
    datasets = read_datasets(document)
    problems += datasets.problems
    if known_datasets is not None:
        problems += _unknown_datasets(document, datasets, known_datasets)
    problems += _code_problems(document)
    modules = _attempt(lambda: local_modules(workspace, document), document.path, problems)
    for module in modules or ():
        problems += _module_problems(workspace, module)
    return list(dict.fromkeys(problems))


def _shown(workspace: Workspace, path: str | Path) -> str:
    try:
        return workspace.shown(workspace.inside(path, "notebook"))
    except BadInput:
        return str(path)


def _attempt(look: Callable[[], Found], shown: str, problems: list[Problem]) -> Found | None:
    try:
        return look()
    except Problems as error:
        problems += error.problems
    except BadInput as error:
        problems.append(Problem(shown, 0, str(error).removeprefix(f"{shown} ")))
    return None


def _tag_problems(document: NotebookDocument) -> list[Problem]:
    problems = []
    for cell in document.cells:
        for tag in cell.tags:
            meant = tag.strip().lower().replace("_", "-")
            if meant in _TAGS and tag not in _TAGS:
                message = f"The tag {tag!r} means nothing to Studio. Next: write it {meant!r}, or choose another word."
                problems.append(document.problem(message, cell))
    return problems


def _help_problems(document: NotebookDocument, schema: ParameterSchema) -> list[Problem]:
    return [
        document.problem(
            "The parameter has no help, so forms and messages cannot say what it is for. "
            "Next: write a comment beside it, such as: # hours to look ahead",
            schema.cell,
            parameter.line,
            parameter.name,
        )
        for parameter in schema.parameters.values()
        if not parameter.help
    ]


def _unknown_datasets(document: NotebookDocument, datasets: Datasets, known: Collection[str]) -> list[Problem]:
    return [
        document.problem(
            f"There is no dataset {use.name!r} in pipelines/catalog.yml. {suggest(use.name, known)}", use.cell, use.line
        )
        for use in (*datasets.loads, *datasets.saves)
        if use.name not in known
    ]


def _code_problems(document: NotebookDocument) -> list[Problem]:
    """Tests that are no Python, and changes of the module path, which hide modules from the fingerprint."""
    problems: list[Problem] = []
    for cell in document.cells if document.is_python else ():
        if cell.role not in {"code", "parameters", "test"}:
            continue
        found = fault(cell.source)
        if found is not None and not cell.executes:
            # read_datasets tells those of the cells that a run executes.
            problems += syntax_problems(document, cell, found)
        problems += [document.problem(_PATH_CHANGED, cell, line) for line in _path_changes(cell.source)]
    return problems


@lru_cache(maxsize=4096)
def _path_changes(source: str) -> tuple[int, ...]:
    tree = parse(source) if mentions(source, ("sys", "site")) else None
    if not isinstance(tree, ast.Module):
        return ()
    return tuple(line for node, line in walk(tree) if isinstance(node, ast.Call) and dotted(node.func) in _PATH_CHANGES)


def _module_problems(workspace: Workspace, module: Module) -> list[Problem]:
    problems = []
    top = module.name.partition(".")[0]
    if module.name == top and top in sys.stdlib_module_names:
        message = f"The module hides Python's own module {top!r}. Next: rename the file."
        problems.append(Problem(module.path, 0, message))
    file = workspace.root / module.path
    if file.suffix == ".py":
        lines = _doorway_calls(file.read_text(encoding="utf-8", errors="replace"))
        problems += [Problem(module.path, line, _HIDDEN_CALL) for line in lines]
    return problems


@lru_cache(maxsize=4096)
def _doorway_calls(source: str) -> tuple[int, ...]:
    return tuple(line for _, _, line in Scanner().read(source).uses)


_PATH_CHANGED = (
    "The module path is changed here, and modules found that way are not part of the fingerprint. "
    "Next: put them into the notebook's folder or the workspace's root, where they are found."
)
_HIDDEN_CALL = (
    "studio.load and studio.save are seen in notebooks only, so a pipeline cannot know the dataset of this call. "
    "Next: call it in the notebook and pass the frame."
)
