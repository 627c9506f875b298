"""A notebook over HTTP: what the panel shows, what its buttons do, and how fast."""

from __future__ import annotations

import pytest

from tests.conftest import Place, notebook
from tests.server.asking import Client

PATH = "notebooks/sum.ipynb"
pytestmark = pytest.mark.slow


def test_what_the_panel_shows(anna: Client) -> None:
    found = anna.ok(anna.get("notebooks/state", path=PATH))
    assert (found["subject"], found["title"], found["problem"], found["problems"]) == (PATH, "Their sum", "", {})
    assert found["pipelines"] == ["small"]
    assert [cell["role"] for cell in found["cells"]] == ["text", "code", "parameters", "code", "test"]
    assert found["cells"][2] == {"id": "cell-2", "number": 3, "role": "parameters"}
    state = found["state"]
    assert (state["status"], state["next"]) == ("draft", f"studio review submit {PATH}")
    parameters = found["parameters"]
    assert (parameters["cell"], parameters["cell_id"], parameters["problem"]) == (3, "cell-2", "")
    assert parameters["fields"] == [
        {
            "name": "wait",
            "annotation": "float",
            "default": 0.0,
            "required": False,
            "help": "seconds to wait before the sum",
            "secret": False,
        }
    ]
    assert parameters["json_schema"]["properties"]["wait"]["type"] == "number"
    (use,) = found["datasets"]
    assert (use["name"], use["verb"], use["cell"], use["cell_id"], use["line"]) == ("numbers", "load", 4, "cell-3", 1)
    assert (use["up"], use["down"], use["contract"], use["problem"]) == (["notebooks/make.ipynb"], [], "", "")
    assert [(case["name"], case["status"], case["cell_id"]) for case in found["tests"]["cases"]] == [
        ("test_total", "not run", "cell-4"),
        ("test_again", "not run", "cell-4"),
    ]


def test_jupyter_may_show_a_folder_of_the_workspace_only(small: Place, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.server.asking import jupyter_server_at

    with jupyter_server_at(small.root / "notebooks", tmp_path, actor="anna") as client:
        assert client.ok(client.get("session"))["prefix"] == "notebooks/"
        found = client.ok(client.get("notebooks/state", path="sum.ipynb"))
        assert (found["subject"], found["problem"]) == (PATH, "")
        made = client.ok(client.post("notebooks/new", template="exploration", folder="", name="seen"))
        assert made["path"] == "seen.ipynb"
        assert (small.root / "notebooks" / "seen.ipynb").is_file()


def test_parameters_are_written_back(anna: Client) -> None:
    source = "wait: float = 0.0  # seconds to wait before the sum"
    asked = {"path": PATH, "source": source, "values": {"wait": 2.5}}
    assert anna.ok(anna.post("notebooks/parameters", **asked)) == {"source": source.replace("0.0", "2.5")}
    answer = anna.post("notebooks/parameters", **(asked | {"values": {"wait": "long", "weight": 1}}))
    assert answer.status == 400
    assert [problem["field"] for problem in answer.json["problems"]] == ["wait", "weight"]


def test_fix_mends_the_file(anna: Client, small: Place) -> None:
    small.notebook("notebooks/mend.ipynb", ("markdown", "# To mend"), "import numpy", "1")
    found = anna.ok(anna.get("notebooks/state", path="notebooks/mend.ipynb"))["findings"]
    assert [(one["rule"], one["cell_id"], one["fixable"]) for one in found] == [("unused-import", "cell-1", True)]
    done = anna.ok(anna.post("notebooks/fix", path="notebooks/mend.ipynb"))["fixed"]
    assert done == ["Cell 2: Took out what is imported and never used (numpy). The fingerprint changes with it."]
    assert anna.ok(anna.get("notebooks/state", path="notebooks/mend.ipynb"))["findings"] == []
    assert anna.post("notebooks/fix", path="notebooks/mend.ipynb", rules=["no-such"]).status == 400


def test_a_new_notebook_is_sound_as_made(anna: Client, small: Place) -> None:
    templates = anna.ok(anna.get("notebooks/templates"))["templates"]
    assert {one["name"] for one in templates} >= {"exploration", "ingestion", "training", "app"}
    made = anna.ok(anna.post("notebooks/new", template="preparation", folder="notebooks", name="clean"))
    assert made["path"] == "notebooks/clean.ipynb"
    assert all((small.root / path).exists() for path in made["also"])
    found = anna.ok(anna.get("notebooks/state", path=made["path"]))
    assert (found["findings"], found["problems"]) == ([], {})
    again = anna.post("notebooks/new", template="preparation", folder="notebooks", name="clean")
    assert again.status == 400
    assert "is there already" in again.json["message"]


def test_tests_that_were_passed_are_shown_until_the_content_changes(anna: Client, small: Place) -> None:
    begun = anna.ok(anna.post("activities/test", names=[PATH]))
    told = [one["data"] for one in anna.events("activities/events", id=begun["id"])]
    assert told[-2]["status"] == "completed", told[-2]
    found = anna.ok(anna.get("notebooks/state", path=PATH))["tests"]
    assert found["tested"] is not None
    cases = {case["name"]: case for case in found["cases"]}
    assert cases["test_total"]["status"] == cases["test_again"]["status"] == "passed"
    assert cases["test_total"]["cell_id"] == "cell-4"
    small.notebook(
        PATH, *[("test" if "test" in tag else tag, text) for tag, text in cells_of(small)], "and_one_more = 1"
    )
    assert anna.ok(anna.get("notebooks/state", path=PATH))["tests"]["tested"] is None


def cells_of(place: Place) -> list[tuple[str, str]]:
    import json

    content = json.loads((place.root / PATH).read_text())
    return [
        ("markdown" if cell["cell_type"] == "markdown" else "".join(cell["metadata"].get("tags", [])), cell["source"])
        for cell in content["cells"]
    ]


def test_two_hundred_cells_are_shown_whole(anna: Client, small: Place) -> None:
    small.write("notebooks/large.ipynb", large(200))
    found = anna.ok(anna.get("notebooks/state", path="notebooks/large.ipynb"))
    assert len(found["cells"]) == 200
    assert len(found["tests"]["cases"]) == 78
    small.write("notebooks/large.ipynb", large(200, "edited = 1"))
    again = anna.ok(anna.get("notebooks/state", path="notebooks/large.ipynb"))  # what is remembered is of this content
    assert [cell["role"] for cell in again["cells"]] == [cell["role"] for cell in found["cells"]]


def large(cells: int, last: str = "1") -> dict[str, object]:
    """A notebook as large as one gets: functions, frames, tests."""
    code = [
        f"def prepare_{number}(frame, n={number}):\n    part = frame.assign(x=lambda data: data['a'] * n + rate)\n"
        f"    return part[part['x'] > horizon].reset_index(drop=True)\n\n\nframe_{number} = prepare_{number}(frame)\n"
        f"frame_{number}.groupby('a').agg({{'x': ['mean', 'max']}})"
        for number in range(cells - 43)
    ]
    tests = [
        (
            "test",
            f"def test_{number}():\n    assert len(frame) >= 0\n\n\ndef test_again_{number}():\n    assert horizon > 0",
        )
        for number in range(39)
    ]
    head = (
        "import pandas as pd\nimport studio",
        ("parameters", "horizon: int = 24  # hours\nrate: float = 0.5  # share"),
    )
    return notebook(*head, 'frame = studio.load("numbers")', *code, *tests, last)
