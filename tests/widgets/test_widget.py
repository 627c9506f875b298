"""What holds for every widget: its files, its two forms, its place beside ipywidgets, what importing it costs."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import anywidget
import nbformat
import pytest
from bs4 import BeautifulSoup

import studio.widgets
from studio.core.report import Case, Report
from studio.notebooks.kinds import Scalar
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.widgets import widget as shared
from tests.widgets.conftest import run, step
from tests.widgets.test_review_packet import packet

STATIC = Path(shared.__file__).parent / "static"
VIEW = "application/vnd.jupyter.widget-view+json"


def made(name):
    parameter = make_parameter("folds", Scalar("int"), 1, "", default=5)
    sources = {
        "ContractFailures": lambda: [{"column": "folds"}],
        "ParameterForm": lambda: ParameterSchema("a", {"folds": parameter}, 0),
        "PipelineGraph": lambda: run("folds", step("a")),
        "ReviewPacket": lambda: packet("folds"),
        "RunComparison": lambda: [run("folds", step("a"))],
        "RunTable": lambda: [run("folds", step("a"))],
        "TestResults": lambda: Report.of([Case("code", "a", "folds", "passed")]),
    }
    return getattr(studio.widgets, name)(sources[name]())


@pytest.fixture(params=studio.widgets.__all__)
def name(request):
    return request.param


def test_the_bundle_holds_the_live_form_and_the_plain_one(name):
    shown = made(name)
    data, _ = shown._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", VIEW}
    assert data[VIEW]["model_id"] == shown.model_id
    assert "folds" in data["text/html"].lower()
    assert data["text/plain"] == repr(shown)
    assert "\n" not in repr(shown)
    assert len(repr(shown)) < 120


def test_a_closed_widget_is_plain(name):
    from IPython.core.formatters import DisplayFormatter

    shown = made(name)
    shown.close()
    data, _ = DisplayFormatter().format(shown)
    assert VIEW not in data
    assert "folds" in data["text/html"].lower()


def test_a_saved_notebook_shows_the_plain_form_without_kernel_and_network(name):
    from nbconvert import HTMLExporter

    data, metadata = made(name)._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", json.loads(json.dumps(data)), metadata=metadata)
    cell = nbformat.v4.new_code_cell("form", outputs=[output])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    shown = BeautifulSoup(page, "html.parser").find("div", "studio-plain")
    ours = BeautifulSoup(data["text/html"], "html.parser").find("div")
    assert [(one.name, one.attrs) for one in shown.find_all()] == [(one.name, one.attrs) for one in ours.find_all()]
    assert shown.get_text() == ours.get_text()
    assert "model_id" not in page


def test_what_the_browser_gets_is_plain_json(name):
    state = made(name).get_state()
    del state["layout"]
    json.dumps(state, allow_nan=False).encode("utf-8")


def test_half_characters_and_numbers_without_json_are_made_sendable():
    facts = {"a\ud800": ["\udfff", float("nan"), float("-inf"), (1, None, True)], 2: "ü"}
    assert shared.sendable(facts) == {"a?": ["?", "nan", "-inf", [1, None, True]], "2": "ü"}


def test_no_name_of_ours_hides_one_of_jupyter(name):
    ours = [one for one in getattr(studio.widgets, name).__mro__ if one.__module__.startswith("studio.")]
    theirs = set(dir(anywidget.AnyWidget)) | set(vars(anywidget.AnyWidget()))
    meant = {"__init__", "__init_subclass__", "__repr__", "_repr_mimebundle_"}
    for one in ours:
        own = {key for key, value in vars(one).items() if inspect.isfunction(value) or isinstance(value, property)}
        assert (own - meant) & theirs == set()
    assert (set(vars(made(name))) - set(vars(anywidget.AnyWidget()))) & set(dir(anywidget.AnyWidget)) == set()


def test_a_widget_tells_a_sentence(name):
    shown = made(name)
    shown.tell("Done.")
    assert shown.notice == "Done."
    assert shown.get_state()["notice"] == "Done."


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_static_files_fetch_nothing_and_make_no_html(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|//cdn|@import|url\(", text)
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL) if file.suffix == ".js" else ""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|fetch\(|XMLHttp|WebSocket|import\b"
    )
    assert not re.search(forbidden, code)
    assert code.count("srcdoc") == (1 if file.name == "review_packet.js" else 0)
    assert "srcdoc" not in code or "sandbox: ''" in code


def test_every_widget_has_its_files(name):
    widget_class = getattr(studio.widgets, name)
    word = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    assert (STATIC / f"{word}.js").read_text(encoding="utf-8") in widget_class._esm
    assert (STATIC / f"{word}.css").read_text(encoding="utf-8") in widget_class._css
    assert widget_class._esm.count("export default") == 1


def test_importing_the_room_loads_nothing_until_a_widget_is_used():
    program = (
        "import sys, studio.widgets; print('anywidget' in sys.modules); from studio.widgets import RunTable; "
        "heavy = [name for name in ('pandas', 'mlflow', 'papermill') if name in sys.modules]; "
        "print('anywidget' in sys.modules, *heavy)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="It offers: ContractFailures"):
        _ = studio.widgets.Missing
    assert set(studio.widgets.__all__) <= set(dir(studio.widgets))


@pytest.mark.parametrize("file", sorted(STATIC.glob("*.css")), ids=lambda file: file.name)
def test_a_widgets_own_rules_count_for_more_than_the_shared_ones(file):
    """Each widget on a page brings the shared sheet along, and the last copy stands behind all others."""
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [one.strip() for found in re.findall(r"([^{}]+)\{", text) for one in found.split(",")]
    own = [one for one in selectors if not one.startswith("@")]
    begin = ".studio-widget" if file.name == "widget.css" else ".studio-widget.studio-"
    assert own
    assert [one for one in own if not one.startswith(begin)] == []
