"""The pytest plugin: plain ``pytest`` in a workspace collects its notebooks too.

Every pytest of the installation loads this file, so that it imports nothing of Studio before a notebook turns up.
``-p no:studio-notebooks`` switches it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from studio.notebooks.document import NotebookDocument
    from studio.notebooks.testing.collecting import Bench, NotebookFile
    from studio.pipelines.session_store import TrialStore

_NAME = "studio-notebooks-of-workspace"


def pytest_configure(config: pytest.Config) -> None:
    """Take part where there is a workspace, at pytest's root or above, or where it was called."""
    root = _workspace(config.rootpath) or _workspace(config.invocation_params.dir)
    if root is not None and not config.pluginmanager.has_plugin(_NAME):
        config.addinivalue_line("markers", "timeout(seconds): how long a notebook's test may take")
        config.pluginmanager.register(Notebooks(config, root), _NAME)


def _workspace(start: Path) -> Path | None:
    return next((folder for folder in (start, *start.parents) if (folder / "studio.toml").is_file()), None)


class Notebooks:
    """The notebooks of one workspace in one pytest session."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._config = config
        self._root = root.resolve()
        self._made: Bench | None = None
        self._store: TrialStore | None = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> NotebookFile | None:
        """A notebook with test cells: below notebooks/, or named by the caller."""
        if file_path.suffix != ".ipynb" or not file_path.resolve().is_relative_to(self._root):
            return None
        named = parent.session.isinitpath(file_path)
        if not named and not file_path.resolve().is_relative_to(self._root / "notebooks"):
            return None
        if ".ipynb_checkpoints" in file_path.parts or b'"test"' not in file_path.read_bytes():
            return None
        from studio.notebooks.testing.collecting import NotebookFile

        file: NotebookFile = NotebookFile.from_parent(parent, path=file_path)
        file.bench = self._bench()
        return file

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep pytest-timeout from measuring here what the kernel's side measures: it would count other cells in."""
        if self._made is not None:
            from studio.notebooks.testing.collecting import NotebookTest

            for item in session.items:
                if isinstance(item, NotebookTest):
                    item.add_marker(pytest.mark.timeout(0), append=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a notebook's test in its kernel."""
        if self._made is None:
            return None
        from studio.notebooks.testing.collecting import NotebookTest

        if not isinstance(item, NotebookTest):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._made.run(item, nextitem):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """End the kernel that is left after ``-x``, an interrupt or an internal error."""
        self._close(at_once=exitstatus in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR})

    def pytest_unconfigure(self) -> None:
        """The same where the session did not come to its end."""
        self._close(at_once=True)

    def _bench(self) -> Bench:
        if self._made is None:
            import os

            from studio.core.errors import StudioError
            from studio.core.workspace import SAMPLED, Workspace
            from studio.notebooks.testing.collecting import Bench
            from studio.pipelines.session import SupervisedKernels

            workspace = Workspace(self._root, sampled=os.environ.get(SAMPLED) == "1")
            try:
                running = workspace.settings.running
            except StudioError as error:
                raise pytest.Collector.CollectError(str(error)) from error
            kernels = SupervisedKernels(start_timeout=running.start_timeout, output_limit=running.cell_output_limit)
            limit = self._config.getoption("timeout", None)
            self._made = Bench(workspace, kernels, self._environment, _options(self._config), limit)
        return self._made

    def _environment(self, document: NotebookDocument) -> Mapping[str, str]:
        """A copy of MLflow's store, so that what tests log never lands beside the real runs."""
        if not any("mlflow" in cell.source for cell in document.cells):
            return {}
        if self._store is None:
            import os

            from studio.core.workspace import SAMPLED, Workspace
            from studio.pipelines.session_store import TrialStore

            self._store = TrialStore(Workspace(self._root, sampled=os.environ.get(SAMPLED) == "1"))
        return self._store.environment

    def _close(self, *, at_once: bool) -> None:
        try:
            if self._made is not None:
                self._made.close(at_once=at_once)
        finally:
            if self._store is not None:
                self._store.close()
                self._store = None


def _options(config: pytest.Config) -> list[str]:
    """What of pytest's own command line holds in the kernel too: how failures are shown, what counts as one."""
    given: Any = config.option
    style = given.tbstyle if given.tbstyle != "no" else "auto"
    options = [f"--tb={style}", *(["--showlocals"] if given.showlocals else []), *["-v"] * max(0, given.verbose)]
    options += ["--runxfail"] if given.runxfail else []
    return options + [f"-W{warning}" for warning in given.pythonwarnings or ()]
