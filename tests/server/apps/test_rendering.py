"""What of a notebook becomes part of a page, without a kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from studio.core.workspace import Workspace
from studio.server.apps.rendering import AppRenderer, Look
from studio.workflows.apps.listing import list_apps
from tests.conftest import Place, notebook


def loaded(place: Place, content: dict[str, Any]) -> Any:
    """The notebook of an app as its page is made from it."""
    place.write("notebooks/apps/small.ipynb", content)
    (app,) = [one for one in list_apps(Workspace(place.root)) if one.name == "small"]
    assert app.problem == ""
    look = Look.of("test", "/")
    renderer = AppRenderer(app, look, logging.getLogger("tests"), lambda _done, _all: None)
    return asyncio.run(renderer.load_notebook(Path(app.file).name))


def document(**metadata: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["metadata"].update(metadata)


def cell(number: int, **metadata: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["cells"][number]["metadata"].update(metadata)


def attached(attachments: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["cells"][0].update(attachments=attachments)


@pytest.mark.parametrize(
    "change",
    [
        document(title=5),
        document(authors="one"),
        document(orig_nbformat="four"),
        document(language_info={"name": 5}),
        document(language_info=5),
        document(voila=5),
        cell(1, collapsed=5),
        cell(1, scrolled=5, name=""),
        cell(1, jupyter={"source_hidden": 5}),
        cell(1, tags=["a,b", "a", "a", ""]),
        cell(1, transient=5),
        cell(2, format=5, raw_mimetype=5),
        attached(5),
        attached({"a.png": 5}),
        attached({"a.png": {"image/png": 5}}),
    ],
    ids=range(15),
)
def test_what_is_no_part_of_a_page_keeps_none_from_being_made(
    place: Place, change: Callable[[dict[str, Any]], None]
) -> None:
    content = notebook(("markdown", "Some text"), "print(1)", "raw")
    content["cells"][2] = {"cell_type": "raw", "id": "raw", "metadata": {}, "source": "raw"}
    change(content)
    made = loaded(place, content)
    nbformat.validate(made, relax_add_props=True)
    assert [one.source for one in made.cells] == ["Some text", "print(1)", "raw"]
    assert all(isinstance(one.metadata.get("raw_mimetype", ""), str) for one in made.cells)


def test_what_decides_how_a_cell_is_run_and_shown_is_kept(place: Place) -> None:
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    content = notebook(("markdown", "![a](attachment:a.png)"), ("raises-exception", "1 / 0"), "raw")
    content["cells"][0]["attachments"] = picture
    content["cells"][2] = {
        "cell_type": "raw",
        "id": "raw",
        "metadata": {"raw_mimetype": "text/html"},
        "source": "<b>raw</b>",
    }
    made = loaded(place, content)
    assert made.cells[0].attachments == picture
    assert made.cells[1].metadata.tags == ["raises-exception"]
    assert made.cells[2].metadata.raw_mimetype == "text/html"
