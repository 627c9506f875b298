"""A pipeline drawn as a graph, with what each step does while it runs: fed by a run's events or by its record.

A run tells its events from threads of its own, many in a second; the page is told at most ten times a second, and
always how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets

from studio.core.errors import BadInput
from studio.pipelines import events
from studio.pipelines.run_record import RunRecord
from studio.widgets.callbacks import Callback, Callbacks
from studio.widgets.graph_facts import Graph, Step, graph_of_plan, graph_of_record
from studio.widgets.pacing import Pace
from studio.widgets.plain import Picture, Plain, Sentence, Table
from studio.widgets.progress import Progress
from studio.widgets.texts import listed, plural, seconds
from studio.widgets.widget import FACTS, Widget

_MOST_PARTS = 200


class PipelineGraph(Widget, files="pipeline_graph"):
    """The steps of a pipeline, what they need of each other, and how far a run has come.

    Parameters
    ----------
    source : mapping or RunRecord
        A plan, as ``studio.pipelines.graph.plan_as_dict`` gives it; or a run's record. Drawn from a record, the lines
        are those between steps that came to run.

    Attributes
    ----------
    selected : str
        The step that is looked at: its name, or the key of one part of a fan-out; "" for none.

    Raises
    ------
    BadInput
        When `source` is neither.
    """

    selected = traitlets.Unicode("").tag(sync=True)
    _graph = traitlets.Dict().tag(**FACTS)
    _progress = traitlets.Dict().tag(**FACTS)
    _parts = traitlets.Dict().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"select": "_chosen"}

    def __init__(self, source: Mapping[str, Any] | RunRecord) -> None:
        self._drawn = _graph_of(source)
        self._state = Progress.of(self._drawn.keys)
        self._selects = Callbacks()
        self._pace = Pace(self._flush)
        if isinstance(source, RunRecord):
            self._state.read(source)
        super().__init__(_graph=self._drawn.facts(), _progress=self._facts())

    def listen(self, event: events.Event | Mapping[str, Any]) -> None:
        """Take in one event of a run: a listener for whoever runs the pipeline. May be called from every thread.

        An activity's event is taken too, as the mapping that its ``as_dict()`` gives.
        """
        with self._guard:
            self._state.take(event)
            ended = self._state.status != "running"
        if ended:
            self._pace.now()
        else:
            self._pace.wish()

    def show(self, record: RunRecord) -> None:
        """Show what a run's record says. May be called from every thread, as often as one likes."""
        with self._guard:
            self._state.read(record)
        if record.status == "running":
            self._pace.wish()
        else:
            self._pace.now()

    def on_select(self, callback: Callback, *, remove: bool = False) -> None:
        """Call `callback` with the name of the step that a person chooses, or with the key of one part of it."""
        self._selects.register(callback, remove=remove)

    @property
    def run(self) -> str:
        """The run that is shown; "" while there is none."""
        return self._state.run

    @property
    def status(self) -> str:
        """Its status; "" while there is none."""
        return self._state.status

    @traitlets.observe("selected")  # type: ignore[untyped-decorator]
    def _look_at(self, _: object) -> None:
        with self._guard:
            self._show(_parts=self._part_facts())

    def _chosen(self, content: Mapping[str, Any]) -> None:
        step = content.get("step")
        known = step == "" or any(step in (one.name, *one.keys) for one in self._drawn.steps)
        if not isinstance(step, str) or not known:
            return
        self._show(selected=step)
        if step:
            self._selects.call(step, self.tell)

    def _flush(self) -> None:
        with self._guard:
            self._show(_progress=self._facts(), _parts=self._part_facts())

    def _facts(self) -> dict[str, Any]:
        state = self._state
        return {
            "run": state.run,
            "status": state.status,
            "seconds": state.elapsed,
            "counts": state.counts(),
            "steps": {step.name: state.facts(list(step.keys)) for step in self._drawn.steps},
        }

    def _part_facts(self) -> dict[str, Any]:
        """The parts of the fan-out that is looked at, those with trouble first."""
        step = self._step(self.selected)
        if step is None or len(step.keys) < 2:
            return {}
        found = [{"key": key, "part": part, **self._state.facts([key])} for key, part in step.keys.items()]
        order = ("failed", "killed", "running", "delayed")
        found.sort(key=lambda one: order.index(one["status"]) if one["status"] in order else len(order))
        return {"step": step.name, "rows": found[:_MOST_PARTS], "left_out": max(0, len(found) - _MOST_PARTS)}

    def _step(self, name: str) -> Step | None:
        return next((step for step in self._drawn.steps if name in (step.name, *step.keys)), None) if name else None

    def _plain(self) -> Plain:
        with self._guard:
            facts = self._facts()
        steps = facts["steps"]
        statuses = {name: step["status"] for name, step in steps.items()}
        rows = [
            (
                step.name,
                _status_text(step, steps[step.name]),
                seconds(steps[step.name]["seconds"]),
                steps[step.name]["reason"],
                step.notebook,
                ", ".join(step.needs),
            )
            for step in self._drawn.steps
        ]
        counts = {word: count for word, count in facts["counts"].items() if word}
        words = f"{self._drawn.pipeline}: {plural(len(rows), 'step')}"
        parts: list[Picture | Sentence | Table] = []
        if facts["run"]:
            took = seconds(facts["seconds"])
            told = ", ".join(part for part in (facts["status"], listed(counts), took) if part)
            parts.append(Sentence(f"Run {facts['run']}: {told}"))
        if rows:
            parts.append(Picture(self._drawn.svg(statuses), f"The graph of {words}"))
            parts.append(Table("", ("Step", "Status", "Time", "Why", "Notebook", "After"), rows))
        return Plain(words, parts)


def _graph_of(source: Mapping[str, Any] | RunRecord) -> Graph:
    if isinstance(source, RunRecord):
        return graph_of_record(source)
    if isinstance(source, Mapping):
        return graph_of_plan(source)
    raise BadInput(
        f"A graph cannot be drawn of {type(source).__name__}. Next: pass what "
        "studio.pipelines.graph.plan_as_dict(plan) gives, or a run's record."
    )


def _status_text(step: Step, facts: Mapping[str, Any]) -> str:
    if len(step.keys) == 1 or not facts["status"]:
        return facts["status"] or step.foreseen or f"{plural(len(step.keys), 'part')}"
    return listed(facts["counts"])
