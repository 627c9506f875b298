"""What a graph is drawn of: the steps of a plan or of a run's record, their places, and the drawing without a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from studio.core.errors import BadInput
from studio.notebooks.review.terminal import visible
from studio.pipelines.run_record import RunRecord
from studio.widgets.layout import HEIGHT, WIDTH, Layout, lay_out, path_of
from studio.widgets.texts import cut

_FILLS = {
    "completed": "#e3f4e6",
    "reused": "#e3f4e6",
    "running": "#e1eefc",
    "delayed": "#fdf0dc",
    "failed": "#fde4e2",
    "killed": "#fde4e2",
}


@dataclass(frozen=True)
class Step:
    """One step as a graph shows it: all its parts together.

    Attributes
    ----------
    name, notebook : str
        Its name, and its notebook's path.
    keys : mapping
        For each of its keys what tells that part from the others; "" without fan-out.
    needs, loads, saves : tuple of str
        Names of steps and of datasets.
    foreseen : str
        What a run would do, as far as the plan says.
    """

    name: str
    notebook: str
    keys: Mapping[str, str]
    needs: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    foreseen: str = ""


@dataclass(frozen=True)
class Graph:
    """A pipeline as it is drawn."""

    pipeline: str
    steps: tuple[Step, ...]
    layout: Layout

    @property
    def keys(self) -> list[str]:
        """All parts of all steps."""
        return [key for step in self.steps for key in step.keys]

    def facts(self) -> dict[str, Any]:
        """The graph as the browser needs to know it."""
        places = self.layout.places
        return {
            "pipeline": self.pipeline,
            "width": self.layout.width,
            "height": self.layout.height,
            "box": [WIDTH, HEIGHT],
            "steps": [_step_facts(step, places[step.name]) for step in self.steps],
            "lines": [
                {"from": need, "to": name, "path": path_of(points)}
                for (need, name), points in self.layout.lines.items()
            ],
        }

    def svg(self, statuses: Mapping[str, str]) -> str:
        """The drawing with the status of each step, in colours of its own."""
        size = f'width="{self.layout.width:g}" height="{self.layout.height:g}"'
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui,sans-serif" font-size="13">']
        parts.append('<rect width="100%" height="100%" fill="#fff"/>')
        parts += [
            f'<path d="{path_of(points)}" fill="none" stroke="#8a94a0" stroke-width="1.5"/>'
            for points in self.layout.lines.values()
        ]
        for step in self.steps:
            x, y = self.layout.places[step.name]
            status = statuses.get(step.name, "")
            parts.append(
                f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5" stroke="#8a94a0" '
                f'fill="{_FILLS.get(status, "#f6f8fa")}"/>'
                f'<text x="{x + 12:g}" y="{y + 25:g}" fill="#1f2328" font-weight="600">{_written(step.name)}</text>'
                f'<text x="{x + 12:g}" y="{y + 45:g}" fill="#57606a">{_written(status or step.foreseen)}</text>'
            )
        return "".join([*parts, "</svg>"])


def graph_of_plan(plan: Mapping[str, Any]) -> Graph:
    """The graph of what `studio.pipelines.graph.plan_as_dict` says.

    Raises
    ------
    BadInput
        When `plan` is something else.
    """
    try:
        parts: dict[str, list[Mapping[str, Any]]] = {}
        for step in plan["steps"]:
            parts.setdefault(step["name"], []).append(step)
        steps = tuple(_planned(name, found) for name, found in parts.items())
        pipeline = str(plan["pipeline"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            "A graph cannot be drawn of this mapping: it is no plan. Next: pass what "
            "studio.pipelines.graph.plan_as_dict(plan) gives, or a run's record."
        ) from error
    return Graph(pipeline, steps, lay_out({step.name: step.needs for step in steps}))


def graph_of_record(record: RunRecord) -> Graph:
    """The graph of a run: its lines lead from who saved a dataset to who loaded it, as far as the run came."""
    writers = {dataset: step.name for step in record.steps.values() for dataset in step.outputs}
    keys: dict[str, dict[str, str]] = {}
    loads: dict[str, dict[str, None]] = {}
    saves: dict[str, dict[str, None]] = {}
    notebooks: dict[str, str] = {}
    for key, step in record.steps.items():
        keys.setdefault(step.name, {})[key] = step.part
        loads.setdefault(step.name, {}).update(dict.fromkeys(step.inputs or {}))
        saves.setdefault(step.name, {}).update(dict.fromkeys(step.outputs))
        notebooks.setdefault(step.name, step.notebook)
    steps = tuple(
        Step(
            name,
            notebooks[name],
            parts,
            tuple(dict.fromkeys(writers[dataset] for dataset in loads[name] if writers.get(dataset, name) != name)),
            tuple(loads[name]),
            tuple(saves[name]),
        )
        for name, parts in keys.items()
    )
    return Graph(record.pipeline, steps, lay_out({step.name: step.needs for step in steps}))


def _planned(name: str, parts: Sequence[Mapping[str, Any]]) -> Step:
    first = parts[0]
    verdicts = [part["verdict"] for part in parts]
    keys = {str(part["key"]): str(part["part"]) for part in parts}
    needs, loads, saves = (tuple(map(str, first[key])) for key in ("needs", "loads", "saves"))
    return Step(name, str(first["notebook"]), keys, needs, loads, saves, _foreseen(verdicts))


def _foreseen(verdicts: Sequence[Mapping[str, Any] | None]) -> str:
    """``would run``, ``would be reused`` or, where the parts differ, how many would what."""
    known = [verdict for verdict in verdicts if verdict is not None]
    if not known:
        return ""
    reused = sum(bool(verdict["reuse"]) for verdict in known)
    if 0 < reused < len(known):
        return f"{len(known) - reused} would run, {reused} reused"
    if reused:
        return "would be reused"
    return "would run" if not any(verdict["undecided"] for verdict in known) else "would run where needed"


def _step_facts(step: Step, place: tuple[float, float]) -> dict[str, Any]:
    facts = {"name": step.name, "notebook": step.notebook, "parts": len(step.keys), "foreseen": step.foreseen}
    lists = {"needs": list(step.needs), "loads": list(step.loads), "saves": list(step.saves)}
    return {**facts, **lists, "x": place[0], "y": place[1]}


def _written(text: str) -> str:
    return str(escape(visible(cut(text, 24))))
