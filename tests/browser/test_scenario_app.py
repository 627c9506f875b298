"""The app "Run a scenario" as an analyst has it: with the keyboard alone, on a phone, in the dark, and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Seen, serious
from tests.conftest import notebook
from tests.server.apps.serving import TOKEN, Apps, serving
from tests.workflows.apps.approved import approved_team, edit
from tests.workflows.reviewing import Team

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LONG = 120_000
PHONE = {"width": 390, "height": 780}
SCREEN = {"width": 1100, "height": 800}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    made = approved_team(tmp_path_factory.mktemp("scenario") / "workspace")
    broken = notebook("raise ValueError('words of the engineers')", title="An app that fails")
    made.place.write("notebooks/apps/broken.ipynb", broken)
    return made


@pytest.fixture(scope="module")
def apps(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    words = ("--ahead", "0", "--kernels", "2")
    with serving(team.place, tmp_path_factory.mktemp("apps"), *words, STUDIO_ACTOR="dora") as server:
        yield server


class Analyst:
    """Somebody with the complete address, and what the pages said and asked for meanwhile."""

    def __init__(self, apps: Apps, context: BrowserContext) -> None:
        self.apps, self.context = apps, context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(LONG)
        self.seen = Seen(self.page)

    def open(self, path: str) -> Page:
        self.page.goto(f"http://127.0.0.1:{self.apps.port}{path}?token={TOKEN}")
        return self.page

    def scenario(self) -> Page:
        """The page of scenarios, with the form of the pipeline."""
        page = self.open("/app/scenario")
        page.wait_for_selector("body.studio-ready")
        page.get_by_role("radio", name="Total").check()
        expect(page.get_by_label("Count")).to_have_value("4")
        return page

    def close(self) -> None:
        """Nothing was asked of another machine, nothing failed in the page, and it fits."""
        assert self.seen.outside == []
        assert self.seen.errors == []
        wide, view = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= view
        self.context.close()


@pytest.fixture
def analyst(apps: Apps, browser: Browser) -> Iterator[Analyst]:
    one = Analyst(apps, browser.new_context(viewport=SCREEN))
    yield one
    one.close()


@pytest.fixture
def on_a_phone(apps: Apps, browser: Browser) -> Iterator[Analyst]:
    one = Analyst(apps, browser.new_context(viewport=PHONE, has_touch=True, color_scheme="dark"))
    yield one
    one.close()


def test_the_token_leaves_the_address(analyst: Analyst) -> None:
    page = analyst.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Apps")
    assert "token" not in page.url
    assert serious(page, "body") == []
    page.get_by_role("link", name="Run a scenario").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("body.studio-ready")
    expect(page.get_by_role("heading", level=1)).to_have_text("Run a scenario")
    assert "page=" not in page.url, "a reload asks for a page of its own"


def test_a_scenario_with_the_keyboard_alone(analyst: Analyst, team: Team) -> None:
    page = analyst.scenario()
    assert serious(page, "body") == []
    page.get_by_label("Count").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("6")
    page.get_by_label("Wait").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    assert serious(page, "body") == []
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    expect(page.get_by_text("Total sum is 15.")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("heading", name="Total", exact=True)).to_be_focused()
    assert serious(page, "body") == []
    picture = page.get_by_role("img", name="Figure: The picture (sum)")
    assert str(picture.get_attribute("src")).startswith("data:image/png;base64,")
    assert page.get_by_role("region", name="The picture (sum)").get_by_role("cell").inner_text() == "them"
    assert page.title() == "Run a scenario · test", "nothing in an output was run"
    run = re.search(r"Run number: (\d{8}-\d{6}-[0-9a-f]{6})", page.inner_text("body"))
    assert run
    assert team.place.studio("runs", "show", run[1], "--json").json["actor"] == "dora"
    for hidden in ("Traceback", "import studio", "mlflow"):
        assert hidden not in page.inner_text("body")

    # Again with another value: it is told beside the one before.
    page.get_by_label("Count").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Total sum is 10, 5 less than in the earlier scenario.")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("Count: 5 instead of 6")).to_be_visible()
    page.get_by_role("combobox", name="Compare with").select_option("")
    expect(page.get_by_text("Total sum is 10.", exact=True)).to_be_visible()


def test_on_a_phone_in_the_dark(on_a_phone: Analyst) -> None:
    page = on_a_phone.scenario()
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60
    assert serious(page, "body") == []
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or box["height"] >= 40, "a finger has to meet it"
    page.get_by_label("Wait").fill("60")
    page.get_by_role("button", name="Run the scenario").tap()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Step \d of 2: sum"))).to_be_visible(timeout=LONG)

    # The page is closed; the scenario goes on, and is found again by whoever opens the page anew.
    page.reload()
    page.wait_for_selector("body.studio-ready")
    page.get_by_role("button", name=re.compile("Watch Total")).tap()
    page.get_by_role("button", name="Stop").tap()
    expect(page.get_by_text("It was stopped before it was done.")).to_be_visible(timeout=LONG)
    assert serious(page, "body") == []


def test_a_step_that_fails_is_told_by_a_number(analyst: Analyst, team: Team) -> None:
    page = analyst.scenario()
    page.get_by_role("checkbox", name="Fail").check()
    page.get_by_role("button", name="Run the scenario").click()
    expect(page.get_by_text("It ended before it was done.")).to_be_visible(timeout=LONG)
    number = re.search(r"error number ([0-9a-f]{8})", page.inner_text("body"))
    assert number
    assert "secret of the engineers" not in page.content()
    assert serious(page, "body") == []
    log = (Path(team.root) / ".studio/apps/log").read_text()
    assert "the step sum failed" in log[log.index(number[1]) :]


def test_what_was_changed_is_refused_and_says_why(analyst: Analyst, team: Team) -> None:
    page = analyst.scenario()
    edit(team.place, "notebooks/sum.ipynb", "time.sleep(wait)", "time.sleep(wait + 0)")
    try:
        page.get_by_role("button", name="Run the scenario").click()
        expect(page.get_by_text("is not as it was when you chose it")).to_be_visible()
        page.get_by_text("Not available now (1)").click()
        expect(page.get_by_text("It was changed after it had been approved").last).to_be_visible()
        assert serious(page, "body") == []
    finally:
        edit(team.place, "notebooks/sum.ipynb", "time.sleep(wait + 0)", "time.sleep(wait)")


def test_pages_that_say_no(analyst: Analyst, apps: Apps, browser: Browser) -> None:
    page = analyst.open("/app/broken")
    expect(page.get_by_text("The page could not be shown.")).to_be_visible(timeout=LONG)
    assert "words of the engineers" not in page.content()
    assert serious(page, "body") == []
    stranger = browser.new_context(viewport=PHONE).new_page()
    stranger.goto(f"http://127.0.0.1:{apps.port}/app/scenario")
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Please open the complete address")
    assert serious(stranger, "body") == []
    stranger.context.close()


def test_a_page_that_was_closed_by_the_server_says_so(analyst: Analyst) -> None:
    page = analyst.scenario()
    alive = page.get_attribute("body", "data-studio-alive")
    page.evaluate("address => fetch(address, {method: 'POST'})", alive)
    again = page.get_by_role("link", name="Open the page again")
    expect(again).to_be_visible()
    assert serious(page, "body") == []
    again.click()
    page.wait_for_selector("body.studio-ready")
    analyst.seen.errors.clear()  # Voila's own program does not foresee that a kernel ends
