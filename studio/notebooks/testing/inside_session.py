"""A pytest session in the kernel whose one module is the notebook.

Each test cell is executed in the notebook's name space, its asserts rewritten as pytest does it, and pytest itself
collects what the cell bound: fixtures, parameters, marks and classes mean what they mean in a file. The session is
driven test by test, from `studio.notebooks.testing.inside`.
"""

from __future__ import annotations

import ast
import functools
import json
import linecache
import os
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionRepr
from _pytest.assertion.rewrite import rewrite_asserts
from _pytest.config import _prepareconfig
from _pytest.config.findpaths import load_config_dict_from_file
from _pytest.mark.structures import get_unpacked_marks
from _pytest.runner import collect_one_node

from studio.notebooks.testing.inside_text import ANSWER_LIMIT, bounded, one_line, plain_text

_OFF = (
    *("cacheprovider", "stepwise", "doctest", "faulthandler", "junitxml", "pastebin", "threadexception"),
    *("unraisableexception", "xdist", "xdist.looponfail", "pytest_cov", "timeout", "studio-notebooks"),
)
"""Plugins that write files, start processes or watch what is not the test's; the time limit is kept from outside."""
_INI_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_KNOWN_WARNING = "-Wignore::pytest.PytestAssertRewriteWarning"
"""Studio is a plugin of pytest, and in a kernel it is imported before pytest is: no reason for a warning."""


class Notebook(pytest.Module):
    """The notebook as pytest's module: what is collected is always what the last test cell bound."""

    cell: Callable[[], types.ModuleType] | None = None
    error: BaseException | None = None

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """The tests of the cell that is being loaded."""
        __tracebackhide__ = True
        if self.cell is None:
            return []
        load, self.cell, self.error = self.cell, None, None
        try:
            self.obj = load()
            self.own_markers[:] = get_unpacked_marks(self.obj)
            return list(super().collect())
        except pytest.skip.Exception as error:
            if error.allow_module_level:
                raise
            raise self.CollectError(
                "pytest.skip was called outside of a test. To skip all tests of the cell, pass allow_module_level=True."
            ) from error
        finally:
            self.obj = user_module()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """What pytest shows; the exception itself is kept, since it knows the line."""
        self.error = excinfo.value
        return super().repr_failure(excinfo)


class Later(pytest.Item):
    """Stands for the tests that follow in other cells, so that the module's fixtures live on."""

    def runtest(self) -> None:
        """Never run."""
        raise AssertionError("a placeholder was run")


