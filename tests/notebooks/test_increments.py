"""A notebook's change in layers: each opens, each is of one kind, and the last is the change itself."""

from __future__ import annotations

import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.notebooks.document import parse_notebook
from studio.notebooks.fingerprint import canonical_source
from studio.notebooks.increments import KINDS, CannotSplit, changed_cells, split_notebook
from tests.conftest import notebook

OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
SOURCES = st.sampled_from(["", "x = 1", "y = 2\nz = 3", "def test_a():\n    assert True", "# näher ☃", 'print("\\n")'])
TAGS = st.sampled_from([[], ["parameters"], ["test"], ["scratch"], ["keep-output"], ["own", "test"]])


def written(value: dict[str, Any], indent: int = 1) -> bytes:
    return (json.dumps(value, indent=indent, ensure_ascii=False) + "\n").encode()


@st.composite
def cells(draw: st.DrawFn, with_ids: bool = True) -> dict[str, Any]:
    kind = draw(st.sampled_from(["code", "code", "code", "markdown"]))
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}}
    if with_ids:
        cell["id"] = draw(st.uuids().map(lambda value: value.hex[:12]))
    tags = draw(TAGS)
    if tags and (kind == "code" or "parameters" not in tags):
        cell["metadata"]["tags"] = tags
    source = draw(SOURCES)
    cell["source"] = draw(st.sampled_from([source, source.splitlines(keepends=True)]))
    if kind == "code":
        cell["execution_count"] = draw(st.sampled_from([None, 1, 7]))
        cell["outputs"] = draw(st.sampled_from([[], [OUTPUT]]))
    return cell


@st.composite
def notebooks(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A notebook, and the same after a person worked on it for a while."""
    with_ids = draw(st.booleans())
    old = notebook() | {"cells": draw(st.lists(cells(with_ids), max_size=8)), "nbformat_minor": 5 if with_ids else 4}
    new = copy.deepcopy(old)
    for _ in range(draw(st.integers(0, 8))):
        edit(draw, new, with_ids)
    return old, new


def edit(draw: st.DrawFn, value: dict[str, Any], with_ids: bool) -> None:
    found = value["cells"]
    place = draw(st.integers(0, max(len(found) - 1, 0)))
    action = draw(st.sampled_from(["add", "remove", "move", "source", "tags", "run", "metadata", "kernel"]))
    if action == "add":
        found.insert(place, draw(cells(with_ids)))
    elif action == "metadata":
        value["metadata"]["authors"] = draw(st.sampled_from([[], ["Ada"]]))
    elif action == "kernel":
        value["metadata"]["kernelspec"] = {"name": "other", "display_name": "Other", "language": "python"}
    elif not found:
        return
    elif action == "remove":
        del found[place]
    elif action == "move":
        found.insert(draw(st.integers(0, len(found) - 1)), found.pop(place))
    elif action == "source":
        found[place]["source"] = draw(SOURCES)
    elif action == "tags":
        fresh = draw(cells(with_ids))
        found[place] = {**fresh, **({"id": found[place]["id"]} if with_ids else {})}
    elif found[place]["cell_type"] == "code":
        found[place] |= {"execution_count": 9, "outputs": draw(st.sampled_from([[], [OUTPUT, OUTPUT]]))}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(notebooks(), st.sampled_from([1, 2]))
def test_the_layers_add_up_and_each_of_them_opens(pair: tuple[dict[str, Any], dict[str, Any]], indent: int) -> None:
    old, new = written(pair[0]), written(pair[1], indent)
    layers = split_notebook(old, new) if old != new else ()
    assert [layer.kind for layer in layers] == [kind for kind in KINDS if kind in {layer.kind for layer in layers}]
    assert not layers or layers[-1].content == new
    previous = old
    for layer in layers:
        assert layer.content != previous
        value = json.loads(layer.content)
        nbformat.validate(value)
        parse_notebook(layer.content.decode(), "it")
        only_this_kind(json.loads(previous), value, layer.kind)
        previous = layer.content


def only_this_kind(old: dict[str, Any], new: dict[str, Any], kind: str) -> None:
    def counted(value: dict[str, Any], kinds: tuple[str, ...]) -> list[tuple[Any, ...]]:
        found = []
        for cell in value["cells"]:
            tags = cell["metadata"].get("tags", [])
            own = "parameters" if "parameters" in tags else "tests" if "test" in tags else "code"
            if own in kinds:
                found.append((cell["cell_type"], "".join(cell["source"]), tags))
        return found

    if kind == "noise":
        assert counted(old, KINDS) == counted(new, KINDS)
        assert old["metadata"]["kernelspec"]["name"] == new["metadata"]["kernelspec"]["name"]


def example(*sources: tuple[str, str] | str) -> dict[str, Any]:
    return notebook(*sources)


def test_each_layer_holds_the_changes_of_its_kind_alone() -> None:
    old = example("import x", ("parameters", "a = 1"), ("test", "def test_a(): ..."), "use(a)")
    new = copy.deepcopy(old)
    for cell in new["cells"][1:]:
        cell["source"] += "\n# more"
    new["cells"][0]["outputs"] = [OUTPUT]
    layers = split_notebook(written(old), written(new))
    assert [(layer.kind, [str(cell) for cell in layer.cells]) for layer in layers] == [
        ("noise", ["cell 1 outputs or metadata"]),
        ("parameters", ["cell 2 changed"]),
        ("tests", ["cell 3 changed"]),
        ("code", ["cell 4 changed"]),
    ]
    sources = [[canonical_source(cell["source"]) for cell in json.loads(layer.content)["cells"]] for layer in layers]
    more = [[source.endswith("more") for source in layer] for layer in sources]
    assert more == [[False] * 4, [False, True, False, False], [False, True, True, False], [False, True, True, True]]


def test_another_kernel_is_code_and_no_noise() -> None:
    old = example("x = 1")
    new = copy.deepcopy(old)
    new["metadata"] = {"kernelspec": {"name": "other", "display_name": "Other", "language": "python"}}
    assert [layer.kind for layer in split_notebook(written(old), written(new))] == ["code"]


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (b"{", "cannot be read"),
        (written(example("x") | {"nbformat_minor": 4}), "nbformat changes"),
        (json.dumps(example("y"), indent=3).replace("null", " null").encode(), "not written as Jupyter writes"),
    ],
)
def test_what_cannot_be_taken_apart_says_why(new: bytes, why: str) -> None:
    with pytest.raises(CannotSplit, match=why):
        split_notebook(written(example("x")), new)


def test_changed_cells_are_counted_without_outputs() -> None:
    old = example("a", "b", "c")
    new = copy.deepcopy(old)
    new["cells"][0]["outputs"] = [OUTPUT]
    new["cells"][1]["source"] = "b2"
    new["cells"].append(new["cells"].pop(0))
    assert changed_cells(written(old), written(new)) == 2  # one changed, one moved
    assert changed_cells(None, written(new)) == 3
    assert changed_cells(written(old), None) == 3
    assert changed_cells(b"{", written(new)) is None
