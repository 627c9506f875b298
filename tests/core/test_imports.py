from __future__ import annotations

import importlib
import subprocess
import sys
import threading

import pytest

from studio.core.imports import without


def test_a_module_is_absent_within_and_there_again_after() -> None:
    sys.modules.pop("this_is_no_module", None)
    sys.modules.pop("colorsys", None)
    finders = list(sys.meta_path)
    with without("colorsys"), pytest.raises(ModuleNotFoundError, match="colorsys is left out here"):
        importlib.import_module("colorsys")
    assert "colorsys" not in sys.modules
    assert sys.meta_path == finders
    assert importlib.import_module("colorsys").__name__ == "colorsys"


def test_what_is_loaded_stays_usable_and_other_threads_notice_nothing() -> None:
    sys.modules.pop("colorsys", None)
    found: list[str] = []
    with without("colorsys", "json"):
        assert importlib.import_module("json") is sys.modules["json"]
        thread = threading.Thread(target=lambda: found.append(importlib.import_module("colorsys").__name__))
        thread.start()
        thread.join()
    assert found == ["colorsys"]


def test_the_libraries_of_notebooks_come_without_what_they_do_not_use() -> None:
    source = """
import sys
from studio.core.imports import notebook_libraries
with notebook_libraries():
    import nbformat, papermill
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))
assert "rfc3987_syntax" not in sys.modules and "lark" not in sys.modules
assert "pyarrow" not in sys.modules
import pyarrow.fs, rfc3987_syntax
print(papermill.execute_notebook.__name__)
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "execute_notebook\n"


def test_execution_is_cheap_to_import() -> None:
    source = """
import sys
import studio.pipelines.execution, studio.pipelines.outputs
heavy = {"papermill", "nbformat", "nbclient", "jupyter_client", "zmq", "mlflow", "pandas"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", source], check=True)
