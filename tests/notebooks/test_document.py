from __future__ import annotations

import copy
import json
import subprocess
import sys

import nbformat
import pytest

from studio.core.errors import BadInput, Problems
from studio.notebooks.document import is_notebook, parse_notebook, read_notebook


def test_a_notebook_is_read_with_its_cells_tags_and_kernel(notebooks):
    notebooks.save(
        "notebooks/a.ipynb",
        notebooks.cell("# Title", kind="markdown"),
        notebooks.cell("x = 1", "parameters", "x", "x"),
        notebooks.cell(["a\n", "b"], "test", execution_count=3, outputs=[{"output_type": "stream", "text": "é"}]),
    )
    document = read_notebook(notebooks.workspace, "notebooks/a.ipynb")
    assert document.path == "notebooks/a.ipynb"
    assert (document.kernel_name, document.language) == ("python3", "python")
    assert [cell.type for cell in document.cells] == ["markdown", "code", "code"]
    assert document.cells[1].tags == ("parameters", "x")
    assert document.parameters_cell is document.cells[1]
    assert document.cells[2].source == "a\nb"
    assert document.cells[2].execution_count == 3
    assert document.cells[2].outputs_bytes == len("output_type" + "stream" + "text") + 2
    assert [cell.index for cell in document.cells_tagged("test")] == [2]
    assert [cell.role for cell in document.cells] == ["text", "parameters", "test"]
    assert document.notes == ()


def test_the_title_is_the_first_heading_that_is_no_code(notebooks):
    cell = notebooks.cell
    comment = cell("# a comment", id="code")
    fenced = cell("Run it:\n```sh\n# no heading\n```", kind="markdown", id="fenced")
    heading = cell("## The second level\n# The first", kind="markdown", id="heading")
    assert notebooks.document(comment, fenced, heading).title == "The second level"
    notebooks.save("notebooks/a_first-one.ipynb", comment, fenced)
    assert read_notebook(notebooks.workspace, "notebooks/a_first-one.ipynb").title == "A first one"


def test_what_is_read_is_valid_nbformat_and_so_is_what_runs(notebooks):
    document = notebooks.document(
        notebooks.cell("hi", kind="raw"),
        notebooks.cell("x = 1", "parameters"),
        notebooks.cell("hi", kind="markdown", outputs=[], attachments={"a.png": {"image/png": "aGk="}}),
        minor=2,
    )
    nbformat.validate(nbformat.from_dict(document.raw))
    nbformat.validate(nbformat.from_dict(document.for_run("x = 2")))


@pytest.mark.parametrize("minor", range(6))
def test_every_nbformat_from_4_0_to_4_5_is_read_and_upgraded(notebooks, minor):
    document = notebooks.document("a = 1", "b = 2", minor=minor)
    assert document.raw["nbformat_minor"] == 5
    ids = [cell.id for cell in document.cells]
    assert ids == (["id-0", "id-1"] if minor == 5 else ["cell-1", "cell-2"])
    assert bool(document.notes) == (minor < 5)


def test_missing_repeated_and_bad_ids_are_mended_the_same_way_each_time(notebooks):
    cells = [
        notebooks.cell("a", id="same"),
        notebooks.cell("b", id="same"),
        notebooks.cell("c", id="no good!"),
        notebooks.cell("d", id="cell-2"),
        notebooks.cell("e", id=None),
    ]
    first, second = notebooks.document(*cells), notebooks.document(*copy.deepcopy(cells))
    ids = [cell.id for cell in first.cells]
    assert ids == ["same", "cell-2-2", "cell-3", "cell-2", "cell-5"]
    assert ids == [cell.id for cell in second.cells]
    assert first.notes == (
        "cell 2 had the same id as an earlier cell and was given another",
        "cell 3 had an id that nbformat does not allow and was given another",
        "cell 5 had no id and got one",
    )


def test_unknown_keys_and_missing_parts_are_mended_and_told(notebooks):
    text = json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "worksheets": [],
            "cells": [{"cell_type": "markdown", "id": "a", "execution_count": 1}, {"cell_type": "code", "id": "b"}],
        }
    )
    document = parse_notebook(text, "a.ipynb")
    assert document.kernel_name == "python3"
    assert document.notes == (
        "the notebook's metadata was missing",
        "the unknown key 'worksheets' was left out",
        "no kernel was named, so python3 is used",
        "cell 1 had no source and no metadata",
        "cell 1 (markdown) held the key 'execution_count', which was left out",
        "cell 2 had no source and no metadata and no outputs",
    )


def test_a_byte_order_mark_is_no_obstacle(notebooks):
    document = parse_notebook("\ufeff" + json.dumps(notebooks.notebook("a = 1")), "a.ipynb")
    assert document.notes == ("a byte-order mark at the start of the file was left out",)


def test_line_endings_are_made_one(notebooks):
    assert notebooks.document("a\r\nb\rc\n").cells[0].source == "a\nb\nc\n"


