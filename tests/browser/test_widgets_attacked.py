"""Proof in a real browser: whatever texts a widget is given, it runs nothing and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from studio.core.report import Case, Report
from studio.notebooks.kinds import Choice, DictOf, ListOf, Scalar
from studio.notebooks.review.packet import build_packet
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.pipelines import events
from studio.widgets import ContractFailures, ParameterForm, PipelineGraph, ReviewPacket, RunComparison, RunTable
from studio.widgets import TestResults as Results
from studio.widgets.widget import Widget
from tests.browser.conftest import Seen
from tests.browser.stage import Stages, stages
from tests.browser.test_packet import Canary, attacks, hostile_facts
from tests.widgets.conftest import run, step
from tests.widgets.test_pipeline_graph import plan, planned

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stages]:
    with stages(browser) as opened:
        yield opened


def hostile(canary: Canary) -> list[Widget]:
    """Every widget with an attack wherever a text can stand."""
    told = "\n".join(attacks(canary.url))
    short = attacks(canary.url)
    parameter = make_parameter("a", Scalar("str"), 1, told, default=told)
    choice = make_parameter("b", Choice(tuple(short)), 1, told, default=short[0])
    lists = make_parameter("c", ListOf(Scalar("str")), 1, told, default=short[:3])
    pairs = make_parameter("d", DictOf(Scalar("str"), Scalar("str")), 1, told, default={short[0]: short[1]})
    schema = ParameterSchema(told, {one.name: one for one in (parameter, choice, lists, pairs)}, 0)
    record = run(
        told,
        step("a", "failed", error={"message": told}, values={told: told}, metrics={told: told}, notebook=told),
        step(f"b[{told}]", part=told),
        step(f"b[x{told}]", values={"x": told}),
        pipeline=told,
        actor=told,
        environment=told,
        started=told,
    )
    drawn = PipelineGraph(plan(*(planned(one, [short[0]], notebook=told, loads=[told], saves=[told]) for one in short)))
    drawn.listen(events.RunStarted(told, told, tuple(short)))
    drawn.listen(events.StepFinished(short[3], "failed", 1.0, told))
    drawn._pace.now()
    cases = [
        Case("code", told, told, status, 1, told, told, told, 1, 1, {told: told}) for status in ("failed", "passed")
    ]  # type: ignore[arg-type]
    found = [{"column": told, "check": told, "value": told, "row": at} for at in range(9)]
    made: list[Widget] = [
        ParameterForm(schema, title=told, submit=told, labels=dict.fromkeys("abcd", told)),
        drawn,
        PipelineGraph(record),
        RunTable([record]),
        RunComparison([record, run("r2", step("a", values={told: 1}, metrics={told: 2.0}))]),
        ContractFailures(found, subject=told),
        Results(Report.of(cases)),
        ReviewPacket(build_packet(hostile_facts(canary.url))),
    ]
    for one in made:
        one.tell(told)
    return made


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    yield server
    server.close()


def test_whatever_texts_hold_nothing_runs_and_nothing_is_fetched(stage: Stages, canary: Canary) -> None:
    here = stage()
    for one in hostile(canary):
        element = here.show(one)
        for summary in element.locator("summary").all():
            summary.click()
        for button in element.locator("button:visible:enabled").all()[:8]:
            button.click(force=True)
        here.push()
    here.page.wait_for_timeout(1_000)
    assert here.page.title() == "Widgets"
    forbidden = "main :is(script, img, object, embed, link, meta, base, video, audio, style, form[action], [onload])"
    assert here.page.locator(forbidden).count() == 0
    assert here.page.locator("main iframe").count() == 1
    assert (canary.asked, canary.connections) == ([], 0)


def test_plain_forms_run_and_fetch_nothing(browser: Browser, canary: Canary) -> None:
    page = browser.new_page()
    seen = Seen(page)
    html = "".join(one._repr_html_() for one in hostile(canary))
    page.set_content(f"<title>Widgets</title><meta charset=utf-8><main>{html}</main>")
    for summary in page.locator("summary").all():
        summary.click()
    page.wait_for_timeout(1_000)
    assert page.title() == "Widgets"
    assert page.locator("main > *").count() == 8
    assert (canary.asked, canary.connections, seen.errors, seen.outside) == ([], 0, [], [])
    page.close()
