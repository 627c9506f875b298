"""Home, the ledger, the launcher and the status bar in a real JupyterLab, as a reviewer and an author use them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab, LabAt, serious
from tests.workflows.reviewing import NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow
expect.set_options(timeout=30_000)
HOME = "#studio-home"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A workspace with one submission by anna that waits for bob."""
    root = tmp_path_factory.mktemp("home") / "workspace"

    def submitted() -> Team:
        team = new_team(root)
        team.submit(message="the first sum")
        return team

    # In a thread: Playwright's loop runs in this one, and kernels need one of their own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(submitted).result()


@pytest.fixture(scope="module")
def bob(team: Team, lab_at: LabAt) -> Lab:
    """The reviewer's Lab."""
    lab = lab_at(team.root, "bob")
    lab.open()
    return lab


@pytest.fixture
def page(bob: Lab) -> Iterator[Page]:
    """Bob's page with Home in front; nothing may go wrong in it."""
    bob.run("studio:open-home")
    yield bob.page
    assert (bob.seen.errors, bob.seen.outside) == ([], [])


def test_home_shows_what_waits_and_leads_there(page: Page) -> None:
    needs = page.locator(HOME).get_by_role("region", name="Needs you")
    row = needs.get_by_role("button").filter(has_text=NOTEBOOK.rpartition("/")[2])
    expect(row).to_contain_text("review")
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".studio-Review")).to_contain_text(NOTEBOOK)
    expect(page.locator(HOME).get_by_role("region", name="Lately")).to_contain_text("anna submitted")
    # The dot on Studio's icon says the same to who has another panel open.
    expect(page.locator(".lm-TabBar-tab.studio-mod-needs")).to_have_count(1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_home_and_the_ledger_can_be_used_by_everybody(bob: Lab, page: Page, dark: bool) -> None:
    bob.theme(dark)
    try:
        bob.run("studio:open-ledger")
        page.locator(".studio-Ledger-row").first.click()
        expect(page.locator(".studio-Ledger-details")).to_contain_text("fingerprint")
        assert serious(page, HOME) == []
        assert serious(page, "#studio-ledger") == []
        page.keyboard.press("ArrowDown")
        expect(page.locator(".studio-Ledger-row").nth(1)).to_be_focused()
        page.locator(".studio-Ledger-details").get_by_role("button", name="Close").click()
    finally:
        bob.theme(False)


def test_the_ledger_is_filtered_and_verified(bob: Lab, page: Page) -> None:
    bob.run("studio:open-ledger")
    ledger = page.locator("#studio-ledger")
    rows = ledger.locator(".studio-Ledger-row")
    expect(rows.first).to_be_visible()
    ledger.get_by_label("Who").fill("nobody")
    expect(ledger).to_contain_text("No event fits.")
    ledger.get_by_label("Who").fill("anna")
    expect(rows.first).to_contain_text("anna submitted")
    ledger.get_by_role("button", name="Verify").click()
    expect(ledger.get_by_role("status")).to_contain_text("the chain is whole")


def test_the_layout_comes_back(bob: Lab, page: Page) -> None:
    bob.run("studio:open-ledger")
    expect(page.locator(".studio-Ledger-row").first).to_be_visible()
    page.wait_for_timeout(1500)  # Lab keeps the layout a moment after it changed
    page.goto(bob.server.url("lab"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
    page.evaluate("window.jupyterapp.restored")
    expect(page.locator("#studio-ledger .studio-Ledger-row").first).to_be_visible()
    expect(page.locator(HOME)).to_be_visible()


def test_a_card_makes_a_notebook_from_a_template(bob: Lab, page: Page) -> None:
    bob.open()
    cards = page.locator(".jp-Launcher-section").filter(has_text="Studio")
    for name in ("Exploration", "Supervision", "New Pipeline", "MLflow", "Run a scenario"):
        expect(cards.locator(".jp-LauncherCard").filter(has_text=name)).to_have_count(1)
    card = cards.locator(".jp-LauncherCard").filter(has_text="Training")
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()
    assert (bob.root / "notebooks" / "training.ipynb").is_file()
    # The status bar knows the notebook in front, and leads to its panel.
    item = page.locator("#jp-main-statusbar .studio-StatusItem").get_by_role("button", name="draft")
    item.click()
    expect(page.locator("#studio-notebook-panel")).to_be_visible()
    assert serious(page, "#jp-main-statusbar .studio-StatusItem") == []


def test_what_goes_on_is_seen_everywhere_and_ends(bob: Lab, page: Page) -> None:
    started = """async (name) => {
        const [, token] = document.cookie.match(/_xsrf=([^;]*)/);
        const headers = {'Content-Type': 'application/json', 'X-XSRFToken': token};
        const body = JSON.stringify({names: [name]});
        return (await fetch('/studio/api/v1/activities/test', {method: 'POST', headers, body})).status;
    }"""
    expect(page.locator(HOME).get_by_role("region", name="Pipelines")).to_be_visible()
    assert page.evaluate(started, NOTEBOOK) == 200
    bob.run("studio:refresh")  # it may be over before this window looks by itself
    item = page.locator("#jp-main-statusbar .studio-StatusItem").get_by_role("button", name="test")
    expect(item).to_be_visible()
    running = page.locator(HOME).get_by_role("region", name="Running")
    expect(running.get_by_role("listitem")).to_have_count(1)
    expect(item).to_have_count(0, timeout=90_000)
    expect(running).to_have_count(0)


def test_a_folder_without_a_workspace_says_how_to_make_one(lab_at: LabAt, tmp_path: Path) -> None:
    lab = lab_at(tmp_path, "bob")
    page = lab.open()
    lab.run("studio:open-home")
    fault = page.locator(HOME).get_by_role("alert")
    expect(fault).to_contain_text("Next:")
    expect(fault).to_contain_text("studio init")
    expect(page.locator(".jp-Launcher-section").filter(has_text="Studio")).to_have_count(0)
    assert (lab.seen.errors, lab.seen.outside) == ([], [])
