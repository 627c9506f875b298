"""The whole way in a real browser, as three people go it: from a template to a result that an analyst reads.

Each test is a step of one story and goes on where the one before ended. With ``STUDIO_PICTURES`` naming a folder, each
step leaves its pictures there, in the light and in the dark theme: they are the ones of the documentation.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Lab, LabAt, Seen, serious
from tests.conftest import Place
from tests.servers import free_port
from tests.workflows.reviewing import Team

pytestmark = pytest.mark.slow
PICTURES = os.environ.get("STUDIO_PICTURES", "")
LONG = 180_000
PANEL = "#studio-notebook-panel"
NOTEBOOK = "notebooks/shop/training.ipynb"
PEOPLE = """
[people.ada]
name = "Ada Lovelace"
emails = ["ada@example.org"]
roles = ["data scientist"]

[people.ben]
name = "Ben Stone"
emails = ["ben@example.org"]
roles = ["ML engineer"]

[people.cora]
name = "Cora Reed"
emails = ["cora@example.org"]
roles = ["analyst"]
"""


@dataclass
class Story:
    """The workspace, and the browsers of its people."""

    team: Team
    lab_at: LabAt
    labs: dict[str, Lab] = field(default_factory=dict)

    def lab(self, who: str) -> Lab:
        """The person's Lab, started when first asked for."""
        if who not in self.labs:
            self.labs[who] = self.lab_at(self.team.root, who)
        return self.labs[who]

    def picture(self, who: str, name: str) -> None:
        """Keep what the person sees, in both themes."""
        lab = self.lab(who)
        for dark in (False, True) if PICTURES else ():
            lab.theme(dark)
            lab.page.wait_for_timeout(700)  # colours fade
            lab.shot(Path(PICTURES) / f"{name}-{'dark' if dark else 'light'}.png")
        if PICTURES:
            lab.theme(False)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, lab_at: LabAt) -> Iterator[Story]:
    """A workspace as ``studio init`` makes it, with three people, and a mistake in its second notebook."""
    root = tmp_path_factory.mktemp("story") / "shop"
    subprocess.run([sys.executable, "-m", "studio.cli", "init", str(root)], check=True, capture_output=True)
    team = Team(Place(root))
    settings = root / "studio.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    (root / "notebooks" / "shop").mkdir()
    (root / "notebooks" / "shop" / "README.md").write_text("What the shop knows of its customers.\n")
    forecast = root / "notebooks" / "first" / "forecast.ipynb"
    content = json.loads(forecast.read_text(encoding="utf-8"))
    cell = next(cell for cell in content["cells"] if cell["id"] == "model")
    cell["source"] = "".join(cell["source"]).replace('past["sales"].to_numpy()', 'past["sale"].to_numpy()')
    forecast.write_text(json.dumps(content, indent=1), encoding="utf-8")
    team.git("init", "-q", "-b", "main", who="ada")
    team.commit("feat: the shop's first pipeline", who="ada")
    expect.set_options(timeout=30_000)
    yield Story(team, lab_at)
    expect.set_options(timeout=5_000)


def section(page: Page, name: str) -> Locator:
    """A section of the Notebook panel."""
    return page.locator(f'{PANEL} [data-studio-section="{name}"]')


def test_1_ada_makes_a_notebook_from_a_template(story: Story) -> None:
    lab = story.lab("ada")
    page = lab.open()
    lab.run("filebrowser:open-path", path="notebooks/shop")
    card = page.locator(".jp-LauncherCard").get_by_text("Training", exact=True)
    expect(card).to_be_visible()
    lab.run("studio:open-home")
    expect(page.locator(".studio-Home").get_by_text("Needs you")).to_be_visible()
    page.locator(".jp-LauncherCard").last.scroll_into_view_if_needed()
    story.picture("ada", "launcher")
    card.click()
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    lab.run("studio:open-notebook-panel")
    expect(section(page, "status")).to_contain_text("draft")
    page.wait_for_selector('.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]')
    assert not page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty"), "nobody changed it"
    assert (story.team.root / NOTEBOOK).is_file()
    assert (story.team.root / "data" / "example_customers.csv").is_file()