class Recorder:
    """pytest's plugin that makes the notebook a module and keeps the reports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.module: Notebook | None = None
        self.reports: list[Any] = []
        self.faults: list[pytest.CollectReport] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the mark of time limits known."""
        config.addinivalue_line("markers", "timeout(seconds): how long the test may take")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Notebook | None:
        """The notebook."""
        if file_path != self.path:
            return None
        self.module = Notebook.from_parent(parent, path=file_path)
        self.module.obj = user_module()
        return self.module

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came of a part of a test."""
        self.reports.append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        if not report.passed:
            self.faults.append(report)


class Tests:
    """The session."""

    def __init__(self, root: str, notebook: str, options: list[str]) -> None:
        self.name = notebook
        path = Path(root, notebook)
        self.recorder = Recorder(path)
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            os.environ.pop(name, None)
        arguments = [
            str(path),
            f"--rootdir={root}",
            f"--confcutdir={root}",
            "--capture=sys",
            "--color=no",
            "-oaddopts=",
            _KNOWN_WARNING,
            *options,
        ]
        arguments += [f"-pno:{name}" for name in _OFF]
        ini = _ini_file(Path(root))
        arguments += [f"-c{ini}"] if ini else [f"-c{os.devnull}"]
        if folder := os.environ.get("JUPYTER_RUNTIME_DIR"):  # the kernel's own, which goes with it
            arguments.append(f"--basetemp={folder}/tests")
        self.config = _prepareconfig(arguments, [self.recorder])
        self.config._do_configure()
        # Comparisons are explained by its writer, so that it has to be there; nobody reads what it writes.
        self.config.get_terminal_writer()._file = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        self.session = pytest.Session.from_config(self.config)
        self.config.hook.pytest_sessionstart(session=self.session)
        self.session.perform_collect()
        if self.recorder.module is None:
            told = [str(report.longrepr) for report in self.recorder.faults]
            raise RuntimeError("\n".join(told) or "pytest did not take the notebook")
        self.module = self.recorder.module
        self.items: dict[tuple[int, str], pytest.Item] = {}
        self.current = ""

    def load(self, cell: int, source: str) -> dict[str, Any]:
        """Execute a test cell and collect its tests."""
        self.recorder.faults.clear()
        self.module.cell = functools.partial(_execute, source, place(self.name, cell), self.config)
        report = collect_one_node(self.module)
        if not report.passed:
            self.recorder.faults.append(report)
        nodes = report.result if report.passed else []
        items = [item for node in nodes for item in self.session.genitems(node)]
        for mark in self.module.own_markers:  # what `pytestmark` says holds for the cell, not for those after it
            for item in items:
                item.add_marker(getattr(pytest.mark, mark.name).with_args(*mark.args, **mark.kwargs))
        self.module.own_markers.clear()
        self.config.hook.pytest_collection_modifyitems(session=self.session, config=self.config, items=items)
        described = []
        for item in items:
            name = item.nodeid.removeprefix(self.module.nodeid + "::")
            self.items[cell, name] = item
            described.append(_described(item, name))
        return {"items": described, "faults": [self._fault(fault, cell) for fault in self.recorder.faults]}

    def _fault(self, report: pytest.CollectReport, cell: int) -> dict[str, Any]:
        """Why a cell, or a class in it, has no tests to run."""
        name = report.nodeid.removeprefix(self.module.nodeid).removeprefix("::")
        text = bounded(report.longreprtext)
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "").removeprefix("E").strip()
        told, line = last, None
        if report.skipped and isinstance(report.longrepr, tuple):
            told = str(report.longrepr[2])
        elif not name and self.module.error is not None:
            error = self.module.error
            told, line = one_line(error), _line_in(place(self.name, cell), error)
        return {
            "name": name,
            "skipped": report.skipped,
            "message": told,
            "line": line,
            "detail": "" if report.skipped else text,
            "output": bounded("".join(content for _, content in report.sections)),
        }

    def run(self, cell: int, name: str, following: list[Any] | None) -> dict[str, Any]:
        """Run one test; `following` is the next one (cell and name; the name None for one not loaded yet)."""
        item = self.items.get((cell, name))
        if item is None:
            return {"unknown": sorted(known for number, known in self.items if number == cell)}
        after: pytest.Item | None = None
        if following is not None:
            after = self.items.get((following[0], following[1])) or Later.from_parent(self.module, name="later")
        self.recorder.reports, self.current = [], place(self.name, cell)
        stopped = None
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            stopped = self._stopped(item, error)
        reports = [self._data(report) for report in self.recorder.reports]
        return {"reports": reports, "stopped": stopped, "line": _line_of(item)}

    def _stopped(self, item: pytest.Item, error: BaseException) -> dict[str, Any]:
        """Where an interrupt met the test; its fixtures are torn down."""
        detail = bounded(plain_text(item.repr_failure(pytest.ExceptionInfo.from_exception(error))))
        capture = self.config.pluginmanager.getplugin("capturemanager")
        out, err = capture.read_global_capture() if capture is not None else ("", "")
        out = "".join(text for _, _, text in item._report_sections) + out
        try:
            self.session._setupstate.teardown_exact(None)
        except Exception:  # noqa: BLE001 - told with the rest of what came of the interrupted test
            detail += "\n" + traceback.format_exc()
        told = "" if isinstance(error, KeyboardInterrupt) else f"The test called pytest.exit({str(error)!r})."
        return {"detail": detail, "output": bounded(out + err), "message": told}

    def _data(self, report: Any) -> dict[str, Any]:
        report.sections = [(title, bounded(text)) for title, text in report.sections]
        lookup = getattr(report.longrepr, "errorstring", None)  # a fixture that nobody has
        if not isinstance(report.longrepr, str | tuple | ExceptionRepr | None):
            report.longrepr = plain_text(report.longrepr)  # as pytest would serialise it, but without colours
        data: dict[str, Any] = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        text = json.dumps(data, default=str)
        if len(text) > 4 * ANSWER_LIMIT:
            report.longrepr, report.sections = bounded(report.longreprtext), []
            data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
            text = json.dumps(data, default=str)
        found: dict[str, Any] = json.loads(text)
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash is not None else (lookup or report.longreprtext)
        return found | {"text": bounded(report.longreprtext), "message": bounded(message), "line": self._line(report)}

    def _line(self, report: Any) -> int | None:
        """The last line of a test cell that the exception came through."""
        shown = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
        places = [entry.reprfileloc for entry in shown if getattr(entry, "reprfileloc", None) is not None]
        lines = [found.lineno for found in places if found.path == self.current]
        return lines[-1] if lines else None

    def finish(self) -> dict[str, Any]:
        """Tear down what is still set up."""
        self.config.hook.pytest_sessionfinish(session=self.session, exitstatus=0)
        self.config._ensure_unconfigure()
        return {}


def place(notebook: str, cell: int) -> str:
    """The name under which a cell's code is known to tracebacks."""
    return f"{notebook}[cell {cell}]"


