"""What runs in the kernel: does what is asked from outside, one thing at a time, and publishes what came of it.

The pytest session that it drives is `studio.notebooks.testing.inside_session`; a test which never ends, or ends the
kernel, costs only itself.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.notebooks.testing.inside_session import Tests, place, user_module
from studio.notebooks.testing.inside_text import bounded, one_line
from studio.notebooks.testing.kernels import MIME


def answer(request: str) -> None:
    """Do what `request` (JSON) asks, and publish what came of it."""
    asked = json.loads(request)
    found = _ACTIONS[asked.pop("do")](**asked)
    from IPython import get_ipython

    get_ipython().display_pub.publish({MIME: found})


_tests: Tests | None = None


def _begin(root: str, notebook: str, cells: dict[str, str], options: list[str]) -> dict[str, Any]:
    global _tests  # noqa: PLW0603 - a kernel holds the tests of one notebook
    _name_cells(notebook, cells)
    try:
        # pytest's filters of warnings hold in its tests, not in the notebook's own cells.
        with warnings.catch_warnings():
            _tests = Tests(root, notebook, options)
    except BaseException as error:  # noqa: BLE001 - a conftest.py may raise anything; it is told as the tests' error
        cause = error.__cause__ or getattr(error, "cause", None) or error
        return {"fault": one_line(cause), "detail": bounded(traceback.format_exc())}
    return {}


def _the_tests() -> Tests:
    assert _tests is not None  # `begin` came first
    return _tests


def _where(cell: int) -> dict[str, Any]:
    """Where the exception that a code cell has just raised came from."""
    error = getattr(sys, "last_value", None)
    if error is None:
        return {"line": None, "detail": "", "message": ""}
    wanted = place(_the_tests().name, cell)
    frames = traceback.extract_tb(error.__traceback__)
    first = next((index for index, frame in enumerate(frames) if frame.filename == wanted), None)
    lines = traceback.format_list(frames[first or 0 :]) + traceback.format_exception_only(error)
    line = frames[first].lineno if first is not None else getattr(error, "lineno", None)
    return {"line": line, "detail": bounded("".join(lines)), "message": one_line(error)}


def _check(function: str, takes: str, gives: str | None, examples: int, root: str) -> dict[str, Any]:
    """Push generated frames through a function that has a contract."""
    # By its name, since this room does not know that of data; the kernel, which runs the notebook, has both.
    check_function = importlib.import_module("studio.data.testing.generated").check_function
    found = vars(user_module()).get(function)
    if found is None:
        return {"status": "error", "message": f"The notebook's cells did not define {function}.", "detail": ""}
    marked = getattr(found, "__studio_contract__", None) or {}
    try:
        check_function(Path(root), found, marked.get("takes", takes), marked.get("gives", gives), examples)
    except AssertionError as error:
        return {"status": "failed", "message": one_line(error), "detail": bounded(str(error))}
    except Exception as error:  # noqa: BLE001 - whatever keeps the check from being made is told
        return {"status": "error", "message": one_line(error), "detail": bounded(traceback.format_exc())}
    return {"status": "passed", "message": "", "detail": ""}


_ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "begin": _begin,
    "load": lambda cell, source: _the_tests().load(cell, source),
    "run": lambda cell, name, following: _the_tests().run(cell, name, following),
    "where": _where,
    "check": _check,
    "finish": lambda: _the_tests().finish(),
}


def _name_cells(notebook: str, cells: dict[str, str]) -> None:
    """Let tracebacks through code cells name notebook and cell; `cells` maps numbers to sources."""
    from IPython import get_ipython

    compiler = get_ipython().compile
    waiting: dict[str, list[int]] = {}
    for number, source in cells.items():
        waiting.setdefault(source, []).append(int(number))
    usual = compiler.get_code_name

    def get_code_name(raw_code: str, transformed_code: str, number: int) -> str:
        numbers = waiting.get(raw_code)
        if not numbers:
            return str(usual(raw_code, transformed_code, number))
        return place(notebook, numbers.pop(0) if len(numbers) > 1 else numbers[0])

    compiler.get_code_name = get_code_name
