"""The page of scenarios with a desk that is none: what a person does, and what is shown of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from studio.core.errors import BadInput
from studio.notebooks.kinds import Scalar
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.widgets.scenario_page import ScenarioPage
from tests.widgets.conftest import ATTACK, Act, Read

SCHEMA = ParameterSchema("a.yml", {"count": make_parameter("count", Scalar("int"), 1, "how many", default=3)})


class Desk:
    """Answers as the real one does."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, str]]] = []
        self.stopped: list[str] = []
        self.refusal = ""
        self.closed = ""
        self.status = "completed"
        self.go = threading.Event()
        self.go.set()
        self.lives = False

    def choices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": "a",
                "title": f"A {ATTACK}",
                "description": ATTACK,
                "available": not self.closed,
                "problem": self.closed,
                "owners": "",
            },
            {"name": "b", "title": "B", "description": "", "available": False, "problem": "Not yet.", "owners": ATTACK},
        ]

    def form(self, name: str) -> tuple[ParameterSchema, dict[str, str], str]:
        if name != "a":
            raise BadInput(f"{name} cannot be run.")
        return SCHEMA, {}, "Source stays as it is."

    def start(self, name: str, values: Mapping[str, str]) -> str:
        if self.refusal:
            raise BadInput(self.refusal)
        self.started.append((name, dict(values)))
        self.lives = True
        return "activity-1"

    def watch(self, activity: str) -> Iterator[dict[str, Any]]:
        assert activity == "activity-1"
        common = {"run": "run-2", "number": ""}
        yield {"status": "running", "text": "Step 1 of 2 …", "share": 0.25, **common}
        assert self.go.wait(10)
        self.lives = False
        number = "1f9c4a77" if self.status == "failed" else ""
        yield {"status": self.status, "text": "It is over.", "share": 1.0, **common, "number": number}

    def stop(self, activity: str) -> None:
        self.stopped.append(activity)

    def under_way(self) -> list[dict[str, str]]:
        return [{"activity": "activity-1", "name": "a", "title": "A", "when": "today"}] if self.lives else []

    def earlier(self, name: str, before: str = "") -> list[dict[str, str]]:
        return [{"run": "run-1", "when": "yesterday"}]

    def result(self, run: str, earlier: str = "") -> dict[str, Any]:
        return {"run": run, "name": "a", "earlier": earlier, "sentences": [f"Total is 3. {ATTACK}"]}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def page(desk: Desk) -> ScenarioPage:
    return ScenarioPage(desk)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_only_choice_is_chosen(page: ScenarioPage) -> None:
    assert page.choices.chosen == "a"
    assert page.choices.note == "Source stays as it is."
    assert page.slot.children == (page.form,)
    assert page.run._earlier == [{"run": "run-1", "when": "yesterday"}]


def test_a_scenario_from_the_form_to_its_result(page: ScenarioPage, desk: Desk, act: Act) -> None:
    desk.go.clear()
    assert page.form
    act(page.form, "submit", entries={"count": "7"}, turn=1)
    assert desk.started == [("a", {"count": "7"})]
    until(lambda: page.run._state.get("status") == "running")
    assert page.choices.busy
    assert page.slot.children == (), "while it runs nothing else is started"
    assert page.choices._under_way == [], "it is shown below, and need not be listed"
    act(page.choices, "choose", name="b")
    assert page.choices.chosen == "a"
    act(page.run, "stop")
    assert desk.stopped == ["activity-1"]
    assert page.run._state["stopping"]
    desk.go.set()
    until(lambda: page.run._result.get("run") == "run-2")
    assert page.run._state["status"] == "completed"
    assert page.run._result["earlier"] == "run-1", "beside the one before"
    until(lambda: page.slot.children == (page.form,))
    assert not page.choices.busy
    assert page.form.value == {"count": 7}, "to be changed and run again"


def test_one_that_failed_has_a_number_and_no_result(page: ScenarioPage, desk: Desk) -> None:
    desk.status = "failed"
    page.start()
    until(lambda: not page.choices.busy)
    assert page.run._state["number"] == "1f9c4a77"
    assert page.run._result == {}


def test_a_refusal_is_told_at_the_form(page: ScenarioPage, desk: Desk, act: Act) -> None:
    desk.refusal = "The rules do not let you."
    desk.closed = "It was changed."
    assert page.form
    act(page.form, "submit", entries={"count": "7"}, turn=1)
    assert page.form.notice == "The rules do not let you."
    assert not page.choices.busy
    assert page.choices._choices[0]["problem"] == "It was changed.", "and what can no longer be run is to be seen"


def test_what_cannot_be_chosen_is_told(page: ScenarioPage, act: Act) -> None:
    act(page.choices, "choose", name="b")
    assert page.choices.notice == "b cannot be run."
    assert page.slot.children == ()


def test_who_opens_the_page_sees_what_is_now(page: ScenarioPage, desk: Desk, act: Act) -> None:
    desk.lives = True
    act(page.choices, "open")
    assert page.choices._under_way[0]["activity"] == "activity-1"
    act(page.choices, "watch", activity="activity-1")
    until(lambda: page.run._result.get("run") == "run-2")


def test_results_are_compared_and_looked_at(page: ScenarioPage, act: Act) -> None:
    act(page.run, "show", run="run-1")
    assert (page.run._result["run"], page.run._result["earlier"]) == ("run-1", "")
    act(page.run, "compare", run="run-0")
    assert page.run._result["earlier"] == "run-0"
    act(page.run, "compare", run="")
    assert page.run._result["earlier"] == ""


def test_a_desk_that_does_not_answer_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[dict[str, Any]]:
        raise BadInput("The ledger cannot be read.")

    monkeypatch.setattr(desk, "choices", broken)
    page = ScenarioPage(desk)
    assert page.choices.notice == "The ledger cannot be read."
    assert "There is nothing to run yet." in Read(page.choices._repr_html_()).text


def test_without_a_kernel_there_are_texts(page: ScenarioPage, act: Act) -> None:
    act(page.run, "show", run="run-1")
    for widget in (page.choices, page.run):
        Read(widget._repr_html_())
    assert "Not yet." in Read(page.choices._repr_html_()).text
    assert "Total is 3." in Read(page.run._repr_html_()).text
