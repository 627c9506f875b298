"""Widgets under a person's hands, in a real browser; only the kernel is replaced by this program."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from studio.pipelines import events
from studio.widgets import ParameterForm, PipelineGraph, RunTable
from tests.browser.cast import MADE, comparison, failures, graph, packet, results
from tests.browser.conftest import serious
from tests.browser.stage import Stages, settled, stages
from tests.widgets.conftest import run, step
from tests.widgets.test_pipeline_graph import plan, planned

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stages]:
    with stages(browser) as opened:
        yield opened


@pytest.mark.parametrize("theme", ["light", "dark", ""], ids=["light", "dark", "plain page"])
@pytest.mark.parametrize("name", list(MADE))
def test_axe_finds_nothing_serious(stage: Stages, name: str, theme: str) -> None:
    here = stage(theme)
    shown = MADE[name]()
    element = here.show(shown)
    if isinstance(shown, ParameterForm):
        element.get_by_role("button", name="Submit").click()
        expect(element.get_by_text("1 field needs another look.")).to_be_visible()
    if isinstance(shown, PipelineGraph):
        shown.listen(events.RunStarted("r1", "churn", tuple(shown._drawn.keys)))
        shown.listen(events.StepStarted("ingest", 1, "new"))
        shown.listen(events.RunFinished("r1", "failed", 1.0))
        here.push()
        element.get_by_role("button", name="train").click()
    shown.tell("Something was said.")
    here.push()
    assert serious(here.page, "main") == []


@pytest.mark.parametrize("name", list(MADE))
def test_a_widget_fits_a_telephone_and_leaves_no_trace(stage: Stages, name: str) -> None:
    here = stage("light", 360)
    here.show(MADE[name]())
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 360
    here.end()
    assert here.page.locator(".studio-widget").count() == 0


def test_progress_is_seen_live(stage: Stages) -> None:
    here, shown = stage(), graph()
    element = here.show(shown)
    keys = tuple(shown._drawn.keys)
    for told, seen in [
        (events.RunStarted("r1", "churn", keys), "ingest waiting"),
        (events.StepStarted("ingest", 1, "new"), "ingest running"),
        (events.CellFinished("ingest", 2, 8), "ingest running 2/8"),
        (events.StepFinished("ingest", "completed", 2.5, ""), "ingest completed 2.5 s"),
        (events.StepFinished("train[model=forest]", "completed", 1.0, ""), "train 1/2 waiting"),
        (events.StepFinished("train[model=logistic]", "failed", 3.0, "no data"), "train 2/2 failed 3.0 s"),
        (events.RunFinished("r1", "failed", 9.0), "evaluate waiting"),
    ]:
        shown.listen(told)
        settled(here, lambda: shown._progress["counts"] == shown._state.counts())
        shown._pace.now()
        here.push()
        expect(element.get_by_role("button", name=seen)).to_have_count(1)
    expect(element.locator(".studio-head")).to_contain_text("failed")
    expect(element.locator("p[role=status]")).to_have_text("train failed.")


def test_a_running_step_counts_its_seconds_by_itself(stage: Stages) -> None:
    here, shown = stage(), graph()
    element = here.show(shown)
    shown.listen(events.RunStarted("r1", "churn", tuple(shown._drawn.keys)))
    shown.listen(events.StepStarted("ingest", 1, "new"))
    shown._pace.now()
    here.push()
    expect(element.get_by_role("button", name="ingest running 2")).to_have_count(1, timeout=5_000)


def test_a_step_is_chosen_and_looked_at(stage: Stages) -> None:
    here, shown, got = stage(), graph(), []
    shown.on_select(got.append)
    element = here.show(shown)
    shown.show(run("r1", step("train[model=forest]", "failed", error={"message": "no data"}), status="failed"))
    here.push()
    train = element.get_by_role("button", name="train")
    train.click()
    expect(train).to_have_attribute("aria-pressed", "true")
    expect(element.get_by_role("region", name="About train")).to_contain_text("notebooks/train.ipynb")
    part = element.get_by_role("button", name="model=forest")
    part.click()
    settled(here, lambda: got == ["train", "train[model=forest]"])
    expect(part).to_be_focused()
    train.click()
    expect(element.get_by_role("region", name="About train")).to_have_count(0)


def test_arrow_keys_go_from_step_to_step(stage: Stages) -> None:
    here = stage()
    element = here.show(graph())
    here.page.keyboard.press("Tab")
    for key, name in [
        ("", "ingest"),
        ("ArrowRight", "features"),
        ("ArrowRight", "train"),
        ("ArrowLeft", "features"),
        ("End", "evaluate"),
        ("Home", "ingest"),
    ]:
        if key:
            here.page.keyboard.press(key)
        expect(element.get_by_role("button", name=name)).to_be_focused()
    here.page.keyboard.press("Enter")
    expect(element.get_by_role("button", name="ingest")).to_have_attribute("aria-pressed", "true")


def test_two_hundred_steps_are_updated_frame_by_frame(stage: Stages) -> None:
    here = stage()
    steps = [planned(f"s{at}", [f"s{at - back}" for back in (1, 9) if at >= back]) for at in range(200)]
    shown = PipelineGraph(plan(*steps))
    element = here.show(shown)
    shown.listen(events.RunStarted("r1", "churn", tuple(shown._drawn.keys)))
    shown._pace.now()
    here.push()
    states = [here._states()]
    for at in range(1, 31):
        shown.listen(events.StepFinished(f"s{at}", "completed", 1.0, ""))
        shown._pace.now()
        states.append(here._states())
    here.page.evaluate(
        """async (texts) => {
          const states = texts.map((text) => JSON.parse(text));
          for (const state of states) {
            window.stage.take(state);
            await new Promise((ready) => requestAnimationFrame(ready));
          }
        }""",
        states,
    )
    expect(element.get_by_role("button", name=re.compile(r"^s\d+ completed"))).to_have_count(30)
    expect(element.get_by_role("button", name=re.compile(r"^s\d+ waiting"))).to_have_count(170)


def test_pages_of_runs_are_turned_and_runs_chosen(stage: Stages) -> None:
    here = stage()
    shown = RunTable([run(f"r{at:02}", step("a")) for at in range(25)], size=10)
    got: list[list[str]] = []
    shown.on_select(got.append)
    element = here.show(shown)
    expect(element.get_by_text("1\N{EN DASH}10 of 25")).to_be_visible()
    element.get_by_label("r24").check()
    element.get_by_role("button", name="Older").click()
    expect(element.get_by_text("11\N{EN DASH}20 of 25 · 1 run chosen")).to_be_visible()
    expect(element.get_by_role("button", name="Older")).to_be_focused()
    element.get_by_label("r10").check()
    settled(here, lambda: got == [["r24"], ["r24", "r10"]])
    expect(element.get_by_label("r10")).to_be_focused()
    element.get_by_role("button", name="Newer").click()
    expect(element.get_by_label("r24")).to_be_checked()
    element.get_by_role("button", name="Choose none").click()
    expect(element.get_by_label("r24")).not_to_be_checked()


def test_a_comparison_shows_what_differs_first(stage: Stages) -> None:
    here = stage()
    element = here.show(comparison())
    expect(element.get_by_role("row", name="train folds 1 2")).to_be_visible()
    expect(element.get_by_role("row", name="train seed")).to_have_count(0)
    expect(element.get_by_text("1 more is the same in all runs.")).to_be_visible()
    element.get_by_label("Only differences").uncheck()
    expect(element.get_by_role("row", name="train seed 7 7")).to_be_visible()
    expect(element.get_by_text("+0.01 (+1.2 %)")).to_be_visible()


def test_failure_cases_are_opened(stage: Stages) -> None:
    here = stage()
    element = here.show(failures())
    expect(element.get_by_role("row", name="amount positive 299")).to_be_visible()
    element.get_by_text("-1 (row 1), -2 (row 2), -3 (row 3) …").click()
    expect(element.get_by_role("listitem")).to_have_count(201)
    expect(element.get_by_text("… and 99 more")).to_be_visible()


def test_failed_tests_are_open_and_passed_ones_closed(stage: Stages) -> None:
    here, shown, got = stage(), results(), []
    shown.on_select(got.append)
    element = here.show(shown)
    expect(element.get_by_text("assert 1 == 2")).to_be_visible()
    expect(element.get_by_text("test_2")).to_be_hidden()
    element.get_by_text("3 passed", exact=True).last.click()
    expect(element.get_by_text("test_2")).to_be_visible()
    element.get_by_role("button", name="Show its place").first.click()
    settled(here, lambda: got)
    assert got[0].name == "test_bad"


def test_the_packet_stands_in_a_frame_without_rights(stage: Stages) -> None:
    here = stage()
    shown = packet()
    element = here.show(shown)
    frame = element.locator("iframe")
    assert frame.get_attribute("sandbox") == ""
    expect(frame.content_frame.locator("h1")).to_be_visible()
    assert here.page.title() == "Widgets"
