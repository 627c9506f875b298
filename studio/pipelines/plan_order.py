"""The order of a plan's steps: who saves what others load, who waits for whom, and circles, which have no order."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from studio.core.errors import Problem
from studio.core.identifiers import suggest
from studio.data.catalog import SHOWN, Catalog
from studio.data.snapshots import SnapshotStore
from studio.pipelines.plan_notebooks import NotebookFacts
from studio.pipelines.specification import Pipeline


@dataclass(frozen=True)
class Order:
    """What the datasets and ``after`` say about the steps, by their names.

    Attributes
    ----------
    names : tuple of str
        The steps, each after all that it needs; otherwise as in the file.
    needs : mapping
        For each step the steps it needs, as in the file.
    writers : mapping
        For each saved dataset the step that saves it.
    sources : tuple of str
        The datasets that are read from outside.
    """

    names: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    writers: Mapping[str, str]
    sources: tuple[str, ...]


def make_order(
    pipeline: Pipeline,
    facts: Mapping[str, NotebookFacts],
    catalog: Catalog | None,
    snapshots: SnapshotStore,
    problems: list[Problem],
) -> Order:
    """Order the steps whose notebooks could be read; what is wrong is added to `problems`."""
    writers = _writers(pipeline, facts, catalog, problems)
    reasons = _reasons(pipeline, facts, writers, problems)
    needs = {name: tuple(other for other in pipeline.steps if other in reasons[name]) for name in pipeline.steps}
    names = _sorted(list(pipeline.steps), needs)
    left = [name for name in pipeline.steps if name not in set(names)]
    problems += [_circle_problem(pipeline, circle, reasons) for circle in _circles(left, needs)]
    whole = len(facts) == len(pipeline.steps) and all(item.complete for item in facts.values())
    if catalog is not None and whole:
        problems += _missing_inputs(pipeline, facts, catalog, writers, snapshots)
    loaded = dict.fromkeys(dataset for name in names if name in facts for dataset in facts[name].loads)
    located = {name for name, dataset in (catalog.datasets.items() if catalog else ()) if dataset.location is not None}
    sources = tuple(dataset for dataset in loaded if dataset not in writers and dataset in located)
    return Order(tuple(names), needs, writers, sources)


def _writers(
    pipeline: Pipeline, facts: Mapping[str, NotebookFacts], catalog: Catalog | None, problems: list[Problem]
) -> dict[str, str]:
    writers: dict[str, str] = {}
    for name, item in facts.items():
        for dataset in item.saves:
            declared = catalog.datasets.get(dataset) if catalog else None
            if declared is not None and declared.location is not None:
                message = (
                    f"The step {name!r} saves the dataset {dataset!r}, which {SHOWN} reads from a file. "
                    "Next: save it under another name, or remove its location there."
                )
                problems.append(pipeline.document.problem(("steps", name), message))
            first = writers.setdefault(dataset, name)
            if first != name:
                problems.append(_two_writers(pipeline, facts, dataset, (first, name)))
    return writers


def _two_writers(
    pipeline: Pipeline, facts: Mapping[str, NotebookFacts], dataset: str, names: tuple[str, str]
) -> Problem:
    places = [f"{name!r} ({facts[name].document.path}, cell {facts[name].saves[dataset].cell + 1})" for name in names]
    same = facts[names[0]].document.path == facts[names[1]].document.path
    advice = (
        "make them one step with a matrix, so that each saves a part of it"
        if same
        else "save it in one of them under another name"
    )
    return pipeline.document.problem(
        ("steps", names[1]),
        f"Two steps save the dataset {dataset!r}: {places[0]} and {places[1]}. Next: {advice}.",
    )


def _reasons(
    pipeline: Pipeline, facts: Mapping[str, NotebookFacts], writers: Mapping[str, str], problems: list[Problem]
) -> dict[str, dict[str, str]]:
    """For each step the steps it needs, each with the words for why."""
    reasons: dict[str, dict[str, str]] = {}
    for name, step in pipeline.steps.items():
        found = reasons.setdefault(name, {})
        for dataset in facts[name].loads if name in facts else ():
            writer = writers.get(dataset)
            if writer == name or (name in facts and dataset in facts[name].saves):
                problems.append(_own_dataset(pipeline, facts[name], name, dataset))
            elif writer is not None:
                found.setdefault(writer, f"{name!r} loads {dataset!r}, which {writer!r} saves")
        for index, other in enumerate(step.after):
            place = ("steps", name, "after", index)
            if other not in pipeline.steps:
                message = f"There is no step {other!r}. {suggest(other, set(pipeline.steps) - {name})}"
                problems.append(pipeline.document.problem(place, message))
            elif other == name:
                message = f"The step {name!r} is declared to come after itself. Next: remove this."
                problems.append(pipeline.document.problem(place, message))
            else:
                found.setdefault(other, f"{name!r} is declared to come after {other!r}")
    return reasons


def _own_dataset(pipeline: Pipeline, facts: NotebookFacts, name: str, dataset: str) -> Problem:
    return pipeline.document.problem(
        ("steps", name),
        f"The step {name!r} loads the dataset {dataset!r} and saves it too ({facts.document.path}, cells "
        f"{facts.loads[dataset].cell + 1} and {facts.saves[dataset].cell + 1}), so it would wait for itself. "
        "Next: save the result under another name.",
    )


def _missing_inputs(
    pipeline: Pipeline,
    facts: Mapping[str, NotebookFacts],
    catalog: Catalog,
    writers: Mapping[str, str],
    snapshots: SnapshotStore,
) -> Iterator[Problem]:
    for name, item in facts.items():
        for dataset, use in item.loads.items():
            declared = catalog.datasets.get(dataset)  # a name that the catalog does not hold is told elsewhere
            if declared is None or declared.location is not None or dataset in writers:
                continue
            if pipeline.notebook is None:
                message = (
                    f"The step {name!r} loads the dataset {dataset!r} ({item.document.path}, cell {use.cell + 1}), "
                    f"which no step of this pipeline saves and for which {SHOWN} has no location. Next: add the step "
                    "that saves it, or its location."
                )
                yield pipeline.document.problem(("steps", name), message)
            elif not snapshots.latest(dataset):  # one notebook alone works on what is there
                message = (
                    f"The notebook loads the dataset {dataset!r}, of which there is no snapshot yet. "
                    "Next: run the pipeline that saves it."
                )
                yield item.document.problem(message, use.cell, use.line)


def _sorted(names: Sequence[str], needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The steps that are in no circle and wait for none, in order; among equals as in the file."""
    place = {name: index for index, name in enumerate(names)}
    waiting = {name: len(needs[name]) for name in names}
    followers: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for need in needs[name]:
            followers[need].append(name)
    ready = [place[name] for name in names if not waiting[name]]
    heapq.heapify(ready)
    found = []
    while ready:
        name = names[heapq.heappop(ready)]
        found.append(name)
        for follower in followers[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, place[follower])
    return found


