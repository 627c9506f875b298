"""A plan shown: as a tree of text for people, as a Mermaid diagram, and as JSON.

All parts of a fan-out need and make the same datasets, so a drawing has one node a step, and tells the parts
apart only where their verdicts differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.pipelines.changes import Verdict
from studio.pipelines.plan import Plan, PlannedStep

Verdicts = Mapping[str, Verdict]
_SHOWN_PARTS = 8
_WIDEST = 44


@dataclass(frozen=True)
class Node:
    """All parts of one step.

    Attributes
    ----------
    name : str
        The step's name.
    parts : tuple of PlannedStep
        Its parts, one without fan-out.
    feeds : mapping
        Needed steps that save what it loads, each with these datasets.
    waits : tuple of str
        Needed steps that only have to come first.
    """

    name: str
    parts: tuple[PlannedStep, ...]
    feeds: Mapping[str, tuple[str, ...]]
    waits: tuple[str, ...]

    @property
    def first(self) -> PlannedStep:
        """One of the parts, for what they share."""
        return self.parts[0]

    @property
    def fans_out(self) -> bool:
        """Whether the step has a matrix."""
        return bool(self.first.part)

    @property
    def keys(self) -> list[str]:
        """The parameters it fans out over."""
        return [item.partition("=")[0] for item in self.first.part.split(",")] if self.fans_out else []


def plan_as_dict(plan: Plan, verdicts: Verdicts | None = None) -> dict[str, Any]:
    """The plan with stable keys, as JSON can hold it.

    ``pipeline``, ``notebook`` (null unless the pipeline is one notebook); ``sources``: datasets read from outside;
    ``datasets``: for each saved dataset the name of the step that saves it; ``inputs``: files that must keep a contract
    (``step``, ``parameter``, ``path``, ``contract``); ``steps``: in order, each with ``key``, ``name``, ``part``,
    ``notebook``, ``fingerprint``, ``values`` (secrets as ``{"secret": variable}``), ``given`` (names of the injected
    ones), ``loads``, ``saves``, ``needs`` (names of steps, of which all parts are needed), ``timeout`` and
    ``cell_timeout`` (seconds or null), ``retries`` (``limit``, ``delay``, ``factor``) and ``verdict``
    (``reuse``, ``undecided``, ``reason``, ``changes``; null when none was asked for).
    """
    nodes = {node.name: node for node in nodes_of(plan)}
    return {
        "pipeline": plan.pipeline,
        "notebook": plan.notebook,
        "sources": list(plan.sources),
        "datasets": {name: keys[0].partition("[")[0] for name, keys in plan.writers.items() if keys},
        "inputs": [
            {"step": item.step, "parameter": item.parameter, "path": str(item.path), "contract": item.contract}
            for item in plan.inputs
        ],
        "steps": [_step_as_dict(step, nodes[step.name], (verdicts or {}).get(step.key)) for step in plan.steps],
    }


def nodes_of(plan: Plan) -> list[Node]:
    """One node for each step, in the plan's order."""
    parts: dict[str, list[PlannedStep]] = {}
    names: dict[str, str] = {}
    for step in plan.steps:
        parts.setdefault(step.name, []).append(step)
        names[step.key] = step.name
    writers = {dataset: names[keys[0]] for dataset, keys in plan.writers.items() if keys}
    nodes = []
    for name, steps in parts.items():
        feeds: dict[str, tuple[str, ...]] = {}
        for dataset in steps[0].loads:
            if dataset in writers:
                feeds[writers[dataset]] = (*feeds.get(writers[dataset], ()), dataset)
        needed = dict.fromkeys(names[key] for key in steps[0].needs)
        waits = tuple(need for need in needed if need not in feeds)
        nodes.append(Node(name, tuple(steps), {need: feeds[need] for need in needed if need in feeds}, waits))
    return nodes


def to_tree(plan: Plan, verdicts: Verdicts | None = None, width: int | None = None) -> str:
    """One line a step: its place, notebook, datasets, and whether it runs or is reused, and why.

    A step stands below the last of the steps that it needs; the others are named at its end. Where the lines would
    be longer than `width`, they are without the notebooks, then without the datasets too, and cut at last.
    """
    nodes = nodes_of(plan)
    rows = _rows(nodes, verdicts or {})
    count = f"{len(nodes)} step{'s' if len(nodes) != 1 else ''}"
    parts = f", {len(plan.steps):,} with their parts" if len(plan.steps) != len(nodes) else ""
    lines = [f"{plan.pipeline}: {count}{parts}"]
    if plan.sources:
        lines.append(f"reads {', '.join(plan.sources)}")
    lines += [f"checks {item.path} against {item.contract}" for item in _distinct(plan)]
    return "\n".join([*lines, "", *_fitting(rows, width)])


def to_mermaid(plan: Plan, verdicts: Verdicts | None = None) -> str:
    """A Mermaid ``graph LR``: steps as boxes, datasets on the arrows, sources and results as drums."""
    nodes = nodes_of(plan)
    verdicts = verdicts or {}
    ids = {node.name: f"s{index}" for index, node in enumerate(nodes)}
    lines = ["graph LR"]
    lines += [f"  {ids[node.name]}{_box(node)}" for node in nodes]
    drums: dict[str, str] = {}
    for node in nodes:
        for need, datasets in node.feeds.items():
            lines.append(f"  {ids[need]} -->|{_quoted(', '.join(datasets))}| {ids[node.name]}")
        lines += [f"  {ids[need]} -.-> {ids[node.name]}" for need in node.waits]
        lines += [
            f"  {_drum(drums, name)} --> {ids[node.name]}" for name in node.first.loads if name not in plan.writers
        ]
    loaded = {name for node in nodes for name in node.first.loads}
    for node in nodes:
        lines += [f"  {ids[node.name]} --> {_drum(drums, name)}" for name in node.first.saves if name not in loaded]
    reused = [ids[node.name] for node in nodes if _all_reused(node, verdicts)]
    if reused:
        lines += ["  classDef reuse stroke-dasharray: 4 3,color:#777", f"  class {','.join(reused)} reuse"]
    return "\n".join(lines) + "\n"


