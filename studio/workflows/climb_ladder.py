"""Climb the ladder of tests: a run on samples, the notebooks' tests, the contracts, the gates; one case each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from studio.core.errors import BadInput, StudioError
from studio.core.files import write_atomic
from studio.core.readiness import check_state
from studio.core.report import Case, Report
from studio.core.settings import Rung
from studio.core.workspace import Workspace, find_workspace
from studio.data.catalog import read_catalog
from studio.data.snapshots import SnapshotStore
from studio.pipelines import events
from studio.pipelines.run_record import RunRecord
from studio.workflows.attach_report import attach_report
from studio.workflows.climb_targets import Targets, choose_targets
from studio.workflows.functional_run import FunctionalRun, run_on_samples
from studio.workflows.keep_tests import keep_tests

RUNGS: tuple[Rung, ...] = get_args(Rung)


@dataclass(frozen=True)
class LadderRequest:
    """What is to be tested.

    Attributes
    ----------
    names : tuple of str
        Pipelines by name, notebooks by path; nothing, or ``all``, for everything in the workspace.
    base : Path
        The folder against which relative paths are taken.
    rungs : frozenset of str
        The rungs to climb; empty for all.
    junit : Path or None
        Where the JUnit XML is written.
    jobs : int or None
        Steps of the run on samples at the same time.
    tests : tuple of str
        Tests in the notebooks by name, as `test_notebook` selects them: these alone are run, and no other rung.
    """

    names: tuple[str, ...] = ()
    base: Path = field(default_factory=Path.cwd)
    rungs: frozenset[str] = frozenset()
    junit: Path | None = None
    jobs: int | None = None
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Climbed:
    """What came of it.

    Attributes
    ----------
    workspace : Workspace
        Where.
    report : Report
        All cases.
    functional : mapping
        The runs on samples, by pipeline or notebook.
    """

    workspace: Workspace
    report: Report
    functional: dict[str, FunctionalRun]

    @property
    def exit_status(self) -> int:
        """0 when nothing failed, else 1."""
        return 0 if self.report.ok else 1


@dataclass(frozen=True)
class Watching:
    """Who is told what happens: of runs, and of each case that is decided."""

    run: events.Listener = lambda _: None
    case: Callable[[Case], None] = lambda _: None


def climb_ladder(request: LadderRequest, watching: Watching | None = None) -> Climbed:
    """Test what was asked for, rung by rung; what fails is a case, and the rest goes on.

    Raises
    ------
    BadInput
        When what is to be tested does not exist; nothing has been started then, but where `tests` names none that
        the notebooks have.
    CannotWrite
        When the JUnit file cannot be written.
    """
    unknown = request.rungs - set(RUNGS)
    if unknown:
        raise BadInput(f"There is no rung {min(unknown)!r}. Next: choose among {', '.join(RUNGS)}.")
    workspace = find_workspace()
    check_state(workspace)
    targets = choose_targets(workspace, request.names, request.base)
    rungs = frozenset({"code"}) if request.tests else request.rungs or frozenset(RUNGS)
    climbed = climb(workspace, targets, rungs, watching or Watching(), request.jobs, select=request.tests or None)
    if request.tests and not climbed.report.cases:
        raise BadInput(
            f"There is no test {', '.join(request.tests)} in {', '.join(targets.notebooks) or 'a notebook'}. "
            "Next: name a function of a cell tagged 'test', and save the notebook."
        )
    if request.junit is not None:
        write_atomic(request.base / request.junit, climbed.report.to_junit())
    return climbed


def climb(
    workspace: Workspace,
    targets: Targets,
    rungs: frozenset[str],
    watching: Watching,
    jobs: int | None = None,
    *,
    whole: bool = False,
    select: Collection[str] | None = None,
) -> Climbed:
    """`climb_ladder` for targets at hand.

    `whole`: the notebooks' tests stand in a run from top to bottom; `select`: only these of them are run.
    """
    cases: list[Case] = []
    functional: dict[str, FunctionalRun] = {}

    def take(found: Iterable[Case]) -> None:
        for case in found:
            cases.append(case)
            watching.case(case)

    take(targets.broken)
    needed = targets.runs if rungs & {"pipeline", "model"} else targets.runs_for_code if "code" in rungs else ()
    for wanted in needed:
        done = run_on_samples(workspace, wanted.pipeline, watching.run, through=wanted.through, jobs=jobs)
        functional[wanted.pipeline.notebook or wanted.pipeline.name] = done
        take(case for case in done.cases if "pipeline" in rungs or not case.ok)
    if "code" in rungs and targets.notebooks:
        from studio.workflows.code_tests import CodeTests

        sampled = replace(workspace, sampled=True)
        with CodeTests(sampled, whole=whole, select=select, on_case=watching.case) as tests:
            cases += tests.all(targets.notebooks, jobs or workspace.settings.running.jobs)
    if "data" in rungs:
        take(_contract_cases(workspace, targets))
    if "model" in rungs and targets.judged:
        from studio.workflows.judge_gates import gate_cases

        for pipeline in targets.judged:
            take(gate_cases(workspace, pipeline, _record(functional.get(pipeline.name))))
    report = Report.of(cases)
    if rungs == frozenset(RUNGS):
        keep_tests(workspace, targets, report)
        _attach(workspace, functional, report)
    return Climbed(workspace, report, functional)


def _attach(workspace: Workspace, functional: Mapping[str, FunctionalRun], report: Report) -> None:
    """Keep the report with the runs on samples whose steps really ran; a run that was reused has it already."""
    sampled = replace(workspace, sampled=True)
    for done in functional.values():
        record = done.result.record if done.result is not None else None
        if record is not None and record.mlflow_run_id is not None:
            attach_report(sampled, record.mlflow_run_id, report, "tests")


def _record(functional: FunctionalRun | None) -> RunRecord | None:
    if functional is None or functional.result is None:
        return None
    return functional.result.record


def _contract_cases(workspace: Workspace, targets: Targets) -> Iterator[Case]:
    from studio.data.testing import test_contracts

    catalog = _datasets_with_contracts(workspace)
    names = targets.contracts(catalog)
    real, sampled = SnapshotStore(workspace), replace(workspace, sampled=True)
    made = {contract for dataset, contract in catalog if real.latest(dataset)}
    # What has never been made for real is looked at as the run on samples made it.
    for place, chosen in ((workspace, made.intersection(names)), (sampled, set(names) - made)):
        if chosen:
            yield from test_contracts(place, sorted(chosen))


def _datasets_with_contracts(workspace: Workspace) -> Sequence[tuple[str, str]]:
    """Dataset and contract for each dataset that has one; nothing where the catalog cannot be read."""
    try:
        catalog = read_catalog(workspace)
    except StudioError:  # told by the rung that runs the pipeline, and by studio check
        return ()
    return [(name, entry.contract) for name, entry in catalog.datasets.items() if entry.contract is not None]
