"""Outputs stay out of commits; everything else, and the looks of the file, stay in."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.notebooks.clean_filter import CannotClean, cleaned, main
from tests.conftest import notebook

OUTPUT = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 3}


def executed(**first: Any) -> dict[str, Any]:
    value = notebook("x = 1", "x")
    for cell in value["cells"]:
        cell |= {"execution_count": 3, "outputs": [copy.deepcopy(OUTPUT)]}
    value["cells"][0]["metadata"] |= first
    return value


def test_outputs_and_counts_are_left_out() -> None:
    found = json.loads(cleaned(json.dumps(executed(), indent=1).encode()))
    assert found == notebook("x = 1", "x")


@pytest.mark.parametrize("mark", [{"tags": ["keep-output"]}, {"tags": ["keep_output"]}, {"keep_output": True}])
def test_marked_outputs_are_kept_without_their_counts(mark: dict[str, Any]) -> None:
    found = json.loads(cleaned(json.dumps(executed(**mark)).encode()))
    assert found["cells"][0]["outputs"] == [{**OUTPUT, "execution_count": None}]
    assert found["cells"][0]["execution_count"] is None
    assert found["cells"][1]["outputs"] == []


@pytest.mark.parametrize("indent", [1, 2, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["", "\n"])
def test_the_looks_of_the_file_stay(indent: Any, ascii_only: bool, line_end: str, ending: str) -> None:
    def write(value: dict[str, Any]) -> bytes:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only) + ending
        return text.replace("\n", line_end).encode()

    value = executed()
    value["cells"][0]["source"] = ["# näher\n", "x = 1"]
    expected = copy.deepcopy(value)
    for cell in expected["cells"]:
        cell |= {"execution_count": None, "outputs": []}
    assert cleaned(write(value)) == write(expected)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["keep-output", "test", "parameters"]), unique=True), st.booleans())
def test_cleaning_again_changes_nothing(tags: list[str], widgets: bool) -> None:
    value = executed(tags=tags, execution={"iopub.status.busy": "now"})
    if widgets:
        value["metadata"]["widgets"] = {}
    once = cleaned(json.dumps(value).encode())
    assert cleaned(once) == once


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3, "nbformat": 4}',
        b'{"cells": [], "cells": [], "nbformat": 4}',
        b'{"cells": [], "nbformat": 3}',
        b'{"cells": [{"outputs": [1]}], "nbformat": 4}',
        b"\xff\xfe",
        b"<<<<<<< HEAD\n{}",
        json.dumps(executed(keep_output=False, tags=["keep_output"])).encode(),
    ],
)
def test_what_is_no_notebook_passes_through_with_a_warning(
    content: bytes, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with pytest.raises(CannotClean):
        cleaned(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    monkeypatch.delenv("PRE_COMMIT", raising=False)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))  # what it keeps out is kept out of its own process alone
    main(["a b.ipynb"])
    out, err = capfdbinary.readouterr()
    assert out == content
    assert err.startswith(b"a b.ipynb is committed with its outputs: ")
    assert err.count(b"\n") == 1


def test_the_filter_loads_no_grammar_to_strip_outputs() -> None:
    code = (
        "import sys; from studio.notebooks.clean_filter import main; main([]);"
        "assert 'nbstripout' in sys.modules and 'lark' not in sys.modules and 'arrow' not in sys.modules"
    )
    content = json.dumps(executed()).encode()
    done = subprocess.run([sys.executable, "-c", code], input=content, check=True, timeout=60, capture_output=True)
    assert json.loads(done.stdout) == notebook("x = 1", "x")


def test_a_clean_notebook_costs_no_heavy_import() -> None:
    code = (
        "import sys, json; from studio.notebooks.clean_filter import cleaned; cleaned(sys.stdin.buffer.read());"
        "assert not {'nbformat', 'nbstripout', 'pydantic', 'yaml'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], input=json.dumps(notebook("x = 1")).encode(), check=True, timeout=60)
