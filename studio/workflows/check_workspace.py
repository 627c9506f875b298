"""Check all that a workspace declares, without running anything, and mend what is safe on demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput, Problem, Problems, StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.data.catalog import read_catalog
from studio.data.contracts import read_contract
from studio.notebooks.checks import RULES, Finding, Fixed, check_notebooks, fix_notebooks
from studio.notebooks.checks.finding import from_problem
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import list_pipelines, read_pipeline

_PLANNED = frozenset({"invalid-parameters", "not-python", "unknown-dataset", "unreadable-dataset"})
"""The rules about what keeps a plan from being made too."""


@dataclass(frozen=True)
class Checked:
    """What was looked at, what is wrong with it, and what was mended."""

    notebooks: int
    pipelines: int
    contracts: int
    findings: tuple[Finding, ...]
    fixed: tuple[Fixed, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The findings as problems."""
        return tuple(finding.problem for finding in self.findings)

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
            "findings": [finding.as_dict() for finding in self.findings],
            "fixed": [fixed.as_dict() for fixed in self.fixed],
            "problems": [problem.as_dict() for problem in self.problems],
        }


def list_rules() -> list[dict[str, object]]:
    """All rules in their order, with stable keys."""
    return [rule.as_dict() for rule in RULES.values()]


def check_workspace(paths: tuple[Path, ...], base: Path, *, fix: bool = False, rules: Collection[str] = ()) -> Checked:
    """Check the notebooks at `paths` (relative to `base`), or without any the whole workspace.

    Parameters
    ----------
    paths : tuple of Path
        Notebooks, or folders of notebooks.
    base : Path
        What relative paths are relative to.
    fix : bool
        Mend first what can be mended without changing what a notebook does.
    rules : collection of str
        Mend by these rules only; without any, by all.

    Raises
    ------
    BadInput
        When a path leads outside the workspace or to no file.
    Problems
        When studio.toml ignores rules that there are not.
    CannotWrite
        When a mended notebook cannot be written.
    """
    workspace = find_workspace()
    declared: list[Finding] = []
    try:
        known: frozenset[str] | None = frozenset(read_catalog(workspace).datasets)
    except StudioError as error:
        declared += _declared(error, "pipelines/catalog.yml")
        known = None
    if paths:
        notebooks = list(dict.fromkeys(_named(workspace, paths, base)))
        pipelines, contracts = [], []
    else:
        notebooks = sorted(_notebooks(workspace))
        pipelines = list_pipelines(workspace)
        contracts = sorted(path.stem for path in workspace.contracts.glob("*.yml"))
    steps = _steps(workspace)
    fixed = fix_notebooks(workspace, notebooks, known_datasets=known, steps=steps, rules=rules) if fix else []
    findings = check_notebooks(workspace, notebooks, known_datasets=known, steps=steps)
    for name in contracts:
        declared += _attempt(lambda name=name: read_contract(workspace, name), f"pipelines/contracts/{name}.yml")
    for name in pipelines:
        found = _attempt(
            lambda name=name: make_plan(workspace, read_pipeline(workspace, name), {}, base=workspace.root),
            f"pipelines/{name}.yml",
        )
        declared += _untold(found, findings)
    every = tuple(dict.fromkeys([*declared, *findings]))
    return Checked(len(notebooks), len(pipelines), len(contracts), every, tuple(fixed))


def _untold(planned: Iterable[Finding], findings: Iterable[Finding]) -> list[Finding]:
    """What a plan found and no rule says already: a plan finds some problems of notebooks again, in its own words."""
    unreadable = {finding.path for finding in findings if finding.rule == "unreadable-notebook"}
    places = {(finding.path, finding.cell, finding.line) for finding in findings if finding.rule in _PLANNED}
    words = {(finding.path, finding.line, finding.message) for finding in findings}
    return [
        finding
        for finding in planned
        if finding.path not in unreadable
        and not (finding.cell and (finding.path, finding.cell, finding.line) in places)
        and (finding.path, finding.line, finding.message) not in words
    ]


def _steps(workspace: Workspace) -> frozenset[str]:
    """The notebooks of all pipelines; pipelines that cannot be read are told elsewhere."""
    steps: set[str] = set()
    for name in list_pipelines(workspace):
        try:
            steps |= {step.notebook for step in read_pipeline(workspace, name).steps.values()}
        except StudioError:
            continue
    return frozenset(steps)


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


def _attempt(read: object, shown: str) -> list[Finding]:
    assert callable(read)
    try:
        read()
    except StudioError as error:
        return _declared(error, shown)
    return []


def _declared(error: StudioError, shown: str) -> list[Finding]:
    problems = list(error.problems) if isinstance(error, Problems) else [Problem(shown, 0, str(error))]
    return [from_problem(problem, "declaration") for problem in problems]
