"""The data rung of ``studio test``: for each contract what it holds, what it notices, and what can be made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from studio.core.documents import Document, read_yaml
from studio.core.errors import Problems, StudioError
from studio.core.report import Case, Status
from studio.core.workspace import Workspace
from studio.data.catalog import SHOWN, Catalog, read_catalog, sample_line
from studio.data.contract_file import shown_contract
from studio.data.contracts import Contract, ContractBroken, read_contract

if TYPE_CHECKING:
    import pandas as pd

ROWS = 100
EXAMPLES = 10


@dataclass(frozen=True)
class _Outcome:
    """What came of a case."""

    status: Status
    message: str = ""
    detail: str = ""
    values: dict[str, Any] | None = None


_PASSED = _Outcome("passed")


def contract_cases(
    workspace: Workspace, names: Collection[str] | None = None, *, datasets: Collection[str] | None = None
) -> list[Case]:
    """The cases of the data rung, contract by contract.

    For each contract: it can be read; the sample and the latest snapshot of each dataset that has it keep it;
    frames can be generated from it, and keep it; broken rows are noticed (one case for each break); and
    which columns nothing guards.

    Parameters
    ----------
    names : collection of str, optional
        Names of contracts; without them all in pipelines/contracts/.
    datasets : collection of str, optional
        Only data of these datasets is looked at; without them that of all in the catalog.
    """
    chosen = sorted({path.stem for path in workspace.contracts.glob("*.yml")} if names is None else set(names))
    try:
        catalog = read_catalog(workspace)
    except StudioError as error:
        lines = [problem.line for problem in error.problems] if isinstance(error, Problems) else []
        told = Case("data", SHOWN, "can be read", "failed", message=str(error), line=next(filter(None, lines), None))
        return [told, *(case for name in chosen for case in _Climb(workspace, name, Catalog(), ()).cases())]
    wanted = catalog.datasets if datasets is None else datasets
    return [case for name in chosen for case in _Climb(workspace, name, catalog, wanted).cases()]


class _Climb:
    """One contract under test."""

    def __init__(self, workspace: Workspace, name: str, catalog: Catalog, datasets: Collection[str]) -> None:
        self.workspace = workspace
        self.name = name
        self.subject = shown_contract(name)
        self.datasets = {
            dataset: entry
            for dataset, entry in catalog.datasets.items()
            if entry.contract == name and dataset in datasets
        }
        self.document = Document(self.subject, None)
        self.rows: pd.DataFrame | None = None
        self.rows_of = ""

    def cases(self) -> Iterator[Case]:
        """All cases of the contract."""
        started = time.perf_counter()
        try:
            contract = read_contract(self.workspace, self.name)
            self.document = read_yaml(self.workspace.contracts / f"{self.name}.yml", self.subject)
        except StudioError as error:
            lines = [problem.line for problem in error.problems] if isinstance(error, Problems) else []
            yield self._case("can be read", started, _Outcome("failed", str(error)), next(filter(None, lines), None))
            return
        yield self._case("can be read", started, _PASSED)
        for dataset, entry in self.datasets.items():
            if entry.location is not None or entry.sample is not None:
                yield self._asked(f"sample of {dataset}", partial(self._sample, dataset))
            yield self._asked(f"latest snapshot of {dataset}", partial(self._snapshot, contract, dataset))
        yield self._asked("generated: frames keep the contract", lambda: self._generated(contract))
        yield from self._mutations(contract)
        yield self._asked("guard: columns", lambda: _guard(contract))

    def _case(self, name: str, started: float, outcome: _Outcome, line: int | None = None) -> Case:
        return Case(
            "data",
            self.subject,
            name,
            outcome.status,
            seconds=round(time.perf_counter() - started, 4),
            message=outcome.message,
            detail=outcome.detail,
            line=line,
            values=outcome.values or {},
        )

    def _asked(self, name: str, ask: Callable[[], _Outcome]) -> Case:
        """The case of one question; what keeps it from being asked is an error, and no crash of the whole."""
        started = time.perf_counter()
        try:
            outcome = ask()
        except ContractBroken as error:
            first, _, rest = str(error).partition("\n")
            outcome = _Outcome("failed", first, rest, {"failure cases": len(error.cases)})
        except StudioError as error:
            outcome = _Outcome("failed", str(error))
        return self._case(name, started, outcome)

    def _sample(self, dataset: str) -> _Outcome:
        from studio.data.sources import fetch_sample

        entry = self.datasets[dataset]
        if entry.sample is None:
            line = sample_line(dataset, entry.source_format)
            return _Outcome(
                "skipped", f"It has no sample. Next: studio data sample {dataset}, and add to {SHOWN} the line: {line}"
            )
        frame = fetch_sample(self.workspace, dataset)
        self._take(frame, f"the sample of {dataset}")
        return _Outcome("passed", f"{len(frame):,} row{'s' * (len(frame) != 1)}", values={"rows": len(frame)})

    def _snapshot(self, contract: Contract, dataset: str) -> _Outcome:
        from studio.data.snapshots import SnapshotStore

        store, made = SnapshotStore(self.workspace), ""
        latest = store.latest(dataset)
        if not latest:  # what the run on samples saved is better than nothing
            store, made = SnapshotStore(replace(self.workspace, sampled=True)), ", made on samples"
            latest = store.latest(dataset)
        if not latest:
            return _Outcome("skipped", "It has no snapshot here yet. Next: run a pipeline that loads or saves it.")
        rows = 0
        for part, snapshot in latest.items():
            frame = store.load(dataset, snapshot.digest, part)
            shown = f"{snapshot.digest[:8]}{f' ({part})' if part else ''}"
            contract.validated(frame, f"The snapshot {shown} of the dataset {dataset!r}")
            self._take(frame, f"the latest snapshot of {dataset}")
            rows += len(frame)
        return _Outcome("passed", f"{rows:,} row{'s' * (rows != 1)}{made}", values={"rows": rows})

    def _generated(self, contract: Contract) -> _Outcome:
        from studio.data.testing.making import Contradiction, Ungenerable, some_frames

        try:
            made = some_frames(self.workspace, contract, EXAMPLES)
        except Ungenerable as error:
            return _Outcome("failed" if isinstance(error, Contradiction) else "skipped", str(error))
        filled = max(made, key=len)
        if self.rows is None and len(filled):
            self._take(filled, "a generated frame")
        return _Outcome("passed", f"{len(made)} frames", values={"frames": len(made)})

    def _take(self, frame: pd.DataFrame, where: str) -> None:
        """Remember the first rows that were seen to keep the contract: they are what is broken later."""
        if self.rows is None and len(frame):
            self.rows, self.rows_of = frame.head(ROWS).reset_index(drop=True), where

    def _mutations(self, contract: Contract) -> Iterator[Case]:
        from studio.data.testing.mutations import mutations

        if self.rows is None:
            why = "There are no rows that keep the contract: no sample, no snapshot, and none could be generated."
            yield Case("data", self.subject, "mutation: all", "skipped", message=why)
            return
        started = time.perf_counter()
        for mutation in mutations(contract, self.rows):
            outcome = _PASSED
            if not mutation.is_noticed():
                place = f"columns.{mutation.column}" if mutation.column else "the contract"
                outcome = _Outcome(
                    "failed",
                    f"The contract does not notice {mutation.name}, tried on {self.rows_of}. Next: in {place} "
                    f"{mutation.hint}.",
                    f"{mutation.column or 'the frame'}: {mutation.frame.head(3).to_dict('list')!r}"[:2000],
                )
            keys = tuple(part for part in ("columns", mutation.column, mutation.check) if part)
            line = self.document.line(keys) if mutation.column else None
            yield self._case(f"mutation: {mutation.name}", started, outcome, line or None)
            started = time.perf_counter()


def _guard(contract: Contract) -> _Outcome:
    """Always passed: what the contract leaves open is told, and a person judges."""
    from studio.data.testing.mutations import half_open, unguarded

    bare, half = unguarded(contract), half_open(contract)
    told = []
    if bare:
        told.append(f"Nothing but the type guards: {', '.join(bare)}.")
    if half:
        told.append(f"Bounded on one side only: {', '.join(half)}.")
    if not contract.file.strict:
        told.append("Other columns are allowed.")
    return _Outcome(
        "passed",
        " ".join(told) or "Every column is guarded.",
        values={"columns": len(contract.file.columns), "unguarded": bare, "half_open": half},
    )