def test_2_ada_sets_parameters_in_the_form(story: Story) -> None:
    page = story.lab("ada").page
    form = section(page, "parameters")
    form.get_by_label("strength", exact=True).fill("0")
    form.get_by_role("button", name="Write into the notebook").click()
    expect(form.locator(".studio-Field-problem")).to_be_visible()
    form.get_by_label("strength", exact=True).fill("0.5")
    form.get_by_role("button", name="Write into the notebook").click()
    cell = page.locator('.jp-Cell[data-studio-mark="parameters"]')
    expect(cell).to_contain_text("strength: Annotated[float, Gt(0)] = 0.5  # the inverse of the regularisation")
    story.picture("ada", "parameters")


def test_3_ada_runs_the_cells(story: Story) -> None:
    lab = story.lab("ada")
    page = lab.page
    lab.run("notebook:run-all-cells")
    expect(page.locator(".jp-Cell").filter(has_text='studio.save("training", scored)')).to_contain_text(
        "240 scores kept", timeout=LONG
    )
    assert (
        page.locator('.jp-Notebook .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count() <= 2
    )
    assert page.locator('.jp-Notebook [data-mime-type="application/vnd.jupyter.error"]').count() == 0
    lab.run("docmanager:save")
    expect(page.locator(f"{PANEL} .studio-Unsaved")).to_have_count(0)


def test_4_her_tests_are_green_beside_their_cell(story: Story) -> None:
    page = story.lab("ada").page
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Test", exact=True).click()
    results = page.locator('.jp-Cell[data-studio-mark="test"] .studio-CellResult')
    expect(results).to_have_count(3)
    for place in range(3):
        expect(results.nth(place)).to_contain_text("passed", timeout=LONG)
    results.first.scroll_into_view_if_needed()
    section(page, "tests").scroll_into_view_if_needed()
    story.picture("ada", "tests")


def test_5_ada_submits_it(story: Story) -> None:
    page = story.lab("ada").page
    story.team.commit("feat(training): a model of who leaves", who="ada")
    section(page, "status").get_by_role("button", name="Submit for review…").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_label("What changed, and why").fill("A first model of who leaves")
    story.picture("ada", "submit")
    dialog.get_by_role("button", name=re.compile("submit", re.IGNORECASE)).click()
    progress = section(page, "status").get_by_role("group", name="Submission")
    expect(progress).to_contain_text("submitted for review.", timeout=LONG)
    expect(section(page, "status")).to_contain_text("It was submitted, and waits for a reviewer.")


def test_6_ben_reads_the_change_and_asks(story: Story) -> None:
    lab = story.lab("ben")
    page = lab.open()
    lab.run("studio:open-home")
    waiting = page.locator(".studio-Home").get_by_role("button").filter(has_text="training.ipynb").first
    expect(waiting).to_be_visible()
    story.picture("ben", "home")
    waiting.click()
    review = page.locator(".studio-Review")
    expect(review.locator("h2")).to_have_text("Training")
    cell = review.get_by_role("region", name="Cell 4")
    cell.scroll_into_view_if_needed()  # what is not in sight is not drawn yet
    expect(cell).to_contain_text("strength")
    review.get_by_role("button", name="Comment on cell 4").click()
    cell.get_by_role("textbox", name=re.compile("Your comment")).fill("Why half of the usual strength?")
    cell.get_by_role("button", name="Comment", exact=True).click()
    expect(cell.get_by_role("listitem")).to_contain_text("Why half of the usual strength?")
    story.picture("ben", "review")
    assert serious(page, ".studio-Review") == []


def test_7_ben_approves_it(story: Story) -> None:
    page = story.lab("ben").page
    review = page.locator(".studio-Review")
    review.get_by_role("tab", name="Tests").click()
    review.get_by_text(re.compile(r"\d+ tests passed")).click()
    expect(review.get_by_role("cell", name="test_it_beats_guessing")).to_be_visible()
    review.get_by_role("button", name="Approve …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Sound, and better than guessing")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(review.locator(".studio-Review-outcome")).to_contain_text("Approved")
    story.picture("ben", "approved")
    story.team.commit("feat(training): approved", who="ben")
    status = story.team.place.studio("review", "status", NOTEBOOK, "--json", environment={"STUDIO_ACTOR": "ada"}).json
    assert status["contents"][0]["status"] == "approved"


def test_8_ada_runs_a_pipeline_and_watches_it_fail(story: Story) -> None:
    lab = story.lab("ada")
    page = lab.page
    lab.run("studio:open-pipeline", pipeline="first")
    bar = page.get_by_role("group", name="Run", exact=True)
    bar.get_by_role("button", name="Run…").click()
    form = page.get_by_role("region", name="Run first")
    form.get_by_label("days", exact=True).fill("200")
    form.get_by_role("button", name="Start").click()
    expect(bar).to_contain_text("of 2 steps done")
    story.picture("ada", "running")
    step = page.locator(".studio-Step").filter(has_text="forecast")
    expect(step).to_contain_text("failed", timeout=LONG)
    expect(page.locator(".studio-Step").filter(has_text="sales")).to_contain_text("completed")
    bar.get_by_role("button", name="Show forecast").click()
    failure = page.get_by_role("region", name="Why it failed")
    expect(failure).to_contain_text("KeyError")
    story.picture("ada", "failed")


def test_9_ada_mends_the_cell_and_resumes(story: Story) -> None:
    lab = story.lab("ada")
    page = lab.page
    page.get_by_role("region", name="Why it failed").get_by_role("button", name="Open the cell to mend").click()
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active")
    expect(cell).to_contain_text('past["sale"]')
    cell.locator(".cm-content").click()
    source = cell.locator(".cm-content").evaluate("(editor) => editor.cmTile?.view?.state?.doc.toString() ?? ''")
    if not source:
        source = "\n".join(cell.locator(".cm-line").all_inner_texts())
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source.replace('past["sale"]', 'past["sales"]'))
    lab.run("docmanager:save")
    lab.run("studio:open-pipeline", pipeline="first")
    page.get_by_role("group", name="Run", exact=True).get_by_role("button", name="Resume").click()
    expect(page.locator(".studio-Step").filter(has_text="forecast")).to_contain_text("completed", timeout=LONG)
    story.picture("ada", "resumed")
    runs = story.team.place.studio("runs", "list", "--json").json["runs"]
    assert (runs[0]["status"], runs[0]["given"]["days"]) == ("completed", "200")
    assert len(runs[0]["earlier"]) == 1
    assert (lab.seen.errors, lab.seen.outside) == ([], [])


