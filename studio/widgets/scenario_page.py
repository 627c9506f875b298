"""The page on which scenarios are chosen, filled in, run and read; whom it asks, and who runs them, is not its concern.

It stands on three widgets below each other: what can be chosen, the form, and the scenario that runs or ran. All facts
come from a desk that is passed in, and go back to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

import ipywidgets  # type: ignore[import-untyped]
import traitlets

from studio.notebooks.schema import ParameterSchema
from studio.widgets.callbacks import told
from studio.widgets.parameter_form import ParameterForm
from studio.widgets.plain import Plain, Sentence, Table
from studio.widgets.widget import FACTS, Widget


class Scenarios(Protocol):
    """What the page asks. Every method may raise a StudioError, whose sentence is shown."""

    def choices(self) -> list[dict[str, Any]]:
        """``name``, ``title``, ``description``, ``available``, ``problem`` and ``owners`` of each choice."""

    def form(self, name: str) -> tuple[ParameterSchema, dict[str, str], str]:
        """The parameters of a choice, labels for some of them, and a sentence about those that are not shown."""

    def start(self, name: str, values: Mapping[str, str]) -> str:
        """Start it; what to watch."""

    def watch(self, activity: str) -> Iterator[dict[str, Any]]:
        """``status``, ``text``, ``share``, ``run`` and ``number``, again and again until it has ended."""

    def stop(self, activity: str) -> None:
        """Stop it."""

    def under_way(self) -> list[dict[str, str]]:
        """``activity``, ``name``, ``title`` and ``when`` of those that go on."""

    def earlier(self, name: str, before: str = "") -> list[dict[str, str]]:
        """``run`` and ``when`` of those that are done, newest first."""

    def result(self, run: str, earlier: str = "") -> dict[str, Any]:
        """What came of one, beside an earlier one."""


class ScenarioChoices(Widget, files="scenario_choices"):
    """What can be chosen, what cannot and why, and what goes on already."""

    busy = traitlets.Bool(False, help="Whether nothing can be chosen now.").tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    _choices = traitlets.List().tag(**FACTS)
    _under_way = traitlets.List().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"open": "_opened", "choose": "_chose", "watch": "_watched"}

    def __init__(self, page: ScenarioPage) -> None:
        self._page = page
        super().__init__()

    def _opened(self, _: Mapping[str, Any]) -> None:
        self._page.refresh()

    def _chose(self, content: Mapping[str, Any]) -> None:
        self._page.choose(str(content.get("name", "")))

    def _watched(self, content: Mapping[str, Any]) -> None:
        self._page.watch(str(content.get("activity", "")))

    def _plain(self) -> Plain:
        rows = [(one["title"], one["problem"] or "can be run") for one in self._choices]
        parts: list[Table | Sentence] = [Table("", ("Scenario", "State"), rows)] if rows else []
        return Plain("Scenarios", parts or [Sentence("There is nothing to run yet.")])


class ScenarioRun(Widget, files="scenario_run"):
    """The scenario that goes on, and the result of the one that was done last."""

    _state = traitlets.Dict().tag(**FACTS)
    _result = traitlets.Dict().tag(**FACTS)
    _earlier = traitlets.List().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"stop": "_stopped", "compare": "_compared", "show": "_shown"}

    def __init__(self, page: ScenarioPage) -> None:
        self._page = page
        super().__init__()

    def _stopped(self, _: Mapping[str, Any]) -> None:
        self._page.stop()

    def _compared(self, content: Mapping[str, Any]) -> None:
        self._page.compare(str(content.get("run", "")))

    def _shown(self, content: Mapping[str, Any]) -> None:
        self._page.show(str(content.get("run", "")))

    def _plain(self) -> Plain:
        parts: list[Table | Sentence] = [Sentence(str(self._state["text"]))] if self._state else []
        parts += [Sentence(text) for text in self._result.get("sentences", ())]
        return Plain("Result", parts or [Sentence("Nothing was run yet.")])


class ScenarioPage(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets is not typed
    """The page.

    Parameters
    ----------
    scenarios : Scenarios
        Whom the page asks.
    """

    def __init__(self, scenarios: Scenarios) -> None:
        self._desk = scenarios
        self._guard = threading.RLock()
        self._activity = ""
        self.form: ParameterForm | None = None
        self.choices = ScenarioChoices(self)
        self.slot = ipywidgets.VBox()
        self.run = ScenarioRun(self)
        super().__init__([self.choices, self.slot, self.run])
        self.add_class("studio-scenarios")
        told(self.refresh, self.choices.tell)

    def refresh(self) -> None:
        """Look again at what can be chosen, and what goes on."""
        found = self._desk.choices()
        going = [one for one in self._desk.under_way() if one["activity"] != self._activity]
        self.choices._show(_choices=found, _under_way=going, notice="")
        available = [one["name"] for one in found if one["available"]]
        if not self.choices.chosen and len(available) == 1 and not self._activity:
            self.choose(available[0])

    def choose(self, name: str) -> None:
        """Show the form of a choice, and what was run of it before."""
        with self._guard:
            if self._activity:
                return
            self.form, self.slot.children = None, ()
            self.run._show(_state={}, _result={}, _earlier=[], notice="")
            self.choices._show(chosen=name, note="", notice="")
            schema, labels, note = self._desk.form(name)
            self.form = ParameterForm(schema, labels=labels, submit="Run the scenario")
            self.form.on_submit(lambda _: self.start())
            self.choices._show(note=note)
            self.slot.children = (self.form,)
            self.run._show(_earlier=self._desk.earlier(name))

    def start(self) -> None:
        """Start what was chosen with what was entered."""
        with self._guard:
            if self.form is None or self._activity:
                return
            try:
                self.watch(self._desk.start(self.choices.chosen, self.form.texts))
            finally:
                told(self.refresh, self.choices.tell)  # also what can no longer be run is to be seen

    def watch(self, activity: str) -> None:
        """Follow a scenario to its end, from a thread of its own."""
        with self._guard:
            if self._activity:
                return
            self._activity = activity
            title = next((one["title"] for one in self._desk.under_way() if one["activity"] == activity), "")
            self.slot.children = ()
            self.choices._show(busy=True)
            state = {"status": "starting", "text": "It is being started …", "share": 0.0, "run": "", "number": ""}
            self.run._show(_state={**state, "title": title}, _result={}, notice="")
        threading.Thread(target=self._follow, args=(activity, title), name="scenario", daemon=True).start()

    def stop(self) -> None:
        """Stop the scenario that goes on."""
        if self._activity:
            self.run._show(_state={**self.run._state, "stopping": True})
            self._desk.stop(self._activity)

    def show(self, run: str) -> None:
        """Show the result of a run that is done."""
        self.run._show(_state={}, _result=self._desk.result(run), notice="")

    def compare(self, run: str) -> None:
        """Show the result beside that of `run`; alone, where that is empty."""
        now = self.run._result.get("run", "")
        if now:
            self.run._show(_result=self._desk.result(now, run), notice="")

    def _follow(self, activity: str, title: str) -> None:
        facts: dict[str, Any] = {}

        def follow() -> None:
            for known in self._desk.watch(activity):
                facts.update(known)
                stopping = bool(self.run._state.get("stopping"))
                self.run._show(_state={**known, "title": title, "stopping": stopping})

        told(follow, self.run.tell)
        told(lambda: self._ended(facts), self.run.tell)

    def _ended(self, facts: Mapping[str, Any]) -> None:
        with self._guard:
            self._activity = ""
            self.choices._show(busy=False)
            self.slot.children = (self.form,) if self.form is not None else ()
        run = str(facts.get("run", ""))
        try:
            if facts.get("status") == "completed" and run:
                name = self._desk.result(run)["name"]
                before = self._desk.earlier(name, before=run)
                self.run._show(_earlier=before)
                self.run._show(_result=self._desk.result(run, before[0]["run"] if before else ""))
        finally:
            self.refresh()
