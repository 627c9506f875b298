"""What --fix changes, what it leaves, and that nobody's format or file mode is lost."""

from __future__ import annotations

import json
import os

import pytest

from studio.notebooks.checks import check_notebooks, fix_notebooks
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import fingerprint
from tests.notebooks.conftest import make_cell, make_notebook

PATH = "notebooks/a.ipynb"
OUTPUT = [{"output_type": "stream", "name": "stdout", "text": ["é\n"]}]
TITLE = make_cell("# Warum, für wen?", kind="markdown")


def forms(content):
    """The same notebook as several writers write it."""
    yield json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    yield json.dumps(content, indent=1)
    yield json.dumps(content, indent=4, ensure_ascii=False) + "\n"
    yield json.dumps(content, indent="\t")
    yield json.dumps(content)
    yield json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    yield (json.dumps(content, indent=2) + "\n").replace("\n", "\r\n")
    yield "\ufeff" + json.dumps(content, indent=1, sort_keys=True)


def fix(notebooks, *cells, text=None):
    notebooks.write(PATH, text if text is not None else json.dumps(make_notebook(TITLE, *cells), indent=1))
    done = fix_notebooks(notebooks.workspace, [PATH])
    return done, json.loads((notebooks.root / PATH).read_bytes().decode("utf-8-sig"))


def sources(content):
    return ["".join(cell["source"]) for cell in content["cells"][1:]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\nx = 1", "x = 1"),
        ("import os, sys\nsys.path", "import sys\nsys.path"),
        ("import os, sys\nx = 1", "x = 1"),
        ("from math import (\n    pi,\n    tau,\n)\npi", "from math import (\n    pi,\n)\npi"),
        ("x = 1\nimport os; y = 2", "x = 1\ny = 2"),
        ("import numpy as np", ""),
        ("import unheard_of", "import unheard_of"),
        ("import os  # studio: ignore[unused-import] why", "import os  # studio: ignore[unused-import] why"),
        ("x = 1\nfrom math import (\n    pi,  # studio: ignore[unused-import] why\n    tau,\n)", None),
        ("%matplotlib inline\nimport os\n!ls\n", "%matplotlib inline\n!ls\n"),
        ("x = 'ä😀'\nimport os\ny = 'ä'", "x = 'ä😀'\ny = 'ä'"),
    ],
)
def test_unused_imports_are_taken_out(notebooks, before, after):
    done, content = fix(notebooks, before)
    assert sources(content) == [before if after is None else after]
    assert [fixed.rule for fixed in done] == ([] if after in {None, before} else ["unused-import"])


def test_a_module_of_the_workspace_is_left_alone(notebooks):
    notebooks.write("notebooks/secrets.py", "print('imported')\n")
    _, content = fix(notebooks, "import secrets")
    assert sources(content) == ["import secrets"]


def test_what_an_execution_out_of_order_left_is_cleared(notebooks):
    cells = [make_cell(f"print({n})", execution_count=n, outputs=OUTPUT) for n in (1, 5, 2)]
    cells.append(make_cell("1", "scratch", execution_count=9, outputs=OUTPUT))
    done, content = fix(notebooks, *cells)
    assert [cell["execution_count"] for cell in content["cells"][1:]] == [1, None, None, 9]
    assert [bool(cell["outputs"]) for cell in content["cells"][1:]] == [True, False, False, True]
    assert [(fixed.cell, fixed.rule) for fixed in done] == [(3, "execution-order"), (4, "execution-order")]
    done, content = fix(notebooks, make_cell("1", outputs=OUTPUT), make_cell("2", outputs=OUTPUT, execution_count=2))
    assert [bool(cell["outputs"]) for cell in content["cells"][1:]] == [False, False]


def test_missing_ids_are_written_where_nbformat_sorts_them(notebooks):
    content = make_notebook(TITLE, make_cell("1"), make_cell("2", id="id-1"))
    content["cells"][0] = {key: value for key, value in sorted(content["cells"][0].items()) if key != "id"}
    done, fixed = fix(notebooks, text=json.dumps(content))
    assert [cell["id"] for cell in fixed["cells"]] == ["cell-1", "id-1", "cell-3"]
    assert list(fixed["cells"][0]) == ["cell_type", "id", "metadata", "source"]
    assert {item.rule for item in done} == {"missing-cell-id"}


def test_the_file_keeps_its_form(notebooks):
    stale = make_cell("x = 'é'", outputs=OUTPUT)
    before = make_notebook(TITLE, stale, "y = 0.1")
    after = make_notebook(TITLE, {**stale, "outputs": []}, "y = 0.1")
    for old, new in zip(forms(before), forms(after), strict=True):
        fix(notebooks, text=old)
        assert (notebooks.root / PATH).read_bytes().decode() == new


def test_sound_broken_and_text_notebooks_are_not_written(notebooks):
    for path, text in (
        (PATH, json.dumps(make_notebook(TITLE, "x = 1"))),
        ("notebooks/b.ipynb", "{"),
        ("notebooks/c.py", "# %%\nimport os\n"),
    ):
        file = notebooks.write(path, text)
        os.utime(file, (1, 1))
        assert fix_notebooks(notebooks.workspace, [path]) == []
        assert file.stat().st_mtime == 1


def test_mode_and_links_are_kept(notebooks):
    real = notebooks.save("notebooks/real.ipynb", TITLE, "import os")
    real.chmod(0o640)
    link = notebooks.root / PATH
    link.symlink_to(real)
    (fixed,) = fix_notebooks(notebooks.workspace, [PATH])
    assert "(os)" in fixed.message
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640


def test_only_taking_imports_out_changes_the_fingerprint(notebooks):
    def digest():
        return fingerprint(notebooks.workspace, read_notebook(notebooks.workspace, PATH)).digest

    cells = [make_cell("print()", execution_count=2, outputs=OUTPUT), make_cell("2", execution_count=1, id="id-0")]
    content = make_notebook(TITLE, *cells)
    notebooks.write(PATH, json.dumps(content))
    before = digest()
    assert {fixed.rule for fixed in fix_notebooks(notebooks.workspace, [PATH])} == {
        "execution-order",
        "missing-cell-id",
    }
    assert digest() == before
    notebooks.write(PATH, json.dumps(make_notebook(TITLE, "import os", *cells)))
    before = digest()
    fix_notebooks(notebooks.workspace, [PATH])
    assert digest() != before
    assert not [finding for finding in check_notebooks(notebooks.workspace, [PATH]) if finding.fixable]