@pytest.fixture(scope="module")
def apps(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``studio apps serve`` as the analyst has it; its address with the token."""
    port = free_port()
    log = tmp_path_factory.mktemp("apps") / "log"
    words = [sys.executable, "-m", "studio.cli", "apps", "serve", "scenario", "--port", str(port)]
    environment = {**os.environ, "STUDIO_ACTOR": "cora"}
    with log.open("wb") as output:
        server = subprocess.Popen(
            words, cwd=story.team.root, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        for _ in range(600):
            found = re.search(rf"http://\S+:{port}/\S*token=\S+", log.read_text(encoding="utf-8"))
            if found or server.poll() is not None:
                break
            story.lab("ada").page.wait_for_timeout(100)
        assert found, log.read_text(encoding="utf-8")
        yield found.group()
    finally:
        server.terminate()
        assert server.wait(30) == 0


def test_10_cora_runs_a_scenario_in_an_app(story: Story, apps: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 412, "height": 915})
    page = context.new_page()
    seen = Seen(page)

    def picture(name: str) -> None:
        for scheme in ("light", "dark") if PICTURES else ():
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(300)
            path = Path(PICTURES) / f"{name}-{scheme}.png"
            page.screenshot(path=str(path), full_page=name == "scenario-result")
        page.emulate_media(color_scheme="light")

    page.goto(apps)
    link = page.get_by_role("link", name=re.compile("Run a scenario"))
    if link.count():
        link.first.click()
    page.wait_for_selector(".studio-scenarios", timeout=LONG)
    choice = page.get_by_role("button", name=re.compile("Training"))
    if choice.count():
        choice.first.click()
    strength = page.get_by_label("strength")
    expect(strength).to_have_value("0.5")
    strength.fill("2")
    picture("scenario-form")
    page.get_by_role("button", name="Run the scenario").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    picture("scenario-running")
    expect(page.get_by_text("cv_auc").or_(page.get_by_text("cv auc")).first).to_be_visible(timeout=LONG)
    picture("scenario-result")
    assert "Traceback" not in page.content()
    assert serious(page, "body") == []
    assert (seen.errors, seen.outside) == ([], [])
    context.close()
    runs = story.team.place.studio("runs", "list", "--json").json["runs"]
    assert (runs[0]["environment"], runs[0]["actor"]) == ("scenario", "cora")
