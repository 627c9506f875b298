"""Widgets with a real kernel: in JupyterLab, and as a page of Voila on a telephone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from studio.widgets import ParameterForm
from tests.browser.conftest import Lab, LabAt, Seen, serious
from tests.browser.voila import voila
from tests.conftest import notebook

pytestmark = pytest.mark.slow

# The form starts a run that tells its events from two threads of its own, as a real one does.
CODE = """\
import threading, time
from studio.pipelines import events
from studio.widgets import ParameterForm, PipelineGraph

step = {"part": "", "notebook": "a.ipynb", "loads": [], "saves": [], "verdict": None}
graph = PipelineGraph({"pipeline": "churn", "steps": [
    {"key": name, "name": name, "needs": needs, **step}
    for name, needs in {"ingest": [], "train": ["ingest"], "check": ["ingest"]}.items()
]})

def work(name, cells):
    graph.listen(events.StepStarted(name, 1, "new"))
    for done in range(1, cells + 1):
        time.sleep(0.02)
        graph.listen(events.CellFinished(name, done, cells))
    graph.listen(events.StepFinished(name, "completed", 1.0, ""))

def run(cells):
    graph.listen(events.RunStarted("r1", "churn", ("ingest", "train", "check")))
    work("ingest", cells)
    both = [threading.Thread(target=work, args=(name, cells)) for name in ("train", "check")]
    [one.start() for one in both]
    [one.join() for one in both]
    graph.listen(events.RunFinished("r1", "completed", 3.0))
    form.tell(f"Done with {cells} cells.")

form = ParameterForm(
    {
        "properties": {
            "cells": {"type": "integer", "minimum": 1, "default": 5},
            "note": {"type": "string", "default": "one\\ntwo"},
        }
    },
    title="Scenario",
    submit="Run",
)
form.on_submit(lambda value: threading.Thread(target=run, args=(value["cells"],)).start())
form"""


def played(page: Page, form: str = ".studio-form", graph: str = ".studio-graph") -> None:
    """What a person does: mistypes, corrects, submits, and watches."""
    field = page.locator(form).get_by_label("Cells")
    field.fill("0")
    field.press("Enter")
    expect(page.locator(form).get_by_text("0 is not allowed: it must be at least 1.")).to_be_visible()
    note = page.locator(form).get_by_label("Note")
    note.press("End")
    note.press("Enter")
    note.press_sequentially("x")
    expect(note).to_have_value("one\ntwo\nx")
    field.fill("40")
    page.locator(form).get_by_role("button", name="Run").click()
    expect(page.locator(graph).get_by_role("button", name="ingest running")).to_be_visible()
    expect(page.locator(graph).get_by_role("button", name="ingest completed")).to_be_visible()
    expect(page.locator(graph).get_by_role("button", name="check running")).to_be_visible()
    expect(page.locator(graph).locator(".studio-head")).to_contain_text("3 completed", timeout=20_000)
    expect(page.locator(form).get_by_text("Done with 40 cells.")).to_be_visible()


def place(root: Path) -> Path:
    root.mkdir()
    path = root / "widgets.ipynb"
    path.write_text(json.dumps(notebook(CODE, "graph", "graph.status")), encoding="utf-8")
    return path


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def lab(lab_at: LabAt, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab_at(place(tmp_path_factory.mktemp("lab") / "work").parent)


def test_in_lab(lab: Lab) -> None:
    page = lab.open("widgets.ipynb")
    # Before the kernel is there, Lab would ask which one is meant.
    page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    lab.run("notebook:run-all-cells")
    played(page)
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    button = page.locator(".studio-graph").get_by_role("button", name="ingest")
    button.click()
    for key in ("b", "a", "d", "d", "x"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells, "keys in a widget are none of the notebook's"
    expect(page.locator(".studio-graph").get_by_role("region", name="About ingest")).to_be_visible()
    assert page.locator(".studio-form").get_attribute("data-theme") == "light"
    assert serious(page, ".studio-graph") == []
    lab.theme(dark=True)
    expect(page.locator(".studio-form")).to_have_attribute("data-theme", "dark")
    assert serious(page, ".studio-graph") == []
    assert serious(page, ".studio-form") == []
    lab.run("docmanager:save")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    saved = json.loads((lab.root / "widgets.ipynb").read_text(encoding="utf-8"))
    (shown,) = saved["cells"][1]["outputs"]
    # What the file holds for those without a kernel is how things were when the cell ran.
    assert "churn: 3 steps" in "".join(shown["data"]["text/html"])
    assert (lab.seen.errors, lab.seen.outside) == ([], [])


def test_a_notebook_that_is_not_trusted_shows_the_plain_form_in_lab(lab: Lab) -> None:
    bundle = ParameterForm({"properties": {"cells": {"type": "integer", "default": 5}}})._repr_mimebundle_()
    assert bundle is not None
    content = notebook("form")
    content["cells"][0]["outputs"] = [{"output_type": "display_data", "data": bundle[0], "metadata": {}}]
    (lab.root / "strange.ipynb").write_text(json.dumps(content), encoding="utf-8")
    page = lab.open("strange.ipynb")
    expect(page.get_by_role("cell", name="5")).to_be_visible()
    assert lab.seen.errors == []


def test_as_a_page_of_voila_on_a_telephone(telephone: Page, tmp_path: Path) -> None:
    seen = Seen(telephone)
    with voila(place(tmp_path / "work"), tmp_path / "state") as server:
        telephone.goto(server.url(""), timeout=120_000)
        telephone.wait_for_selector(".studio-graph", timeout=120_000)
        played(telephone)
        assert serious(telephone, ".studio-form") == []
        assert telephone.evaluate("document.documentElement.scrollWidth") <= 390
        height = telephone.locator(".studio-form").get_by_role("button", name="Run").bounding_box()
        assert height is not None
        assert height["height"] >= 44
    assert (seen.errors, seen.outside) == ([], [])
