from __future__ import annotations

import pytest

from studio.notebooks.checks import check_notebook


@pytest.fixture
def check(notebooks):
    def run(*cells, known=None, files=None):
        for name, text in (files or {}).items():
            notebooks.write(name, text)
        notebooks.save("notebooks/a.ipynb", *cells)
        return check_notebook(notebooks.workspace, "notebooks/a.ipynb", known_datasets=known)

    return run


def test_a_sound_notebook_has_no_problems(notebooks, check):
    cells = [
        notebooks.cell("# Title", kind="markdown"),
        "%matplotlib inline\nimport studio\nimport lib",
        notebooks.cell("horizon: int = 24  # hours", "parameters"),
        "frame = studio.load('a')\nstudio.save('b', frame)",
        notebooks.cell("def test_a():\n    assert lib", "test"),
        notebooks.cell("studio.load(anything", "scratch"),
    ]
    assert check(*cells, known={"a", "b"}, files={"lib.py": "x = 1"}) == []
    assert check(*cells, known=None) == []


def test_everything_wrong_is_told_at_once(notebooks, check):
    problems = check(
        notebooks.cell("a: int = ''\nb: int = 1", "parameters"),
        "import studio\nstudio.load('customer')\nstudio.load(name)",
        "x = (",
        notebooks.cell("def test_a(:", "test"),
        notebooks.cell("y", "Scratch"),
        "import sys\nsys.path.insert(0, '..')",
        "import lib\nlib.f()",
        known={"customers"},
        files={"lib.py": "def f(:"},
    )
    found = {(problem.path, problem.field or problem.line): problem.message for problem in problems}
    place = "notebooks/a.ipynb"
    assert "does not fit int" in found[place, "cell 1, line 1: a"]
    assert "Did you mean 'customers'?" in found[place, "cell 2, line 2"]
    assert "cannot be read without running" in found[place, "cell 2, line 3"]
    assert "This is not Python" in found[place, "cell 3, line 1"]
    assert "This is not Python" in found[place, "cell 4, line 1"]
    assert "write it 'scratch'" in found[place, "cell 5"]
    assert "The module path is changed" in found[place, "cell 6, line 2"]
    assert "The module is not Python" in found["lib.py", 1]
    assert [problem.message[:20] for problem in problems if not problem.field and problem.path == place] == [
        "It has no word of ex"
    ]
    assert len(problems) == 9


def test_parameters_need_help(notebooks, check):
    (problem,) = check(notebooks.cell("# Title", kind="markdown"), notebooks.cell("a = 1\nb = 2  # fine", "parameters"))
    assert problem.field == "cell 2, line 1: a"
    assert "The parameter has no help" in problem.message


def test_modules_that_hide_pythons_own_or_call_the_doorway_are_told(notebooks, check):
    files = {"random.py": "", "lib.py": "import studio\n\ndef f():\n    return studio.load('a')\n"}
    problems = check(notebooks.cell("# Title", kind="markdown"), "import random, lib\nlib.f(random)", files=files)
    assert [(problem.path, problem.line) for problem in problems] == [("lib.py", 4), ("random.py", 0)]
    assert "are seen in notebooks only" in problems[0].message
    assert "hides Python's own module 'random'" in problems[1].message


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "is cut off"), ("[]", "no notebook"), ('{"nbformat": 4, "cells": [{}]}', "cell type")]
)
def test_an_unreadable_notebook_is_one_problem(notebooks, text, sentence):
    notebooks.write("notebooks/a.ipynb", text)
    (problem,) = check_notebook(notebooks.workspace, notebooks.root / "notebooks/a.ipynb")
    assert sentence in problem.message
    assert str(problem).count("a.ipynb") == 1


def test_a_missing_notebook_is_one_problem(notebooks):
    (problem,) = check_notebook(notebooks.workspace, "a.ipynb")
    assert "does not exist" in problem.message