def user_module() -> types.ModuleType:
    """The notebook's own module, `__main__`."""
    from IPython import get_ipython

    module: types.ModuleType = get_ipython().user_module
    return module


def _execute(source: str, filename: str, config: pytest.Config) -> types.ModuleType:
    """Execute a test cell in the notebook's name space; a module of what it bound."""
    __tracebackhide__ = True
    from IPython import get_ipython

    shell = get_ipython()
    transformed = shell.transform_cell(source)
    linecache.cache[filename] = (len(transformed), None, transformed.splitlines(keepends=True), filename)
    tree = compile(transformed, filename, "exec", flags=_flags(shell) | ast.PyCF_ONLY_AST, dont_inherit=True)
    rewrite_asserts(tree, transformed.encode(), filename, config)
    code = compile(tree, filename, "exec", flags=_flags(shell), dont_inherit=True)
    space = vars(user_module())
    before = dict(space)
    exec(code, space)  # noqa: S102 - this is what a test cell is for
    holder = types.ModuleType(f"{user_module().__name__}[{filename}]")
    missing = object()
    changed = [name for name, value in space.items() if before.get(name, missing) is not value]
    bound = dict.fromkeys([*_stored(tree), *changed])
    vars(holder).update({name: space[name] for name in bound if name in space and not name.startswith("@")})
    return holder


def _flags(shell: Any) -> int:
    """What ``from __future__`` imports in earlier cells have switched on."""
    return int(shell.compile.flags) & ~ast.PyCF_ALLOW_TOP_LEVEL_AWAIT & ~ast.PyCF_ONLY_AST


def _stored(tree: ast.Module) -> list[str]:
    """Names that functions, classes and imports of the cell bind, in order."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node in tree.body:
            names.append(node.name)
        elif isinstance(node, ast.alias):
            names.append(node.asname or node.name.partition(".")[0])
    return names


def _described(item: pytest.Item, name: str) -> dict[str, Any]:
    limit = item.get_closest_marker("timeout")
    seconds = None
    if limit is not None:
        seconds = limit.args[0] if limit.args else limit.kwargs.get("timeout")
    marks = [[mark.name, _plain(mark.args), _plain(mark.kwargs)] for mark in item.iter_markers()]
    return {"name": name, "line": _line_of(item), "timeout": seconds, "marks": marks}


def _plain(value: Any) -> Any:
    """`value` where JSON gives it back as it is; else nothing."""
    empty: Any = {} if isinstance(value, dict) else []
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return empty


def _line_of(item: pytest.Item) -> int | None:
    code = getattr(getattr(item, "function", None), "__code__", None)
    return None if code is None else int(code.co_firstlineno)


def _line_in(filename: str, error: BaseException) -> int | None:
    """The line of that file which the exception came through last."""
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    return lines[-1] if lines else None


def _ini_file(root: Path) -> Path | None:
    """The workspace's own configuration of pytest; one in a folder above it is none."""
    for name in _INI_FILES:
        if (root / name).is_file() and load_config_dict_from_file(root / name) is not None:
            return root / name
    return None
