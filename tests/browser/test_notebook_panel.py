"""The Notebook panel in a real JupyterLab: what a person sees of a notebook, and does with it."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab, LabAt, serious
from tests.conftest import notebook
from tests.workflows.reviewing import NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow
PANEL = "#studio-notebook-panel"
ROUGH = "notebooks/rough.ipynb"
LARGE = "notebooks/large.ipynb"
MINUTES = 180_000
ROUGH_CELLS = (
    ("markdown", "# Rough work\n\nSomething that needs care."),
    "import json\nimport os\n\nimport pandas as pd",
    ("parameters", "rows: int = 3  # how many rows\nlabel: str = 'x'  # of the frame"),
    'frame = pd.DataFrame({"x": range(rows)})\npath = "/home/ada/data.csv"',
    ("test", "def test_rows():\n    assert len(frame) == rows\n\n\ndef test_sum():\n    assert frame['x'].sum() == 7"),
    ("markdown", "The end."),
)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """One notebook approved, then changed in two cells; one with findings and a failing test; a long one."""
    root = tmp_path_factory.mktemp("panel") / "workspace"
    # In a thread: Playwright's loop runs in this one, and kernels need one of their own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_made, root).result()


def _made(root: Path) -> Team:
    team = new_team(root)
    team.submit(message="the first sum")
    team.decide("approve", message="good")
    team.commit("feat: approved", who="bob")
    team.edit(2, "count: int = 3", "count: int = 4")
    team.edit(4, "+ 10", "+ 11")
    team.place.write(ROUGH, notebook(*ROUGH_CELLS))
    team.place.write("notebooks/broken.ipynb", '{"cells": [')
    team.place.write(LARGE, notebook(("markdown", "# Large"), ("parameters", "n: int = 1  # one"), *_many()))
    team.commit("feat: a larger sum")
    return team


def _many() -> list[tuple[str, str] | str]:
    cells: list[tuple[str, str] | str] = [f"value_{number} = n + {number}" for number in range(158)]
    cells += [("test", f"def test_{number}():\n    assert value_{number} == n + {number}") for number in range(40)]
    return cells


@pytest.fixture(scope="module")
def anna(team: Team, lab_at: LabAt) -> Lab:
    """Anna's Lab."""
    return lab_at(team.root, "anna")


@pytest.fixture
def show(anna: Lab) -> Iterator[Callable[[str], Page]]:
    """Open a notebook with the panel beside it; nothing may go wrong in the page."""

    def opened(path: str) -> Page:
        page = anna.open(path)
        anna.run("studio:open-notebook-panel")
        expect(page.locator(f"{PANEL} .studio-Notebook")).to_have_attribute("aria-busy", "false")
        return page

    expect.set_options(timeout=30_000)
    yield opened
    expect.set_options(timeout=5_000)
    assert (anna.seen.errors, anna.seen.outside) == ([], [])


def section(page: Page, name: str) -> Locator:
    """A section of the panel."""
    return page.locator(f'{PANEL} [data-studio-section="{name}"]')


def settle(lab: Lab) -> None:
    """Save what Lab writes into a notebook by itself: the kernel's version, once there is a kernel."""
    expect(lab.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).to_have_count(1)
    lab.run("docmanager:save")
    expect(lab.page.locator(f"{PANEL} .studio-Unsaved")).to_have_count(0)


def saved(team: Team, path: str) -> dict[str, Any]:
    """The notebook in its file."""
    content: dict[str, Any] = json.loads((team.root / path).read_text(encoding="utf-8"))
    return content


def test_a_lapsed_approval_names_the_cells_and_leads_to_them(show: Callable[[str], Page]) -> None:
    page = show(NOTEBOOK)
    status = section(page, "status")
    expect(status).to_contain_text("lapsed")
    expect(status).to_contain_text("changed since its approval by bob")
    status.get_by_role("button", name="Cell 4", exact=True).click()
    expect(page.locator(".jp-Cell.jp-mod-active")).to_contain_text("total = sum(numbers) + 11")
    expect(status.get_by_role("button", name="total")).to_be_visible()
    status.get_by_role("button", name="Open the latest review").click()
    expect(page.locator(".studio-Review h2")).to_have_text("A sum")
    expect(page.locator(PANEL)).to_contain_text("No notebook is in front.")


