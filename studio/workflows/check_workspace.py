"""Check all that a workspace declares, without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput, Problem, Problems, StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.data.catalog import read_catalog
from studio.data.contracts import read_contract
from studio.notebooks.checks import check_notebook
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import list_pipelines, read_pipeline


@dataclass(frozen=True)
class Checked:
    """What was looked at and what is wrong with it."""

    notebooks: int
    pipelines: int
    contracts: int
    problems: tuple[Problem, ...]

    @property
    def summary(self) -> str:
        """``12 notebooks, 1 pipeline, 7 contracts`` without what there is none of."""
        counts = {"notebook": self.notebooks, "pipeline": self.pipelines, "contract": self.contracts}
        words = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count]
        return ", ".join(words) or "nothing to check"

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "notebooks": self.notebooks,
            "pipelines": self.pipelines,
            "contracts": self.contracts,
            "problems": [problem.as_dict() for problem in self.problems],
        }


def check_workspace(paths: tuple[Path, ...], base: Path) -> Checked:
    """Check the notebooks at `paths` (relative to `base`), or without any the whole workspace.

    Raises
    ------
    BadInput
        When a path leads outside the workspace or to no file.
    """
    workspace = find_workspace()
    problems: list[Problem] = []
    try:
        known: frozenset[str] | None = frozenset(read_catalog(workspace).datasets)
    except StudioError as error:
        problems += _problems(error, "pipelines/catalog.yml")
        known = None
    if paths:
        notebooks = list(_named(workspace, paths, base))
        pipelines, contracts = [], []
    else:
        notebooks = sorted(_notebooks(workspace))
        pipelines = list_pipelines(workspace)
        contracts = sorted(path.stem for path in workspace.contracts.glob("*.yml"))
    for path in notebooks:
        problems += check_notebook(workspace, path, known_datasets=known)
    for name in contracts:
        problems += _attempt(lambda name=name: read_contract(workspace, name), f"pipelines/contracts/{name}.yml")
    told = {problem.path for problem in problems}
    for name in pipelines:
        found = _attempt(
            lambda name=name: make_plan(workspace, read_pipeline(workspace, name), {}, base=workspace.root),
            f"pipelines/{name}.yml",
        )
        # The plan finds a notebook's problems again, in its own words.
        problems += [problem for problem in found if not (problem.path.endswith(".ipynb") and problem.path in told)]
    return Checked(len(notebooks), len(pipelines), len(contracts), tuple(dict.fromkeys(problems)))


def _notebooks(workspace: Workspace) -> Iterator[Path]:
    for path in workspace.root.glob("notebooks/**/*.ipynb"):
        if not any(part.startswith(".") for part in path.relative_to(workspace.root).parts):
            yield path


def _named(workspace: Workspace, paths: tuple[Path, ...], base: Path) -> Iterator[Path]:
    for path in paths:
        resolved = workspace.inside(base / path, "notebook")
        if not resolved.exists():
            raise BadInput(f"{path} does not exist. Next: correct the path.")
        yield from sorted(resolved.glob("**/*.ipynb")) if resolved.is_dir() else [resolved]


def _attempt(read: object, shown: str) -> list[Problem]:
    assert callable(read)
    try:
        read()
    except StudioError as error:
        return _problems(error, shown)
    return []


def _problems(error: StudioError, shown: str) -> list[Problem]:
    return list(error.problems) if isinstance(error, Problems) else [Problem(shown, 0, str(error))]