def test_what_runs_leaves_out_tests_scratch_leftovers_and_outputs(notebooks):
    output = {"output_type": "stream", "name": "stdout", "text": "old"}
    document = notebooks.document(
        notebooks.cell("import os", "scratch", "parameters"),
        notebooks.cell("x = 1", "parameters", execution_count=7, outputs=[output]),
        notebooks.cell("x = 99", "injected-parameters"),
        notebooks.cell("boom", "papermill-error-cell-tag"),
        notebooks.cell("prose", kind="markdown"),
        notebooks.cell("def test_a(): ...", "test"),
        notebooks.cell("prose about tests", "test", kind="markdown"),
        notebooks.cell("print(x)", "raises-exception"),
    )
    before = copy.deepcopy(document.raw)
    made = document.for_run("x = 2")
    assert [cell["source"] for cell in made["cells"]] == ["x = 1", "x = 2", "prose", "print(x)"]
    assert [cell["metadata"]["studio"]["cell"] for cell in made["cells"]] == [1, None, 4, 7]
    assert made["cells"][0]["outputs"] == []
    assert made["cells"][0]["execution_count"] is None
    assert made["cells"][1]["metadata"]["tags"] == ["injected-parameters"]
    assert made["cells"][3]["metadata"]["tags"] == ["raises-exception"]
    assert document.notes == (
        "cell 3 was written by an earlier run and is left out",
        "cell 4 was written by an earlier run and is left out",
    )
    made["cells"][0]["metadata"]["x"] = 1
    made["metadata"]["kernelspec"]["name"] = "other"
    assert document.raw == before


def test_without_values_nothing_is_injected_and_without_a_parameters_cell_they_come_first(notebooks):
    assert len(notebooks.document("a", "b").for_run()["cells"]) == 2
    assert [c["source"] for c in notebooks.document("a", "b").for_run("z = 1")["cells"]] == ["z = 1", "a", "b"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("no json", "is not JSON"),
        ('{"cells": [', "is cut off at line 1"),
        ('{"nbformat": 4, "cells": [{"source": "abc', "is cut off"),
        ("[]", "an object is expected"),
        ("{}", "does not say its nbformat"),
        ('{"nbformat": true, "cells": []}', "does not say its nbformat"),
        ('{"nbformat": 4, "nbformat_minor": -1, "cells": []}', "does not say its nbformat"),
        ('{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "jupyter nbconvert --to notebook --nbformat 4"),
        ('{"nbformat": 5, "nbformat_minor": 0, "cells": []}', "newer than the 4.5"),
        ('{"nbformat": 4, "nbformat_minor": 6, "cells": []}', "newer than the 4.5"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no list of cells"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": [], "cells": []}', "metadata must be an object"),
        ('{"nbformat": 4, "cells": [], "cells": []}', "'cells' stands twice"),
        ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n", "unfinished merge"),
        ("[" * 100_000, "nested too deeply"),
        ('{"nbformat": ' + "4" * 5000 + "}", "cannot be read safely"),
    ],
)
def test_what_is_no_notebook_is_refused_in_one_paragraph(text, sentence):
    with pytest.raises(BadInput) as caught:
        parse_notebook(text, "notebooks/a.ipynb")
    message = str(caught.value)
    assert message.startswith("notebooks/a.ipynb")
    assert sentence in message
    assert "Next: " in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("text", "must be an object"),
        ({"cell_type": "heading", "source": ""}, "'heading' is unknown"),
        ({"cell_type": ["code"], "source": ""}, "is unknown"),
        ({"source": ""}, "None is unknown"),
        ({"cell_type": "code", "source": 3}, "source must be text"),
        ({"cell_type": "code", "source": ["a", 3]}, "source must be text"),
        ({"cell_type": "code", "metadata": []}, "metadata must be an object"),
        ({"cell_type": "code", "metadata": {"tags": "parameters"}}, "tags must be a list"),
        ({"cell_type": "code", "metadata": {"tags": [1]}}, "tags must be a list"),
        ({"cell_type": "code", "metadata": {"a": [{"b": float("nan")}]}}, "NaN"),
        ({"cell_type": "code", "metadata": {"a": float("inf")}}, "NaN or an infinity"),
        ({"cell_type": "code", "execution_count": "1"}, "execution count"),
        ({"cell_type": "code", "outputs": {}}, "outputs must be a list"),
        ({"cell_type": "code", "outputs": [{}]}, "outputs must be a list"),
    ],
)
def test_unsound_cells_are_refused_with_their_number(cell, sentence):
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "raw"}, cell]})
    with pytest.raises(Problems) as caught:
        parse_notebook(text, "a.ipynb")
    assert str(caught.value).startswith("a.ipynb: cell 2: ")
    assert sentence in str(caught.value)


def test_all_unsound_cells_are_told_at_once():
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}, 1, {"cell_type": "x"}]})
    with pytest.raises(Problems) as caught:
        parse_notebook(text, "a.ipynb")
    assert [problem.field for problem in caught.value.problems] == ["cell 1", "cell 2", "cell 3"]


