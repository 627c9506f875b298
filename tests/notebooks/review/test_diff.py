"""The difference of two notebooks: cells, what counts, parameters, outputs by digest, and how it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.workspace import Workspace
from studio.notebooks import strict_json
from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.notebooks.fingerprint import fingerprint
from studio.notebooks.review.diff import NotebookDiff, diff_notebooks
from studio.notebooks.review.lines import diff_lines

A = "a = 1\nprint(a)\nprint(a + 1)"
B = "def double(x):\n    return 2 * x"
C = "frame = load()\nframe.describe()"


def cell(source: str, *tags: str, name: str = "", kind: str = "code", outputs: Any = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)} if tags else {}}
    if name:
        made["id"] = name
    if kind == "code":
        made |= {"outputs": list(outputs), "execution_count": None}
    return made


def document(*cells: dict[str, Any] | str, kernel: str = "python3") -> NotebookDocument:
    made = [cell(found) if isinstance(found, str) else dict(found) for found in cells]
    for number, found in enumerate(made):
        found.setdefault("id", f"cell-{number}")
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": kernel}}, "cells": made}
    return parse_notebook(json.dumps(content), "notebooks/a.ipynb")


def statuses(diff: NotebookDiff) -> list[str]:
    return [found.status for found in diff.cells]


def stream(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_the_same_notebook_has_no_difference() -> None:
    diff = diff_notebooks(document(A, B), document(A, B))
    assert diff.same
    assert not diff.counts
    assert diff.summary() == "no cell changed"


def test_an_inserted_cell_is_one_change_even_where_ids_name_places() -> None:
    diff = diff_notebooks(document(A, B, C), document(A, "new = True", B, C))
    assert statuses(diff) == ["unchanged", "added", "unchanged", "unchanged"]
    assert diff.summary() == "1 cell added; 1 of these changes counts"


def test_an_edited_cell_is_the_same_cell_and_its_lines_and_words_are_told() -> None:
    diff = diff_notebooks(document(A, B), document(A.replace("a = 1", "a = 2"), B))
    assert statuses(diff) == ["changed", "unchanged"]
    removed, added = diff.cells[0].source.hunks[0].lines[:2]
    assert (removed.kind, removed.text, added.kind, added.text) == ("removed", "a = 1", "added", "a = 2")
    assert [added.text[start:stop] for start, stop in added.spans] == ["2"]


def test_an_edited_cell_is_found_by_its_id_however_much_it_changed() -> None:
    old = document(cell(A, name="3f2a9c1e"), cell(B, name="77ab01cd"))
    new = document(cell("nothing = 'alike'", name="3f2a9c1e"), cell(B, name="77ab01cd"))
    assert statuses(diff_notebooks(old, new)) == ["changed", "unchanged"]


def test_a_removed_cell_stands_where_it_was() -> None:
    diff = diff_notebooks(document(A, B, C), document(A, C))
    assert [(found.status, found.cell.number) for found in diff.cells] == [
        ("unchanged", 1),
        ("removed", 2),
        ("unchanged", 2),
    ]


def test_a_moved_cell_is_told_as_moved_and_counts_only_past_cells_that_count() -> None:
    text = cell("# A title", kind="markdown")
    past_code = diff_notebooks(document(A, B, C), document(B, C, A))
    assert sorted(statuses(past_code)) == ["moved", "unchanged", "unchanged"]
    assert past_code.counts
    past_text = diff_notebooks(document(text, A), document(A, text))
    assert sorted(statuses(past_text)) == ["moved", "unchanged"]
    assert not past_text.counts


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (cell(A), cell(A + "\n"), False),
        (cell(A), cell("\n" + A), False),
        (cell(A, "mine"), cell(A, "yours"), False),
        (cell(A), cell(A, "skip-execution"), True),
        (cell(A), cell(A, "scratch"), True),
        (cell(A), cell(A, kind="raw"), True),
        (cell(A, kind="markdown"), cell(B, kind="markdown"), False),
        (cell(A, "scratch"), cell(B, "scratch"), False),
    ],
)
def test_what_counts_is_what_changes_the_fingerprint(
    old: dict[str, Any], new: dict[str, Any], counts: bool, tmp_path: Any
) -> None:
    (tmp_path / "studio.toml").write_text("version = 1\n")
    workspace = Workspace(tmp_path)
    before, after = document(old, C), document(new, C)
    diff = diff_notebooks(before, after)
    assert diff.counts is counts
    assert (fingerprint(workspace, before).digest != fingerprint(workspace, after).digest) is counts
    assert not diff.same


def test_types_and_tags_that_changed_are_named() -> None:
    diff = diff_notebooks(document(cell(A, "old")), document(cell(A, "new", kind="raw")))
    [found] = diff.cells
    told = found.as_dict()
    assert (found.type_change, told["tags_added"], told["tags_removed"]) == (("code", "raw"), ["new"], ["old"])


def test_the_kernel_counts() -> None:
    diff = diff_notebooks(document(A), document(A, kernel="other"))
    assert diff.kernel == ("python3", "other")
    assert diff.counts
    assert "the kernel is other and was python3" in diff.summary()


def test_parameters_are_compared_by_what_they_are() -> None:
    old = document(cell("rows: int = 5  # how many\ngone: str = 'x'\nneeded: int", "parameters"))
    new = document(cell("rows: float = 5.0  # how much\nneeded: int\nfresh: bool = True", "parameters"))
    changes = {change.name: change for change in diff_notebooks(old, new).parameters}
    assert set(changes) == {"rows", "gone", "fresh"}
    assert changes["rows"].fields == ("type", "default", "help")
    assert (changes["gone"].status, changes["fresh"].status) == ("removed", "added")
    assert changes["fresh"].as_dict()["new"] == {"type": "bool", "default": "True", "help": ""}


def test_parameters_that_cannot_be_read_are_a_note_and_no_failure() -> None:
    diff = diff_notebooks(document(cell("x: int = 1", "parameters")), document(cell("x: int = (", "parameters")))
    assert diff.parameters == ()
    assert "cannot be read" in diff.notes[0]


def test_a_new_notebook_is_all_added() -> None:
    diff = diff_notebooks(None, document(A, B))
    assert statuses(diff) == ["added", "added"]
    assert diff.counts
    assert diff.summary() == "a new notebook of 2 cells"


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ([stream("a\nb\n")], [stream(["a\n", "b\n"])], False),
        ([stream("a\nb\n")], [stream("a\n"), stream("b\n")], False),
        ([stream("a\n")], [stream("b\n")], True),
        ([stream("a\n")], [{**stream("a\n"), "name": "stderr"}], True),
        ([], [stream("a\n")], True),
    ],
)
def test_outputs_differ_by_what_a_reader_sees(old: Any, new: Any, changed: bool) -> None:
    diff = diff_notebooks(document(cell(A, outputs=old)), document(cell(A, outputs=new)))
    assert diff.cells[0].outputs.changed is changed
    assert diff.same, "outputs are no change of the notebook"


def test_data_of_outputs_is_compared_by_value_and_not_by_order_of_keys() -> None:
    def shown(data: Any, count: int = 1) -> dict[str, Any]:
        return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}

    one = document(cell(A, outputs=[shown({"application/json": {"a": 1, "b": [1.5]}, "text/plain": "x"})]))
    two = document(cell(A, outputs=[shown({"text/plain": ["x"], "application/json": {"b": [1.5], "a": 1}}, 9)]))
    other = document(cell(A, outputs=[shown({"application/json": {"a": 1, "b": [1.25]}, "text/plain": "x"})]))
    assert not diff_notebooks(one, two).cells[0].outputs.changed
    assert diff_notebooks(one, other).cells[0].outputs.changed


def test_large_data_and_data_that_json_cannot_write_is_compared_as_well() -> None:
    def shown(value: Any) -> NotebookDocument:
        data = {"application/json": value}
        return document(cell(A, outputs=[{"output_type": "display_data", "metadata": {}, "data": data}]))

    large = [[n * 0.5, f"row {n}"] for n in range(40_000)]
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    for value, other in ((large, [*large[:-1], [0.25, "row"]]), ([float("nan"), 1], [float("nan"), 2]), (deep, [deep])):
        assert not diff_notebooks(shown(value), shown(value)).cells[0].outputs.changed
        assert diff_notebooks(shown(value), shown(other)).cells[0].outputs.changed


def test_lines_of_outputs_are_compared_when_asked_for() -> None:
    old = document(cell(A, outputs=[stream("\x1b[31mone\x1b[0m\ntwo\n")]))
    new = document(cell(A, outputs=[stream("one\nthree\n")]))
    assert diff_notebooks(old, new).cells[0].output_lines is None
    lines = diff_notebooks(old, new, outputs=True).cells[0].output_lines
    assert lines
    assert [(line.kind, line.text) for line in lines.hunks[0].lines] == [
        ("same", "one"),
        ("removed", "two"),
        ("added", "three"),
    ]


def test_the_text_for_terminals() -> None:
    old = document(A, B, C, cell("rows: int = 5  # how many", "parameters"))
    new = document(A, B.replace("2 * x", "3 * x"), C, cell("rows: int = 6  # how many", "parameters"))
    told = diff_notebooks(old, new).to_text(width=40)
    assert "\x1b" not in told
    assert "2 cells changed; 2 of these changes count" in told
    assert "~ rows: default 5 → 6" in told
    assert " -     return 2 * x\n +     return 3 * x" in told
    assert "… 1 unchanged cell" in told
    assert "\x1b[32" in diff_notebooks(old, new).to_text(color=True)


def test_a_source_cannot_write_to_the_terminal_or_turn_its_direction() -> None:
    told = diff_notebooks(None, document("x = 1\x1b[2J\x07 # \u202e evil \u200b")).to_text()
    assert "⟨U+001B⟩[2J⟨U+0007⟩ # ⟨U+202E⟩ evil ⟨U+200B⟩" in told
    assert "\x1b" not in told


def test_the_data_is_json_with_the_same_keys_for_every_cell() -> None:
    diff = diff_notebooks(document(A, B), document(C, B, A, cell("#", kind="markdown")))
    told = json.loads(json.dumps(diff.as_dict(), allow_nan=False))
    assert len({frozenset(found) for found in told["cells"]}) == 1
    assert told["tallies"]["unchanged"] + sum(found["status"] != "unchanged" for found in told["cells"]) == len(
        told["cells"]
    )


def test_the_page_of_a_difference_shows_it_and_holds_no_script() -> None:
    page = diff_notebooks(document(A), document("<script>alert(1)</script>", A)).to_html()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_thousands_of_lines_and_cells_are_bounded_and_what_is_left_out_is_said() -> None:
    old, new = "\n".join(f"old {n}" for n in range(9_000)), "\n".join(f"new {n}" for n in range(9_000))
    difference = diff_lines(old, new)
    assert (difference.added, difference.removed) == (9_000, 9_000)
    shown = sum(len(hunk.lines) for hunk in difference.hunks)
    assert 0 < shown < 5_000
    assert difference.left_out == 18_000 - shown
    many = diff_notebooks(document(*["x = 1"] * 400), document(*["x = 1"] * 401))
    assert many.tallies()["added"] == 1


SOURCES = st.sampled_from([A, B, C, "x = 1", "x = 2", "", "y = [\n 1,\n 2,\n]"])


@given(st.lists(SOURCES, max_size=7), st.lists(SOURCES, max_size=7), st.booleans())
def test_every_cell_of_both_notebooks_stands_in_the_difference_once(
    old: list[str], new: list[str], named: bool
) -> None:
    def made(sources: list[str]) -> NotebookDocument:
        return document(*(cell(source, name=f"id{n}q{n}" if named else "") for n, source in enumerate(sources)))

    before, after = made(old), made(new)
    diff = diff_notebooks(before, after)
    assert sorted(found.old.index for found in diff.cells if found.old) == list(range(len(old)))
    assert [found.new.index for found in diff.cells if found.new] == list(range(len(new)))
    if old == new:
        assert diff.same
    for found in diff.cells:
        if found.status == "unchanged":
            assert found.old
            assert found.new
            assert found.old.source == found.new.source
    assert diff.to_text()


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "    d"]), max_size=12).map("\n".join)


@given(LINES, LINES)
def test_hunks_with_unbounded_context_are_the_two_texts(old: str, new: str) -> None:
    difference = diff_lines(old, new, context=100)
    if old == new:
        assert not difference.hunks
        return
    lines = [line for hunk in difference.hunks for line in hunk.lines]
    assert "\n".join(line.text for line in lines if line.kind != "added") == old
    assert "\n".join(line.text for line in lines if line.kind != "removed") == new
    near = [line for hunk in diff_lines(old, new, context=1).hunks for line in hunk.lines]
    assert [line for line in near if line.kind != "same"] == [line for line in lines if line.kind != "same"]


@given(st.lists(st.sampled_from([r"\ud83d", r"\ude00", r"\uD83D", r"\\", "a", r"\n", "ud83d", r"\"", "é"])))
def test_half_characters_are_found_in_the_text_of_json(parts: list[str]) -> None:
    text = f'"{"".join(parts)}"'
    torn = strict_json.is_torn(json.loads(text))
    assert strict_json.may_hold_torn(text) or not torn
    if torn:
        with pytest.raises(strict_json.NotStrict, match="half a character"):
            strict_json.loads(text)
    else:
        assert strict_json.loads(text) == json.loads(text)
