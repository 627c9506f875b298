from __future__ import annotations

import jupytext
import pytest

from studio.core.errors import BadInput
from studio.notebooks.document import read_notebook

PERCENT = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Title

# %% tags=["parameters"]
horizon: int = 24  # hours

# %%
# %matplotlib inline
print(horizon)
"""


def test_the_percent_format_is_read_with_tags(notebooks):
    notebooks.write("notebooks/a.py", PERCENT)
    document = read_notebook(notebooks.workspace, "notebooks/a.py")
    assert document.path == "notebooks/a.py"
    assert [cell.type for cell in document.cells] == ["markdown", "code", "code"]
    assert document.parameters_cell.source == "horizon: int = 24  # hours"
    assert document.cells[2].source == "%matplotlib inline\nprint(horizon)"
    assert [cell.id for cell in document.cells] == ["cell-1", "cell-2", "cell-3"]
    assert document.notes == ()


@pytest.mark.parametrize("fmt", ["py:percent", "py:light", "md", "md:myst"])
def test_every_paired_form_gives_the_same_cells(notebooks, fmt):
    made = notebooks.notebook(
        notebooks.cell("# Title\n\nprose", kind="markdown"),
        notebooks.cell("horizon: int = 24  # hours", "parameters"),
        "%matplotlib inline\nimport studio",
        "def f():\n    return 1\n\n\n\nf()",
        notebooks.cell("def test_f():\n    assert f() == 1", "test"),
    )
    original = notebooks.document(**{"cells": made["cells"]})
    text = jupytext.writes(jupytext.reads(__import__("json").dumps(made), fmt="ipynb"), fmt=fmt)
    suffix = fmt.partition(":")[0]
    notebooks.write(f"a.{suffix}", text)
    document = read_notebook(notebooks.workspace, f"a.{suffix}")
    assert [(c.type, c.source, c.tags) for c in document.cells] == [(c.type, c.source, c.tags) for c in original.cells]
    assert document.kernel_name == original.kernel_name


def test_a_module_is_no_notebook(notebooks):
    notebooks.write("a.py", "import os\n\ndef f():\n    return 1\n")
    with pytest.raises(BadInput, match="is a Python module and no notebook"):
        read_notebook(notebooks.workspace, "a.py")


def test_a_broken_header_is_told(notebooks):
    notebooks.write("a.py", "# ---\n# jupyter: [\n# ---\n\n# %%\nx = 1\n")
    with pytest.raises(BadInput, match="its header is not valid YAML"):
        read_notebook(notebooks.workspace, "a.py")


def test_tags_that_are_no_list_are_told(notebooks):
    notebooks.write("a.py", '# %% tags="parameters"\nx = 1\n')
    with pytest.raises(BadInput, match="cannot be read as a text notebook: 'parameters' is not of type"):
        read_notebook(notebooks.workspace, "a.py")
