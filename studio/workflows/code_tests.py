"""The tests in notebooks, run in kernels on the sampled state; what they log goes to the sampled MLflow store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

from studio.core.errors import Problems, StudioError
from studio.core.identifiers import new_run_id
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.notebooks.document import NotebookDocument, read_notebook
from studio.notebooks.testing import test_notebook
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
    """

    def __init__(self, workspace: Workspace, *, whole: bool, on_case: Callable[[Case], None]) -> None:
        self._workspace = workspace
        self._whole = whole
        self._on_case = on_case
        self._tracker: Tracker | None = None
        self._run: str | None = None

    def __enter__(self) -> CodeTests:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tracker is not None and self._run is not None:
            self._tracker.end(self._run, "FINISHED" if error is None else "FAILED")

    def cases(self, path: str) -> list[Case]:
        """The cases of the notebook at `path`; one that cannot be read is a case itself."""
        running = self._workspace.settings.running
        try:
            document = read_notebook(self._workspace, path)
            return test_notebook(
                self._workspace,
                document,
                SupervisedKernels(start_timeout=running.start_timeout, output_limit=running.cell_output_limit),
                whole=self._whole,
                environment=self._environment(document),
                on_case=self._on_case,
            )
        except StudioError as error:
            first = str(error.problems[0]) if isinstance(error, Problems) else str(error)
            case = Case("code", path, "can be tested", "error", message=first, detail=str(error))
            self._on_case(case)
            return [case]

    def _environment(self, document: NotebookDocument) -> Mapping[str, str]:
        """What the kernel needs to know of MLflow; nothing where the notebook does not speak of it."""
        if not any("mlflow" in cell.source for cell in document.cells):
            return self._workspace.environment
        if self._tracker is None or self._run is None:
            prepare_store(self._workspace)
            self._tracker = Tracker(self._workspace)
            self._run = self._tracker.begin_pipeline(EXPERIMENT, new_run_id())
        return {**self._workspace.environment, **self._tracker.kernel_environment(self._run)}
