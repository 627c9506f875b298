"""Pipelines in a real JupyterLab: the graph, a run watched live, its failure mended, runs compared, files written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab, LabAt, serious
from tests.conftest import Place

pytestmark = pytest.mark.slow
LONG = 240_000
CATALOG = "version: 1\ndatasets:\n  raw: {description: Numbers.}\n  scores: {description: More numbers.}\n"
DAILY = """# Every day: numbers, three models, a report.
version: 1
description: Numbers of the day.
steps:
  load:
    notebook: notebooks/load.ipynb  # slow enough to be watched
  train:
    notebook: notebooks/train.ipynb
    matrix: {model: [tree, forest, linear]}
  report: {notebook: notebooks/report.ipynb}
"""
SLOW = "import time\ntime.sleep(pause)"
OLD_RUNS = 10_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A workspace with a small pipeline whose report fails, and one whose file is wrong."""
    place = Place(tmp_path_factory.mktemp("pipelines") / "workspace")
    place.write("studio.toml", "version = 1\n")
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/daily.yml", DAILY)
    place.write("pipelines/broken.yml", "version: 1\nsteps:\n  gone: {notebok: notebooks/load.ipynb}\n")
    parameters = "rows: int = 10  # how many\npause: float = 0.5  # seconds a cell takes"
    start = "import pandas as pd\nimport studio"
    save = "studio.save('raw', pd.DataFrame({'x': range(rows)}))"
    place.notebook("notebooks/load.ipynb", ("parameters", parameters), start, *[SLOW] * 8, save)
    train = "import studio\nframe = studio.load('raw')\nstudio.save('scores', frame.assign(model=model))"
    place.notebook("notebooks/train.ipynb", ("parameters", "model: str = 'tree'  # which one"), train)
    place.notebook("notebooks/report.ipynb", *report(limit=10))
    place.notebook("notebooks/extra.ipynb", "print('extra')")
    return place


def report(limit: int) -> tuple[tuple[str, str] | str, ...]:
    check = "if total > limit:\n    raise ValueError(f'{total} is above {limit}')"
    load = "import studio\ntotal = int(studio.load('scores')['x'].sum())\nprint('the total is', total)"
    return ("parameters", f"limit: int = {limit}  # of the total"), load, check


@pytest.fixture(scope="module")
def lab(place: Place, lab_at: LabAt) -> Iterator[Lab]:
    lab = lab_at(place.root)
    lab.open()
    expect.set_options(timeout=30_000)
    yield lab
    expect.set_options(timeout=5_000)


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """The page with the pipeline in front; nothing may go wrong in it."""
    lab.run("studio:open-pipeline", pipeline="daily")
    yield lab.page
    assert (lab.seen.errors, lab.seen.outside) == ([], [])


def step(page: Page, name: str) -> Locator:
    return page.locator(f".studio-Step:has([data-step={name}])")


def front(page: Page, kind: str) -> Locator:
    """The widget of this kind that is in front."""
    return page.locator(
        f".lm-DockPanel-widget:not(.lm-mod-hidden) {kind}, .lm-DockPanel-widget:not(.lm-mod-hidden){kind}"
    )


def test_a_pipeline_that_never_ran_shows_what_a_run_would_do(page: Page) -> None:
    bar = page.get_by_role("group", name="Run", exact=True)
    expect(bar).to_contain_text("It has not run yet. A run now: 5 would run.")
    expect(step(page, "train")).to_contain_text("would run")
    expect(page.locator(".studio-Arrow-label")).to_have_text(["raw", "scores"])
    assert serious(page, ".studio-Pipeline") == []


def test_the_keyboard_alone_leads_through_the_graph(page: Page) -> None:
    first = page.locator("[data-step=load]")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-step=train]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Parts of train")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("[data-step=train]").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-part='train[model=tree]']")).to_be_focused()
    page.keyboard.press("Enter")
    details = page.get_by_role("region", name="Step train[model=tree]")
    expect(details).to_contain_text("it has not completed before")
    page.keyboard.press("Escape")
    expect(details).to_have_count(0)
    page.get_by_role("button", name="Parts of train").click()


