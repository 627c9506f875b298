"""No notebook brings the checks down, and --fix does the same twice: nothing the second time."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import Problems
from studio.notebooks.checks import check_notebooks, fix_notebooks
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import fingerprint

STEADY = settings(
    deadline=None,
    derandomize=True,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
PIECES = st.sampled_from(
    [
        "import os",
        "import numpy as np, sys",
        "from math import (pi,",
        "    tau)",
        "import a.b as c; x = 1",
        "from os import path as p",
        "x = x + y",
        "def f(a=1, *b, **c): return lambda d: a + d + later",
        "class A: z = [i for i in range(3) if i]",
        "np.random.rand(3)",
        'print(os, pi, "/home/ada/x.csv")',
        'password = "hunter2!"',
        "%time sys.path",
        "%%time",
        "!ls {x}",
        "x?",
        "try: y",
        "except NameError: y = 1",
        "match x:",
        '    case {"a": v, **w}: pass',
        "# studio: ignore[unused-import] why",
        "import re  # studio: ignore[unused-import]",
        "# studio: ignore",
        'é = "😀\u2028"',
        "del x",
        "global x",
        "async def g(): await f()",
        "x = (",
    ]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SOURCES = st.lists(PIECES | TEXTS, max_size=5).map("\n".join)
OUTPUTS = st.lists(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": st.just("stdout"), "text": TEXTS})
    | st.fixed_dictionaries(
        {"output_type": st.just("display_data"), "metadata": st.just({}), "data": st.dictionaries(TEXTS, TEXTS)}
    ),
    max_size=2,
)
CELLS = st.fixed_dictionaries(
    {
        "cell_type": st.just("code"),
        "source": SOURCES | SOURCES.map(lambda text: text.splitlines(keepends=True)),
        "metadata": st.sampled_from(
            [{}, *({"tags": [tag]} for tag in ("test", "scratch", "parameters", "skip-execution", "raises-exception"))]
        ),
        "outputs": OUTPUTS,
        "execution_count": st.none() | st.integers(0, 5),
    },
    optional={"id": st.sampled_from(["a", "b", "c", "é"])},
) | st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["markdown", "raw"]), "source": SOURCES, "metadata": st.just({})}
)
NOTEBOOKS = st.builds(
    lambda cells, language, minor: {
        "nbformat": 4,
        "nbformat_minor": minor,
        "metadata": {"kernelspec": {"name": "k", "language": language}},
        "cells": cells,
    },
    st.lists(CELLS, max_size=6),
    st.sampled_from(["python", "python", "python", "R"]),
    st.sampled_from([4, 5]),
)


def digest(notebooks, path):
    try:
        return fingerprint(notebooks.workspace, read_notebook(notebooks.workspace, path)).digest
    except Problems:
        return None


@pytest.mark.slow
@STEADY
@given(NOTEBOOKS, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_notebook_can_be_checked_and_fixed(notebooks, content, indent, ascii_only):
    path = "notebooks/a.ipynb"
    file = notebooks.write(path, json.dumps(content, indent=indent, ensure_ascii=ascii_only))
    findings = check_notebooks(notebooks.workspace, [path], known_datasets=set())
    assert all(finding.message and finding.fix for finding in findings)
    before = digest(notebooks, path)
    fixed = fix_notebooks(notebooks.workspace, [path], known_datasets=set())
    if not any(item.rule == "unused-import" for item in fixed):
        assert digest(notebooks, path) == before
    once = file.read_bytes()
    assert fix_notebooks(notebooks.workspace, [path], known_datasets=set()) == []
    assert file.read_bytes() == once
    assert not [f for f in check_notebooks(notebooks.workspace, [path]) if f.fixable and f.rule != "unused-import"]
