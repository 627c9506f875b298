"""Where the steps of a graph stand: layers from left to right, few crossings, straight lines where they can be had.

The classic three passes (Sugiyama, Tagawa and Toda 1981): a step's layer is one more than the deepest that it needs; an
order inside each layer by the means of the neighbours; heights as near to the neighbours as the distances allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

WIDTH, HEIGHT = 180, 58
ACROSS, DOWN = 40, 20
_MARGIN = 8
_SWEEPS = 8
_PASSES = 6
_THREAD = 14
"""Height of a line that passes a layer."""


@dataclass(frozen=True)
class Layout:
    """Places in pixels.

    Attributes
    ----------
    places : mapping
        For each step the left and upper corner of its box.
    lines : mapping
        For each (needed, step) the points that its line passes, ends included.
    width, height : float
        The size of the whole.
    """

    places: Mapping[str, tuple[float, float]]
    lines: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    width: float
    height: float


def lay_out(needs: Mapping[str, Iterable[str]]) -> Layout:
    """The layout of the steps `needs`, each with those that it needs.

    A need that is unknown, or stands in a circle, is left out: a drawing never fails.
    """
    edges = _sound(needs)
    layers = _layers(needs, edges)
    graph = _Graph(needs, edges, layers)
    graph.order()
    graph.raise_up()
    return graph.layout()


def _sound(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """The edges (needed, step) without those to unknown steps and those that would close a circle."""
    kept: dict[str, list[str]] = {name: [] for name in needs}
    for name, wanted in needs.items():
        for need in dict.fromkeys(wanted):
            if need in kept and need != name and not _reaches(kept, need, name):
                kept[name].append(need)
    return [(need, name) for name, wanted in kept.items() for need in wanted]


def _reaches(needs: Mapping[str, Sequence[str]], start: str, end: str) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        fresh = [need for need in needs[name] if need not in seen]
        seen.update(fresh)
        waiting += fresh
    return False


def _layers(names: Iterable[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    layer = dict.fromkeys(names, 0)
    above: dict[str, list[str]] = {name: [] for name in layer}
    open_needs = dict.fromkeys(layer, 0)
    for need, name in edges:
        above[need].append(name)
        open_needs[name] += 1
    ready = [name for name, count in open_needs.items() if not count]
    for name in ready:  # grows while it is read
        for following in above[name]:
            layer[following] = max(layer[following], layer[name] + 1)
            open_needs[following] -= 1
            if not open_needs[following]:
                ready.append(following)
    return layer


class _Graph:
    """The layers with their steps and, where a line passes a layer, a thread of it."""

    def __init__(self, names: Iterable[str], edges: Sequence[tuple[str, str]], layer_of: Mapping[str, int]) -> None:
        self.names = list(names)
        self.layers: list[list[int]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
        self.number = {name: at for at, name in enumerate(self.names)}
        self.layer = [layer_of[name] for name in self.names]
        self.before: list[list[int]] = [[] for _ in self.names]
        self.after: list[list[int]] = [[] for _ in self.names]
        self.chains: dict[tuple[str, str], list[int]] = {}
        for at, layer in enumerate(self.layer):
            self.layers[layer].append(at)
        for need, name in edges:
            self.chains[need, name] = self.chain(self.number[need], self.number[name])
        self.y = [0.0] * len(self.layer)
        self.place = [0] * len(self.layer)
        for one in self.layers:
            self.number_places(one)

    def chain(self, start: int, end: int) -> list[int]:
        """The way from `start` to `end`, one place a layer."""
        chain = [start]
        for layer in range(self.layer[start] + 1, self.layer[end]):
            self.layer.append(layer)
            self.before.append([])
            self.after.append([])
            self.layers[layer].append(len(self.layer) - 1)
            chain.append(len(self.layer) - 1)
        chain.append(end)
        for one, other in pairwise(chain):
            self.after[one].append(other)
            self.before[other].append(one)
        return chain

    def order(self) -> None:
        """Sort each layer by the means of its neighbours, forth and back, and keep the best of all orders seen."""
        best, fewest = [list(layer) for layer in self.layers], self.crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            forth = sweep % 2 == 0
            for layer in self.layers if forth else reversed(self.layers):
                self.sort(layer, self.before if forth else self.after)
            found = self.crossings()
            if found < fewest:
                best, fewest = [list(layer) for layer in self.layers], found
        self.layers = best

    def sort(self, layer: list[int], neighbours: Sequence[Sequence[int]]) -> None:
        means = {}
        for one in layer:
            near = [self.place[other] for other in neighbours[one]]
            means[one] = sum(near) / len(near) if near else self.place[one]
        layer.sort(key=means.__getitem__)
        self.number_places(layer)

    def number_places(self, layer: Sequence[int]) -> None:
        for at, one in enumerate(layer):
            self.place[one] = at

    def crossings(self) -> int:
        return sum(
            _inversions([to for one in layer for to in sorted(self.place[other] for other in self.after[one])])
            for layer in self.layers
        )

    def raise_up(self) -> None:
        """Give each place a height: stacked first, then drawn to the neighbours' means."""
        for layer in self.layers:
            self.put(layer, lambda _: 0.0)
        for turn in range(_PASSES):
            forth = turn % 2 == 0
            neighbours = self.before if forth else self.after
            for layer in self.layers if forth else reversed(self.layers):
                self.put(layer, partial(self.wanted, neighbours))
        top = min((self.y[one] - self.half(one) for one in range(len(self.layer))), default=0.0)
        self.y = [y - top + _MARGIN for y in self.y]

    def wanted(self, neighbours: Sequence[Sequence[int]], one: int) -> float:
        near = neighbours[one]
        return sum(self.y[other] for other in near) / len(near) if near else self.y[one]

    def put(self, layer: Sequence[int], wanted: Callable[[int], float]) -> None:
        """The heights nearest to those wanted that keep the order and the distances (pool adjacent violators)."""
        offsets, offset = [], 0.0
        for at, one in enumerate(layer):
            offset += self.half(layer[at - 1]) + DOWN + self.half(one) if at else 0.0
            offsets.append(offset)
        blocks: list[tuple[float, int]] = []
        for one, shift in zip(layer, offsets, strict=True):
            mean, size = wanted(one) - shift, 1
            while blocks and blocks[-1][0] >= mean:
                other, count = blocks.pop()
                mean, size = (mean * size + other * count) / (size + count), size + count
            blocks.append((mean, size))
        means = [mean for mean, size in blocks for _ in range(size)]
        for one, mean, shift in zip(layer, means, offsets, strict=True):
            self.y[one] = mean + shift

    def half(self, one: int) -> float:
        return HEIGHT / 2 if one < len(self.names) else _THREAD / 2

    def layout(self) -> Layout:
        left = [_MARGIN + layer * (WIDTH + ACROSS) for layer in self.layer]
        places = {name: (float(left[at]), round(self.y[at] - HEIGHT / 2, 1)) for name, at in self.number.items()}
        lines = {edge: self.line(chain, left) for edge, chain in self.chains.items()}
        width = max((x + WIDTH for x, _ in places.values()), default=0.0) + _MARGIN
        height = max((self.y[one] + self.half(one) for one in range(len(self.layer))), default=0.0) + _MARGIN
        return Layout(places, lines, width, round(height, 1))

    def line(self, chain: Sequence[int], left: Sequence[float]) -> tuple[tuple[float, float], ...]:
        points: list[tuple[float, float]] = []
        for at, one in enumerate(chain):
            y = round(self.y[one], 1)
            points += [(left[one], y)] if at else []
            points += [(left[one] + WIDTH, y)] if at < len(chain) - 1 else []
        return tuple(points)


def _inversions(values: Sequence[int]) -> int:
    """How many pairs stand in the wrong order, by merging."""
    if len(values) < 2:
        return 0
    middle = len(values) // 2
    left, right = sorted(values[:middle]), sorted(values[middle:])
    count = _inversions(values[:middle]) + _inversions(values[middle:])
    at = 0
    for value in right:
        while at < len(left) and left[at] <= value:
            at += 1
        count += len(left) - at
    return count


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """The line through `points` as an SVG path: level across a layer, bent between two."""
    (x, y), *rest = points
    parts = [f"M{x:g} {y:g}"]
    for at, (to_x, to_y) in enumerate(rest):
        bend = (to_x - x) / 2
        level = at % 2 == 1
        parts.append(
            f"L{to_x:g} {to_y:g}" if level else f"C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"
        )
        x, y = to_x, to_y
    return "".join(parts)