def test_values_are_written_into_the_cell_and_the_notebook_is_run_with_them(
    show: Callable[[str], Page], team: Team
) -> None:
    page = show(ROUGH)
    form = section(page, "parameters")
    field = form.get_by_label("rows", exact=True)
    field.fill("many")
    form.get_by_role("button", name="Write into the notebook").click()
    expect(form.locator(".studio-Field-problem")).to_contain_text("many")
    field.fill("5")
    form.get_by_role("button", name="Write into the notebook").click()
    expect(page.locator('.jp-Cell[data-studio-mark="parameters"]')).to_contain_text("rows: int = 5  # how many rows")
    expect(page.locator(PANEL)).to_contain_text("unsaved changes")
    assert "rows: int = 3" in saved(team, ROUGH)["cells"][2]["source"]
    page.locator(f"{PANEL} .studio-Unsaved").get_by_role("button", name="Save").click()
    expect(page.locator(f"{PANEL} .studio-Unsaved")).to_have_count(0)
    assert "rows: int = 5" in "".join(saved(team, ROUGH)["cells"][2]["source"])

    form.get_by_label("label", exact=True).fill('it\'s "quoted"')
    form.get_by_role("button", name="Run with these values").click()
    progress = form.get_by_role("group", name="Run", exact=True)
    expect(progress).to_contain_text("completed", timeout=MINUTES)
    run = progress.get_by_role("button", name=re.compile("Open run")).inner_text().split()[-1]
    executed = json.loads(next((team.root / ".studio" / "runs" / run).rglob("*.ipynb")).read_text(encoding="utf-8"))
    (given,) = [cell for cell in executed["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]
    assigned = ast.parse("".join(given["source"])).body
    values = {
        ast.unparse(one.targets[0]): ast.literal_eval(one.value) for one in assigned if isinstance(one, ast.Assign)
    }
    assert values["label"] == 'it\'s "quoted"'


def test_findings_lead_to_their_place_and_are_mended(show: Callable[[str], Page], team: Team, anna: Lab) -> None:
    page = show(ROUGH)
    settle(anna)
    checks = section(page, "checks")
    expect(checks).to_contain_text("The import of 'json' is never used.")
    checks.get_by_role("button", name="Cell 4, line 2").click()
    expect(page.locator(".jp-Cell.jp-mod-active")).to_contain_text("/home/ada/data.csv")
    checks.get_by_role("button", name="Fix unused-import").first.click()
    expect(checks.get_by_role("list", name="What was mended")).to_contain_text("json")
    expect(page.locator(".jp-Cell").nth(1)).not_to_contain_text("import json")
    expect(checks).not_to_contain_text("unused-import")
    expect(checks).to_contain_text("absolute-path")
    assert "import json" not in "".join(saved(team, ROUGH)["cells"][1]["source"])


def test_mending_asks_before_it_saves_what_is_unsaved(show: Callable[[str], Page], team: Team) -> None:
    source = "import json\nimport pandas as pd"
    team.place.write("notebooks/other.ipynb", notebook(("markdown", "# Other"), source, "pd.DataFrame()"))
    page = show("notebooks/other.ipynb")
    page.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # typed")
    section(page, "checks").get_by_role("button", name="Fix all that is safe (1)").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("They are saved first")
    dialog.get_by_role("button", name="Cancel").click()
    assert "typed" not in json.dumps(saved(team, "notebooks/other.ipynb"))
    section(page, "checks").get_by_role("button", name="Fix all that is safe (1)").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Save and mend").click()
    expect(section(page, "checks")).to_contain_text("No problem was found.")
    expect(page.locator(".jp-Cell").nth(2)).to_contain_text("# typed")
    content = json.dumps(saved(team, "notebooks/other.ipynb"))
    assert ("typed" in content, "import json" in content) == (True, False)


def test_tests_are_run_and_their_results_stand_beside_their_cells(show: Callable[[str], Page]) -> None:
    page = show(ROUGH)
    tests = section(page, "tests")
    cell = page.locator('.jp-Cell[data-studio-mark="test"]')
    tests.get_by_role("button", name="Run test_rows").click()
    expect(tests.get_by_role("group", name="Tests")).to_contain_text("1 passed", timeout=MINUTES)
    expect(cell.locator(".studio-CellResult").nth(0)).to_contain_text("passed")
    expect(cell.locator(".studio-CellResult").nth(1)).to_contain_text("not run")
    page.locator(".jp-Notebook-toolbar, .jp-NotebookPanel-toolbar").get_by_text("Test", exact=True).click()
    expect(cell.locator(".studio-CellResult").nth(1)).to_contain_text("failed", timeout=MINUTES)
    expect(tests).to_contain_text("1 of 2 not passed")
    tests.get_by_text("Details").click()
    expect(tests.locator("pre")).to_contain_text("assert")

    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\n# edited")
    expect(cell.locator(".studio-CellResult").nth(1)).to_contain_text("not run")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")


def test_results_are_still_there_when_the_page_is_loaded_again(show: Callable[[str], Page]) -> None:
    page = show(NOTEBOOK)
    tests = section(page, "tests")
    tests.get_by_role("button", name="Run all tests").click()
    expect(tests.locator(".studio-Item")).to_contain_text("passed", timeout=MINUTES)
    page = show(NOTEBOOK)
    expect(section(page, "tests").locator(".studio-Item")).to_contain_text("passed")
    expect(section(page, "tests").get_by_role("group", name="Tests")).to_have_count(0)


def test_cells_are_marked_from_their_toolbar_and_by_keys(show: Callable[[str], Page], team: Team) -> None:
    page = show(ROUGH)
    cells = page.locator(".jp-Cell")
    cells.nth(3).locator(".jp-InputPrompt").click()
    toolbar = cells.nth(3).locator(".jp-cell-toolbar")
    toolbar.locator('[data-command="studio:mark-scratch"]').click()
    expect(cells.nth(3)).to_have_attribute("data-studio-label", "scratch")
    expect(toolbar.locator('[data-command="studio:mark-scratch"]')).to_have_attribute("aria-pressed", "true")
    toolbar.locator('[data-command="studio:mark-feature-view"]').click()
    expect(cells.nth(3)).to_have_attribute("data-studio-label", "feature view")
    cells.nth(3).locator(".jp-InputPrompt").click()
    page.keyboard.press("t")
    page.keyboard.press("p")
    expect(cells.nth(3)).to_have_attribute("data-studio-label", "parameters")
    expect(cells.nth(2)).not_to_have_attribute("data-studio-label", "parameters")
    expect(page.locator(".jp-toast-message")).to_contain_text("cell 3 is no longer marked")
    page.keyboard.press("t")
    page.keyboard.press("p")
    expect(page.locator("[data-studio-mark=parameters]")).to_have_count(0)
    page.evaluate("window.jupyterapp.commands.execute('studio:insert-parameters-cell')")
    expect(page.locator("[data-studio-mark=parameters]")).to_contain_text("limit: int = 100")


def test_a_notebook_is_submitted_with_a_message(show: Callable[[str], Page], team: Team) -> None:
    page = show(NOTEBOOK)
    cell = page.locator(".jp-Cell").nth(3)
    cell.locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # typed")
    section(page, "status").get_by_role("button", name="Submit for review…").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("they are saved first")
    dialog.get_by_label("What changed, and why").fill("Larger,\nby one")
    dialog.get_by_role("button", name="Save and submit").click()
    progress = section(page, "status").get_by_role("group", name="Submission")
    expect(progress).to_contain_text("submitted for review.", timeout=MINUTES)
    expect(section(page, "status")).to_contain_text("It was submitted, and waits for a reviewer.")
    expect(section(page, "tests").get_by_role("list", name="Tests")).to_contain_text("passed")
    event = team.events("submitted")[-1]
    assert "# typed" in json.dumps(saved(team, NOTEBOOK))
    assert "Larger,\nby one" in json.dumps(event.as_dict(), ensure_ascii=False).replace("\\n", "\n")


def test_what_is_no_notebook_of_a_workspace_is_said(show: Callable[[str], Page], anna: Lab) -> None:
    page = anna.open()
    anna.run("studio:open-notebook-panel")
    expect(page.locator(PANEL)).to_contain_text("No notebook is in front.")
    answer = page.evaluate(
        "(path) => fetch(path).then((got) => got.json())",
        f"{anna.server.address}/studio/api/v1/notebooks/state?path=notebooks/broken.ipynb&token={anna.server.token}",
    )
    assert answer["problem"]


def test_a_notebook_of_200_cells_is_shown_whole(show: Callable[[str], Page]) -> None:
    page = show(LARGE)
    expect(section(page, "tests").locator(".studio-Item")).to_have_count(40)


def test_the_panel_is_accessible_and_reachable_by_keyboard(show: Callable[[str], Page], anna: Lab) -> None:
    page = show(ROUGH)
    assert serious(page, PANEL) == []
    assert serious(page, ".studio-CellResults") == []
    anna.theme(dark=True)
    assert serious(page, PANEL) == []
    assert serious(page, ".studio-CellResults") == []
    anna.theme(dark=False)
    page.locator(".jp-Cell").nth(1).locator(".jp-InputPrompt").click()
    page.keyboard.press("s")
    page.keyboard.press("n")
    expect(page.locator(f"{PANEL} .studio-Notebook-head button")).to_be_focused()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
    wanted = {"Submit for review…", "Run the notebook", "Run all tests", "Climb all rungs", "Check again"}
    assert wanted <= seen


def test_nothing_is_asked_while_typing(show: Callable[[str], Page]) -> None:
    page = show(NOTEBOOK)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "notebooks/state" in request.url else None)
    page.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    page.keyboard.press("End")
    for letter in "  # slowly":
        page.keyboard.type(letter)
        time.sleep(0.1)
    assert asked == []
    page.keyboard.press("Control+s")
    expect(page.locator(f"{PANEL} .studio-Unsaved")).to_have_count(0)
    page.wait_for_timeout(500)
    assert len(asked) == 1