def _circles(left: Sequence[str], needs: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """Shortest circles through the steps that are in one; of those that share a link only the first."""
    inside = set(left)
    steps, links = set[str](), set[tuple[str, str]]()
    for name in left:
        circle = [] if name in steps else _circle_through(name, needs, inside)
        pairs = set(itertools.pairwise(circle))
        if circle and not pairs & links:
            yield circle
        steps.update(circle)
        links |= pairs


def _circle_through(start: str, needs: Mapping[str, tuple[str, ...]], inside: set[str]) -> list[str]:
    """``[start, …, start]``, each step before the one that needs it; empty where there is no circle."""
    needed_by: dict[str, str] = {}
    ahead = deque([start])
    while ahead:
        name = ahead.popleft()
        for need in needs[name]:
            if need == start:
                circle = [start, name]
                while circle[-1] != start:
                    circle.append(needed_by[circle[-1]])
                return circle
            if need in inside and need not in needed_by:
                needed_by[need] = name
                ahead.append(need)
    return []


def _circle_problem(pipeline: Pipeline, circle: Sequence[str], reasons: Mapping[str, Mapping[str, str]]) -> Problem:
    why = [reasons[after][before] for before, after in itertools.pairwise(circle)]
    first = min(circle, key=list(pipeline.steps).index)
    return pipeline.document.problem(
        ("steps", first),
        f"The steps wait for each other in a circle, {' → '.join(circle)}: {'; '.join(why)}. "
        "Next: break the circle by saving one of these datasets under another name, or by removing one 'after'.",
    )
