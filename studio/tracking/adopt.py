"""The kernel's side: whatever a notebook logs to MLflow lands in its step's run.

MLflow reads ``MLFLOW_RUN_ID`` once. The first ``with mlflow.start_run():`` or the first autologged
fit uses it up, and everything after goes to new runs that nobody looks for. So, when a notebook
imports mlflow, the step's run is made the active one and stays at the bottom of MLflow's stack:

- plain ``log_*`` calls and autologging, in any cell and any thread, log to the step's run;
- the first ``mlflow.start_run()`` of the notebook *is* the step's run (and may end it early);
- every further one is a run of its own, nested in the step's (``MLFLOW_RUN_CONTEXT`` says so),
  so that a loop of runs with the same parameters works as it does in JupyterLab.

A process that the notebook starts does not inherit ``MLFLOW_RUN_ID`` once mlflow is imported: its
runs are nested ones too. The runner sets the final status, after the kernel has ended.

Only the standard library is imported here: a kernel that never imports mlflow pays nothing.
"""

from __future__ import annotations

import atexit
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from studio.tracking import discretion

VARIABLE = "MLFLOW_RUN_ID"


def install(run_id: str) -> None:
    """Let this process log to the MLflow run `run_id`, the step's, as soon as it imports mlflow."""
    os.environ[VARIABLE] = run_id

    def prepare() -> None:
        discretion.guard()
        _Adoption(run_id).begin()

    if "mlflow" in sys.modules:
        prepare()
    else:
        sys.meta_path.insert(0, _AfterImport("mlflow", prepare))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls a function once a module has been imported, and is gone then."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._name = name
        self._action = action

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._action()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class _Adoption:
    """The step's run in this process: active from now on, in every thread that has no other."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._taken = False  # whether the notebook's own first start_run() has had the step's run
        self._fluent: Any = None
        self._run: Any = None

    def begin(self) -> None:
        import mlflow
        from mlflow.tracking import fluent

        native = fluent.start_run
        try:
            self._run = native(run_id=self._run_id)
        except Exception as error:  # noqa: BLE001 - importing mlflow must not fail; the first log call says why
            sys.stderr.write(f"MLflow could not open this step's run {self._run_id}: {error}\n")
            return
        os.environ.pop(VARIABLE, None)
        self._fluent = fluent

        @functools.wraps(native)
        def start_run(*given: Any, **named: Any) -> Any:
            return self._start_run(native, given, named)

        vars(fluent).update(start_run=start_run, _get_or_start_run=self._get_or_start_run)
        vars(mlflow).update(start_run=start_run)
        _before_each_cell(self._settle)
        atexit.register(self._leave)

    def _stack(self) -> list[Any]:
        stack: list[Any] = self._fluent._active_run_stack.get()
        return stack

    def _settle(self) -> None:
        """Put the step's run back where the notebook has ended it, so that later logging finds it."""
        if not self._stack():
            self._stack().append(self._run)

    def _get_or_start_run(self) -> Any:
        self._settle()
        return self._stack()[-1]

    def _start_run(self, native: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        stack = self._stack()
        if any(run is not self._run for run in stack):
            return native(*given, **named)  # inside a run of the notebook's own: MLflow's rules
        wanted = inspect.signature(native).bind(*given, **named).arguments
        if wanted.get("nested"):
            self._settle()
            return native(*given, **named)
        if wanted.get("run_id") == self._run_id or (not wanted.get("run_id") and self._take()):
            self._settle()
            self._describe(wanted)
            return self._run
        stack.clear()
        try:
            return native(*given, **named)
        finally:
            stack.insert(0, self._run)

    def _take(self) -> bool:
        """Whether this start_run() gets the step's run: the first one does, and none in a forked process."""
        with self._lock:
            first = not self._taken and os.getpid() == self._process
            self._taken = True
            return first

    def _describe(self, wanted: dict[str, Any]) -> None:
        import mlflow

        tags = dict(wanted.get("tags") or {})
        if wanted.get("description"):
            tags["mlflow.note.content"] = wanted["description"]
        if tags:
            mlflow.MlflowClient().log_batch(
                self._run_id, tags=[mlflow.entities.RunTag(name, str(text)) for name, text in tags.items()]
            )

    def _leave(self) -> None:
        """Take the step's run from MLflow's stack before MLflow's own exit marks it FINISHED."""
        if os.getpid() != self._process:
            return
        stack = self._stack()
        stack[:] = [run for run in stack if run is not self._run]
        monitor = self._fluent.run_id_to_system_metrics_monitor.pop(self._run_id, None)
        if monitor is not None:
            monitor.finish()


def _before_each_cell(action: Callable[[], None]) -> None:
    """Call `action` before each cell of the IPython shell in this process, where there is one."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    if shell is not None:
        shell.events.register("pre_run_cell", lambda *_: action())
