from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from studio.core import imports


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that guards an optional import, and the optional one."""
    (tmp_path / "an_optional.py").write_text("", encoding="utf-8")
    guarded = "try:\n    import an_optional\nexcept ImportError:\n    an_optional = None\n"
    (tmp_path / "a_library.py").write_text(guarded, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("a_library", "an_optional"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "a_library"


def test_a_module_is_absent_within_the_block_only(library: str) -> None:
    finders = list(sys.meta_path)
    with imports.without("an_optional"):
        assert __import__(library).an_optional is None
    assert sys.meta_path == finders
    assert __import__("an_optional").__name__ == "an_optional"


def test_other_modules_are_imported_as_ever(library: str) -> None:
    with imports.without("something_else"):
        assert __import__(library).an_optional is not None


def test_the_block_leaves_no_trace_when_it_fails(library: str) -> None:
    finders = list(sys.meta_path)
    with pytest.raises(ModuleNotFoundError, match="an_optional"), imports.without("an_optional"):
        __import__("an_optional")
    assert sys.meta_path == finders


def test_other_threads_notice_nothing(library: str) -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(__import__(library).an_optional is not None))
    with imports.without("an_optional"):
        thread.start()
        thread.join()
    assert seen == [True]


def test_what_notebook_libraries_do_without_is_left_out() -> None:
    left_out = [name for name in imports.NOTEBOOK_LIBRARIES_DO_WITHOUT if name not in sys.modules]
    with imports.notebook_libraries():
        for name in left_out:
            with pytest.raises(ModuleNotFoundError):
                __import__(name)