def _step_as_dict(step: PlannedStep, node: Node, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "key": step.key,
        "name": step.name,
        "part": step.part,
        "notebook": step.document.path,
        "fingerprint": step.fingerprint.digest,
        "values": step.json_values,
        "given": list(step.given),
        "loads": list(step.loads),
        "saves": list(step.saves),
        "needs": [*node.feeds, *node.waits],
        "timeout": step.timeout,
        "cell_timeout": step.cell_timeout,
        "retries": step.retries.model_dump(),
        "verdict": None if verdict is None else verdict.as_dict(),
    }


def _parent(node: Node, nodes: Sequence[Node]) -> str:
    """The needed step that comes last; empty for a step that needs none."""
    needed = {*node.feeds, *node.waits}
    return next((other.name for other in reversed(nodes) if other.name in needed), "")


def _rows(nodes: Sequence[Node], verdicts: Verdicts) -> list[tuple[str, ...]]:
    """Label, notebook, datasets and end of every line; without recursion, since a chain may be long."""
    parents = {node.name: _parent(node, nodes) for node in nodes}
    below: dict[str, list[Node]] = {}
    for node in nodes:
        below.setdefault(parents[node.name], []).append(node)
    rows: list[tuple[str, ...]] = []
    waiting = [(node, "", "") for node in reversed(below.get("", []))]
    while waiting:
        node, lead, inner = waiting.pop()
        children = below.get(node.name, [])
        parts = _part_rows(node, verdicts) if verdicts else []
        others = _elsewhere(node, parents)
        end = (_verdict_of(node, verdicts) if verdicts else "") + (
            f" (also after {', '.join(others)})" if others else ""
        )
        rows.append((lead + _label(node), node.first.document.path, _datasets(node), end.strip()))
        bar = "│  " if children else "   "
        rows += [(f"{inner}{bar}· {part}", "", "", text) for part, text in parts]
        for child in reversed(children):
            last = child is children[-1]
            waiting.append((child, inner + ("└─ " if last else "├─ "), inner + ("   " if last else "│  ")))
    return rows


def _elsewhere(node: Node, parents: Mapping[str, str]) -> list[str]:
    """The needed steps that do not stand above it in the tree."""
    others = dict.fromkeys((*node.feeds, *node.waits))
    above = parents[node.name]
    while above and others:
        others.pop(above, None)
        above = parents[above]
    return list(others)


def _label(node: Node) -> str:
    return f"{node.name} ({len(node.parts):,} by {', '.join(node.keys)})" if node.fans_out else node.name


def _datasets(node: Node) -> str:
    loads, saves = ", ".join(node.first.loads), ", ".join(node.first.saves)
    return f"{loads} → {saves}".strip() if loads or saves else ""


def _verdict_of(node: Node, verdicts: Verdicts) -> str:
    """The verdict that all parts share, or how many parts have which."""
    found = [verdicts[part.key] for part in node.parts]
    if len({_verdict_text(verdict) for verdict in found}) == 1:
        return _verdict_text(found[0])
    words = [verdict.word for verdict in found]
    return ", ".join(f"{words.count(word):,} {word}" for word in ("run", "undecided", "reuse") if word in words)


def _part_rows(node: Node, verdicts: Verdicts) -> list[tuple[str, str]]:
    """A row for each part where they differ (the first few when they are many); none where all are alike."""
    texts = [(part.part, _verdict_text(verdicts[part.key])) for part in node.parts]
    if len({text for _, text in texts}) == 1:
        return []
    # What runs is what a person looks for.
    texts.sort(key=lambda item: item[1].startswith("reuse"))
    hidden = len(texts) - _SHOWN_PARTS
    return [*texts[:_SHOWN_PARTS], *([("…", f"and {hidden:,} more")] if hidden > 0 else [])]


def _verdict_text(verdict: Verdict) -> str:
    return f"{verdict.word}, {verdict.reason}"


def _fitting(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    if width is None:
        return list(_aligned(rows))
    lines: list[str] = []
    for columns in ((0, 1, 2, 3), (0, 2, 3), (0, 3)):
        lines = list(_aligned([tuple(row[column] for column in columns) for row in rows]))
        if all(len(line) <= width for line in lines):
            return lines
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [min(_WIDEST, max(len(row[column]) for row in rows)) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def _distinct(plan: Plan) -> list[Any]:
    return list({(item.path, item.contract): item for item in plan.inputs}.values())


def _all_reused(node: Node, verdicts: Verdicts) -> bool:
    return all(part.key in verdicts and verdicts[part.key].reuse for part in node.parts)


def _box(node: Node) -> str:
    text = f"{_escaped(_label(node))}<br/>{_escaped(node.first.document.path)}"
    return f'[["{text}"]]' if node.fans_out else f'["{text}"]'


def _drum(drums: dict[str, str], name: str) -> str:
    """A dataset's node: described where it stands first, named afterwards."""
    if name in drums:
        return drums[name]
    drums[name] = f"d{len(drums)}"
    return f"{drums[name]}[({_quoted(name)})]"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """`text` with everything that Mermaid or HTML could read written as a number: ``#35;`` for ``#``."""
    return "".join(letter if letter.isalnum() or letter in " ._-/,()=" else f"#{ord(letter)};" for letter in text)