def test_a_broken_pipeline_says_where_and_leads_there(lab: Lab) -> None:
    page = lab.page
    lab.run("studio:open-pipeline", pipeline="broken")
    alert = page.locator("#studio-pipeline-broken").get_by_role("alert")
    expect(alert).to_contain_text("Did you mean 'notebook'?")
    expect(page.locator("#studio-pipeline-broken").get_by_role("button", name="Run…")).to_be_disabled()
    alert.get_by_role("button", name="pipelines/broken.yml:3, steps.gone.notebok").click()
    expect(page.locator(".jp-FileEditor:visible")).to_contain_text("notebok")
    assert serious(page, "#studio-pipeline-broken") == []
    lab.run("application:close")


def test_a_run_is_started_from_the_form_and_watched_until_it_fails(page: Page) -> None:
    bar = page.get_by_role("group", name="Run", exact=True)
    bar.get_by_role("button", name="Run…").click()
    form = page.get_by_role("region", name="Run daily")
    form.get_by_label("rows", exact=True).fill("8")
    assert serious(page, ".studio-Pipeline") == []
    form.get_by_role("button", name="Start").click()
    expect(bar.get_by_role("button", name="Stop")).to_be_visible()
    expect(step(page, "load")).to_contain_text(re.compile(r"running.*[1-9]\d* of 12 cells"), timeout=LONG)
    expect(step(page, "report")).to_contain_text("waiting")
    expect(step(page, "report")).to_contain_text("failed", timeout=LONG)
    expect(step(page, "train")).to_contain_text("completed")
    expect(bar).to_contain_text("failed · 5 steps: 1 failed, 4 run")
    failure = page.get_by_role("region", name="Why it failed")
    expect(failure).to_contain_text("Cell 3 raised ValueError: 84 is above 10")
    expect(failure).to_contain_text("raise ValueError")
    assert serious(page, ".studio-Pipeline") == []


def test_the_executed_notebook_opens_at_its_failing_cell_and_stays_as_it_ran(page: Page) -> None:
    page.get_by_role("button", name="Executed notebook").click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect(notebook.locator(".jp-Cell.jp-mod-active")).to_contain_text("84 is above 10")
    expect(notebook).to_contain_text("read-only")
    expect(notebook).to_contain_text("No Kernel")


def test_the_log_and_the_way_to_the_source(page: Page) -> None:
    details = page.get_by_role("region", name="Step report")
    details.get_by_text("Log", exact=True).click()
    expect(details.locator(".studio-StepLog pre")).to_contain_text("the total is 84")
    page.get_by_role("button", name="Open the cell to mend").click()
    expect(page.locator(".jp-NotebookPanel:visible .jp-Cell.jp-mod-active")).to_contain_text("raise ValueError")


def test_a_mended_run_goes_on_where_it_failed(page: Page, place: Place) -> None:
    place.notebook("notebooks/report.ipynb", *report(limit=1000))
    bar = page.get_by_role("group", name="Run", exact=True)
    bar.get_by_role("button", name="Resume").click()
    expect(bar).to_contain_text("completed · 5 steps run", timeout=LONG)
    expect(bar.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "5")
    assert len(place.studio("runs", "list", "--json").json["runs"]) == 1


def test_reuse_tells_its_reason(page: Page) -> None:
    page.get_by_role("button", name="What a run would do now").click()
    # The plan is asked with the values of the file, and the run had others.
    expect(step(page, "load")).to_contain_text("would run")
    page.get_by_role("button", name="Show all of it (0)").click()
    page.locator("[data-step=load]").click()
    expect(page.get_by_role("region", name="Step load")).to_contain_text("parameter rows 8 → 10")
    page.keyboard.press("Escape")


def test_a_run_is_refused_with_all_reasons(page: Page) -> None:
    page.get_by_role("button", name="Run…").click()
    form = page.get_by_role("region", name="Run daily")
    form.get_by_label("Environment").select_option("prod")
    form.get_by_role("button", name="Start").click()
    notice = page.locator(".studio-Notice")
    expect(notice).to_contain_text("The run was refused.", timeout=LONG)
    assert notice.get_by_role("listitem").count() >= 2
    expect(notice).to_contain_text("Next: studio review submit daily")
    assert serious(page, ".studio-Pipeline") == []
    notice.get_by_role("button", name="Take this notice away").click()
    expect(notice).to_have_count(0)