def test_nan_in_the_notebooks_metadata_and_a_kernel_without_a_textual_name_are_refused(notebooks):
    for metadata in ({"x": float("nan")}, {"kernelspec": {"name": 3}}, {"kernelspec": "python3"}):
        with pytest.raises(Problems):
            notebooks.document("a", metadata=metadata)


def test_nan_in_outputs_is_read_because_outputs_never_run(notebooks):
    output = {"output_type": "display_data", "metadata": {}, "data": {"application/json": {"x": float("nan")}}}
    assert len(notebooks.document(notebooks.cell("a", outputs=[output])).cells) == 1


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ude00\ud83d"])
def test_half_characters_are_refused_with_their_place(notebooks, text):
    with pytest.raises(BadInput, match=r"cells\[1\].source holds half a character"):
        notebooks.document("a", text)
    with pytest.raises(BadInput, match="half a character"):
        notebooks.document(notebooks.cell("a", outputs=[{"output_type": "stream", "name": "stdout", "text": text}]))
    with pytest.raises(BadInput, match="half a character"):
        parse_notebook(json.dumps(notebooks.notebook(text), ensure_ascii=False), "a.ipynb")


def test_whole_characters_written_as_surrogate_pairs_are_read(notebooks):
    assert notebooks.document("print('😀')").cells[0].source == "print('😀')"
    assert notebooks.document("print('\\\\ud800')").cells[0].source == "print('\\\\ud800')"


@pytest.mark.parametrize(
    ("cell_tags", "kind", "sentence"),
    [
        (("parameters",), "markdown", "markdown cell is tagged 'parameters'"),
        (("parameters",), "raw", "raw cell is tagged 'parameters'"),
        (("parameters", "test"), "code", "'parameters' and 'test' at once"),
    ],
)
def test_tags_where_they_can_mean_nothing_are_refused(notebooks, cell_tags, kind, sentence):
    with pytest.raises(Problems, match=sentence):
        notebooks.document(notebooks.cell("x = 1", *cell_tags, kind=kind))
    assert notebooks.document(notebooks.cell("x = 1", *cell_tags, "scratch", kind=kind)).cells[0].role == "scratch"


def test_paths_outside_missing_or_unreadable_are_refused(notebooks, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "b.ipynb"
    outside.write_text(json.dumps(notebooks.notebook("a")))
    (notebooks.root / "link.ipynb").symlink_to(outside)
    (notebooks.root / "folder.ipynb").mkdir()
    (notebooks.root / "loop.ipynb").symlink_to(notebooks.root / "loop.ipynb")
    (notebooks.root / "latin.ipynb").write_bytes(b'{"a": "\xe9"}')
    (notebooks.root / "a.txt").write_text("x")
    for path, sentence in {
        "../x.ipynb": "leads outside the workspace",
        str(outside): "leads outside the workspace",
        "link.ipynb": "leads outside the workspace",
        "a\x00.ipynb": "NUL",
        "missing.ipynb": "does not exist",
        "http://example.org/a.ipynb": "does not exist",
        "folder.ipynb": "is no file",
        "latin.ipynb": "is not UTF-8",
        "a.txt": "must end in .ipynb",
        "notebooks": "must end in .ipynb",
        "loop.ipynb": "cannot be (followed|read)",
        "a" * 300 + ".ipynb": "(?i)file name too long",
    }.items():
        with pytest.raises(BadInput, match=sentence):
            read_notebook(notebooks.workspace, path)


def test_a_notebook_is_told_by_its_name():
    assert all(map(is_notebook, ("a.ipynb", "notebooks/a.py", "/x/a.md")))
    assert not any(map(is_notebook, ("churn", "pipelines/churn.yml", "ipynb", "")))


def test_reading_imports_nothing_heavy(notebooks):
    notebooks.save("a.ipynb", "x = 1")
    code = (
        "import sys; from pathlib import Path; from studio.core.workspace import Workspace;"
        "from studio.notebooks.document import read_notebook;"
        f"read_notebook(Workspace(Path({str(notebooks.root)!r})), 'a.ipynb');"
        "print(sorted({'nbformat', 'jupytext', 'IPython', 'pandas', 'mlflow', 'papermill'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_deep_outputs_are_read_and_deep_metadata_is_refused(notebooks):
    deep = json.loads("[" * 150 + '"\\ud83d\\ude00"' + "]" * 150)
    output = {"output_type": "display_data", "metadata": {}, "data": {"application/json": deep}}
    document = notebooks.document(notebooks.cell("a", outputs=[output]))
    assert document.cells[0].outputs_bytes > 4
    for more in ({"metadata": {"x": deep}}, {"cells": [notebooks.cell("a") | {"metadata": {"x": deep}}]}):
        with pytest.raises(Problems, match="nested more than 100 levels deep"):
            notebooks.document("a", **more)


def test_documents_and_cells_can_be_kept_in_sets(notebooks):
    document = notebooks.document("a", notebooks.cell("b", "test"))
    assert len({document, document}) == 1
    assert len(set(document.cells)) == 2
