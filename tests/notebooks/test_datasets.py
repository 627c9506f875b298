from __future__ import annotations

import pytest

from studio.notebooks.datasets import read_datasets


@pytest.fixture
def read(notebooks):
    return lambda *cells: read_datasets(notebooks.document(*cells))


@pytest.mark.parametrize(
    "source",
    [
        "import studio\nstudio.load('a')\nstudio.save('b', x)",
        "import studio as s\ns.load('a'); s.save('b', x)",
        "from studio import load, save\nload('a')\nsave('b', x)",
        "from studio import load as l, save as s\ns('b', l('a'))",
        "from studio import *\nload('a')\nsave('b', x)",
        "import studio.data.doorway\nstudio.data.doorway.load('a'); studio.save('b', 1)",
        "import studio.data.doorway as d\nd.load('a'); d.save('b', 1)",
        "from studio.data.doorway import load, save\nload('a')\nsave('b', x)",
        "import studio\ns = studio\nl = s.load\nl('a')\ns.save('b', x)",
        "import studio\nstudio.load(name='a')\nstudio.save(frame=x, name='b')",
        "import studio\ndef f():\n    return studio.load('a')\nclass A:\n    x = studio.save('b', f())",
        "import studio\nasync def f():\n    return [studio.load('a') for _ in x]\nlambda: studio.save('b', 1)",
        "import studio\n%time x = studio.load('a')\nstudio.save('b', x)",
        "%%time\nimport studio\nx = studio.load('a')\nstudio.save('b', x)",
        "x = 1\n!ls\nx?\nimport studio\nstudio.load('a').query('studio.load').pipe(f, studio.save('b', x))",
        "try:\n    import studio\nexcept ImportError:\n    pass\nstudio.load('a')\nif 1:\n    studio.save('b', x)",
    ],
)
def test_calls_are_seen_whatever_the_import(read, source):
    found = read(source)
    assert (found.loaded, found.saved, found.problems) == (("a",), ("b",), ())


def test_uses_have_their_places_and_names_count_once(read):
    found = read("import studio", "\nstudio.load('a')", "studio.load('b')\nstudio.load('a')")
    assert [(use.name, use.cell, use.line, use.place) for use in found.loads] == [
        ("a", 1, 2, "cell 2, line 2"),
        ("b", 2, 1, "cell 3, line 1"),
        ("a", 2, 2, "cell 3, line 2"),
    ]
    assert found.loaded == ("a", "b")


def test_imports_count_for_later_cells_until_the_name_means_something_else(read):
    assert read("from studio import load", "load('a')").loaded == ("a",)
    for other in ("from pickle import load", "def load(x): ...", "load = open", "import load", "class load: ..."):
        assert read("from studio import load", other, "load('a')").loaded == ()
    assert read("import numpy as studio", "studio.load('a')").loaded == ()
    assert read("import json", "json.load('a')", "np.load('b')", "self.studio.load('c')").loaded == ()
    assert read("from .studio import load", "load('a')").loaded == ()


@pytest.mark.parametrize("tag", ["test", "scratch", "skip-execution", "injected-parameters"])
def test_cells_that_do_not_run_are_not_looked_at(notebooks, read, tag):
    found = read("import studio", notebooks.cell("studio.load('a')\nstudio.load(x", tag))
    assert (found.loads, found.problems) == ((), ())


def test_text_and_other_languages_are_not_looked_at(notebooks, read):
    assert read(notebooks.cell("studio.load('a')", kind="raw"), "# studio.load('b')\n'studio.load(\"c\")'").loads == ()
    kernel = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    assert read_datasets(notebooks.document("studio.load('a')", metadata=kernel)).loads == ()


@pytest.mark.parametrize(
    "source",
    [
        "studio.load(name)",
        "studio.load('a' + 'b')",
        "studio.load(f'a')",
        "studio.load(1)",
        "studio.load()",
        "studio.load(*names)",
        "studio.save(name, x)",
        "studio.save(frame=x)",
        "[studio.load(n) for n in names]",
    ],
)
def test_a_name_that_is_not_written_in_place_is_a_problem(read, source):
    (problem,) = read("import studio\n" + source).problems
    assert problem.field == "cell 1, line 2"
    assert "cannot be read without running it" in problem.message
    assert "Next: write its name in place" in problem.message


@pytest.mark.parametrize(
    "source", ["map(studio.load, names)", "f(x=studio.save)", "getattr(studio, 'load')('a')", "getattr(studio, n)(1)"]
)
def test_a_call_that_is_passed_on_is_a_problem(read, source):
    (problem,) = read("import studio\n" + source).problems
    assert "is passed on here" in problem.message


def test_a_cell_that_is_not_python_is_a_problem_unless_it_is_meant_to_fail(notebooks, read):
    (problem,) = read("import studio", "x =\nstudio.load('a')").problems
    assert problem.field == "cell 2, line 1"
    assert "This is not Python: invalid syntax" in problem.message
    assert read(notebooks.cell("x = = 1", "raises-exception")).problems == ()
