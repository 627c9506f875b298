"""What a plan learns from each notebook: read once, however many steps and combinations run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from studio.core.errors import BadInput, Problem, Problems
from studio.core.workspace import Workspace
from studio.data.catalog import Catalog, UnknownDataset
from studio.data.contract_file import contract_digest
from studio.notebooks.datasets import Datasets, DatasetUse, read_datasets
from studio.notebooks.document import NotebookDocument, read_notebook
from studio.notebooks.fingerprint import Fingerprint, fingerprint
from studio.notebooks.parameters import ParameterSchema, read_parameters

_Found = TypeVar("_Found")
At = Callable[[str], Problem]
"""Places a message where its culprit was written."""


@dataclass(frozen=True)
class NotebookFacts:
    """One notebook as a plan sees it.

    Attributes
    ----------
    document : NotebookDocument
        What was read, and what will run.
    schema : ParameterSchema or None
        Its parameters; None where they cannot be read.
    loads, saves : mapping
        The datasets by name, each with the place of its first use.
    fingerprint : Fingerprint or None
        None where it cannot be taken.
    complete : bool
        Whether all its uses of datasets could be read.
    """

    document: NotebookDocument
    schema: ParameterSchema | None
    loads: Mapping[str, DatasetUse]
    saves: Mapping[str, DatasetUse]
    fingerprint: Fingerprint | None
    complete: bool


class NotebookReader:
    """Reads the notebooks of one plan, each once, and gathers what is wrong with them."""

    def __init__(self, workspace: Workspace, catalog: Catalog | None, problems: list[Problem]) -> None:
        self._workspace = workspace
        self._catalog = catalog
        self._problems = problems
        self._read: dict[str, NotebookFacts | None] = {}
        self._unknown: set[str] = set()

    def facts(self, path: str, at: At) -> NotebookFacts | None:
        """What is known of the notebook at `path`; None where it cannot be read. `at` places its problems."""
        if path not in self._read:
            self._read[path] = self._look(path, at)
        return self._read[path]

    def _look(self, path: str, at: At) -> NotebookFacts | None:
        document = self._try(lambda: read_notebook(self._workspace, path), at)
        if document is None:
            return None
        at = document.problem
        if not document.is_python:
            self._problems.append(at(_other_language(document)))
        schema = self._try(lambda: read_parameters(document), at)
        datasets = self._try(lambda: read_datasets(document), at) or Datasets(loads=(), saves=(), problems=())
        self._problems += datasets.problems
        for use in (*datasets.saves, *datasets.loads):
            self._check_known(document, use)
        contracts = self._contracts(datasets, at)
        digest = self._try(lambda: fingerprint(self._workspace, document, contracts=contracts), at)
        return NotebookFacts(
            document=document,
            schema=schema,
            loads=_first_uses(datasets.loads),
            saves=_first_uses(datasets.saves),
            fingerprint=digest,
            complete=not datasets.problems,
        )

    def _try(self, look: Callable[[], _Found], at: At) -> _Found | None:
        try:
            return look()
        except BadInput as error:
            self._problems += placed(error, at)
            return None

    def _check_known(self, document: NotebookDocument, use: DatasetUse) -> None:
        if self._catalog is None or use.name in self._catalog.datasets or use.name in self._unknown:
            return
        self._unknown.add(use.name)
        message = str(UnknownDataset(use.name, self._catalog))
        self._problems.append(document.problem(message, use.cell, use.line))

    def _contracts(self, datasets: Datasets, at: At) -> dict[str, str]:
        if self._catalog is None:
            return {}
        found: dict[str, str] = {}
        for name in sorted({use.name for use in (*datasets.loads, *datasets.saves)}):
            found |= self._try(partial(contract_digests, self._workspace, self._catalog, (name,)), at) or {}
        return found


def contract_digests(workspace: Workspace, catalog: Catalog, names: Iterable[str]) -> dict[str, str]:
    """The digests of the contracts of the datasets `names`, by dataset; BadInput for one that cannot be read."""
    contracts = {name: catalog.datasets[name].contract for name in names if name in catalog.datasets}
    return {name: contract_digest(workspace, contract) for name, contract in contracts.items() if contract is not None}


def placed(error: BadInput, at: At) -> list[Problem]:
    """The problems of `error`; one that names no file itself is placed by `at`."""
    if isinstance(error, Problems):
        return [problem if problem.path else at(problem.message) for problem in error.problems]
    return [at(str(error))]


def _other_language(document: NotebookDocument) -> str:
    return (
        f"The notebook asks for a {document.language} kernel, and only Python notebooks can be run as steps. "
        "Next: choose a Python kernel for it."
    )


def _first_uses(uses: tuple[DatasetUse, ...]) -> dict[str, DatasetUse]:
    found: dict[str, DatasetUse] = {}
    for use in uses:
        found.setdefault(use.name, use)
    return found