def test_a_run_is_stopped_and_compared_with_the_one_before(page: Page) -> None:
    bar = page.get_by_role("group", name="Run", exact=True)
    bar.get_by_role("button", name="Run…").click()
    page.get_by_role("region", name="Run daily").get_by_role("button", name="Start").click()
    expect(step(page, "load")).to_contain_text("running", timeout=LONG)
    bar.get_by_role("button", name="Stop").click()
    expect(bar).to_contain_text("killed", timeout=LONG)
    expect(bar.get_by_role("button", name="Resume")).to_be_visible(timeout=LONG)
    runs = page.get_by_role("navigation", name="Runs")
    for box in runs.get_by_role("checkbox").all():
        box.check()
    runs.get_by_role("button", name="Compare", exact=True).click()
    comparison = page.get_by_role("region", name="Comparison of two runs")
    rows = comparison.get_by_role("row").filter(has_text="rows")
    expect(rows.get_by_role("cell")).to_have_text(["8", "10", "+2 (+25.0 %)"])
    assert serious(page, ".studio-Pipeline") == []
    comparison.get_by_role("button", name="Close").click()


def test_a_notebook_becomes_a_step_and_the_file_keeps_its_comments(lab: Lab, page: Page, place: Place) -> None:
    page.evaluate("window.jupyterapp.commands.execute('studio:add-to-pipeline', {path: 'notebooks/extra.ipynb'}); 0")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Pipeline")).to_have_value("daily")
    assert serious(page, ".jp-Dialog") == []
    dialog.get_by_role("button", name="Add").click()
    expect(step(page, "extra")).to_be_visible()
    text = (place.root / "pipelines" / "daily.yml").read_text(encoding="utf-8")
    assert "# slow enough to be watched" in text
    assert "notebooks/extra.ipynb" in text


def test_a_new_pipeline_says_what_is_wrong_with_its_name_and_is_made(lab: Lab, page: Page, place: Place) -> None:
    page.evaluate(
        "window.jupyterapp.commands.execute('studio:new-pipeline', {notebooks: ['notebooks/extra.ipynb']}); 0"
    )
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the pipeline").fill("Not Good")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not Good")
    expect(dialog.get_by_label("Name of the pipeline")).to_have_value("Not Good")
    dialog.get_by_label("Name of the pipeline").fill("nightly")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.locator("#studio-pipeline-nightly").get_by_role("heading", name="nightly")).to_be_visible()
    assert (place.root / "pipelines" / "nightly.yml").is_file()
    lab.run("application:close")


def test_what_was_open_comes_back_with_the_layout(lab: Lab, page: Page) -> None:
    page.wait_for_timeout(1500)  # Lab saves its layout a while after the last change
    page.goto(lab.server.url("lab"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
    expect(page.locator("#studio-pipeline-daily .studio-Step").first).to_be_visible(timeout=60_000)


def test_dark_and_narrow(lab: Lab, page: Page) -> None:
    lab.theme(True)
    page.set_viewport_size({"width": 720, "height": 800})
    page.locator("[data-step=load]").click()
    details = page.get_by_role("region", name="Step load")
    expect(details).to_be_visible()
    assert serious(page, ".studio-Pipeline") == []
    box = details.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 720
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 900})
    lab.theme(False)


def test_ten_thousand_runs_scroll_without_being_loaded(lab: Lab, place: Place) -> None:
    for number in range(OLD_RUNS):
        write_old_run(place.root, number)
    page = lab.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/runs?" in request.url else None)
    lab.run("studio:open-runs")
    panel = page.locator("#studio-runs")
    expect(panel).to_contain_text(re.compile(r"10[,.]?002 runs"), timeout=60_000)
    pages = len(asked)
    assert pages <= 2
    rows = panel.locator(".studio-RunTable-row")
    assert 5 < rows.count() < 80
    scroller = panel.locator(".studio-VirtualList")
    for _ in range(5):
        scroller.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
        page.wait_for_timeout(700)
    assert pages < len(asked) <= pages + 8
    assert rows.count() < 80
    expect(rows.last).to_contain_text("old")
    assert serious(page, "#studio-runs") == []
    assert (lab.seen.errors, lab.seen.outside) == ([], [])


def write_old_run(root: Path, number: int) -> None:
    """A run of last year: nothing but its record."""
    run = f"2025{1 + number // 1000:02d}01-{number // 60 % 24:02d}{number % 60:02d}00-{number:06x}"
    folder = root / ".studio" / "runs" / run
    folder.mkdir()
    record = {"format": 1, "run": run, "pipeline": "old", "name": "old", "status": "completed", "steps": []}
    times = {"started": "2025-01-01T00:00:00.000Z", "ended": "2025-01-01T00:00:01.000Z", "seconds": 1.0}
    (folder / "run.json").write_text(json.dumps(record | times), encoding="utf-8")
