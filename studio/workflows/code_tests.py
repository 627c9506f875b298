"""The tests in notebooks, run in kernels on the sampled state; what they log goes to the sampled MLflow store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from types import TracebackType

from studio.core.errors import Problems, StudioError
from studio.core.identifiers import new_run_id
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.notebooks.document import NotebookDocument, read_notebook
from studio.notebooks.testing import test_notebook
from studio.pipelines.execution import Cancellation
from studio.pipelines.session import SupervisedKernels
from studio.tracking.runs import Tracker
from studio.tracking.store import prepare_store

EXPERIMENT = "tests"


class CodeTests:
    """Runs the tests of one notebook after another; a context manager.

    Parameters
    ----------
    workspace : Workspace
        The sampled workspace, whose snapshots the notebooks load.
    whole : bool
        Whether every cell runs, from top to bottom, and not only those that the tests depend on.
    on_case : callable
        Told each case.
    select : collection of str, optional
        Names of tests, as `test_notebook` selects them; without them all.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        whole: bool,
        on_case: Callable[[Case], None],
        select: Collection[str] | None = None,
    ) -> None:
        self._workspace = workspace
        self._whole = whole
        self._select = select
        self._on_case = on_case
        self._tracker: Tracker | None = None
        self._run: str | None = None
        self._opening = threading.Lock()
        self._cancellation = Cancellation()

    def __enter__(self) -> CodeTests:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tracker is not None and self._run is not None:
            self._tracker.end(self._run, "FINISHED" if error is None else "FAILED")

    def all(self, paths: Sequence[str], jobs: int) -> list[Case]:
        """The cases of several notebooks in their order, `jobs` of them tested at the same time."""
        if jobs == 1:
            return [case for path in paths for case in self.cases(path, self._on_case)]
        with ThreadPoolExecutor(jobs, thread_name_prefix="tests") as pool:
            futures = [pool.submit(self.cases, path, _silent) for path in paths]
            try:
                for done in as_completed(futures):
                    for case in done.result():
                        self._on_case(case)
            except BaseException:
                self._cancellation.cancel()  # before the pool waits for its threads
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [case for future in futures for case in future.result()]

    def cases(self, path: str, on_case: Callable[[Case], None]) -> list[Case]:
        """The cases of the notebook at `path`, each told to `on_case`; one that cannot be read is a case itself."""
        running = self._workspace.settings.running
        kernels = SupervisedKernels(
            start_timeout=running.start_timeout,
            output_limit=running.cell_output_limit,
            cancellation=self._cancellation,
        )
        try:
            document = read_notebook(self._workspace, path)
            return test_notebook(
                self._workspace,
                document,
                kernels,
                whole=self._whole,
                select=self._select,
                environment=self._environment(document),
                on_case=on_case,
            )
        except StudioError as error:
            first = str(error.problems[0]) if isinstance(error, Problems) else str(error)
            case = Case("code", path, "can be tested", "error", message=first, detail=str(error))
            on_case(case)
            return [case]

    def _environment(self, document: NotebookDocument) -> Mapping[str, str]:
        """What the kernel needs to know of MLflow; nothing where the notebook does not speak of it."""
        if not any("mlflow" in cell.source for cell in document.cells):
            return self._workspace.environment
        with self._opening:
            if self._tracker is None or self._run is None:
                prepare_store(self._workspace)
                self._tracker = Tracker(self._workspace)
                self._run = self._tracker.begin_pipeline(EXPERIMENT, new_run_id())
            return {**self._workspace.environment, **self._tracker.kernel_environment(self._run)}


def _silent(_: Case) -> None:
    """Told later, with the notebook's other cases."""
