"""The rule unseeded-random: a notebook that is run again should find what it found before."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.checks.random_table import GENERATORS, GLOBAL, SEEDS, SKLEARN, SKLEARN_WHEN, UNSHUFFLED
from studio.notebooks.document import NotebookDocument
from studio.notebooks.python_code import dotted, imported_names, mentions, parse, resolved, walk

_WORDS = ("random", "sample", "rvs")
_GLOBAL = {f"{module}.{name}": (f"{module}.{name}", seed) for module, (names, seed) in GLOBAL.items() for name in names}
_PANDAS_KEYS = {"n", "frac", "replace", "weights"}
_SEED_KEYS = {"random_state", "seed", "rng", "generator"}


@dataclass(frozen=True)
class Draw:
    """One call that draws random numbers.

    Attributes
    ----------
    line : int
        1-based line in the cell.
    name : str
        What is called.
    seed : str
        The function whose earlier call seeds it; empty where only an argument does.
    argument : str
        The argument that seeds it; empty where there is none.
    in_function : bool
        Whether it stands in a function, which runs later than where it stands.
    """

    line: int
    name: str
    seed: str
    argument: str
    in_function: bool


@dataclass(frozen=True)
class Scan:
    """What one cell does: draws and, each with its line, calls of seeding functions."""

    draws: tuple[Draw, ...]
    seeds: tuple[tuple[str, int], ...]


def random_findings(document: NotebookDocument) -> Iterator[Finding]:
    """Draws without a seed in the cells that runs and tests execute."""
    names: dict[str, str] = {}
    scans = []
    for cell in document.cells if document.is_python else ():
        if cell.role not in {"code", "parameters", "test"}:
            continue
        names.update(_imports(cell.source))
        words = {*_WORDS, *(name for name, target in names.items() if _is_of_interest(target))}
        if mentions(cell.source, words):
            scans.append((cell, _scan(cell.source, tuple(sorted(names.items())))))
    sown: set[str] = set()
    ever = {name for _, scan in scans for name, _ in scan.seeds}
    for cell, scan in scans:
        for draw in scan.draws:
            before = sown | {name for name, line in scan.seeds if line <= draw.line}
            if draw.seed and draw.seed in (ever if draw.in_function else before):
                continue
            ways = [
                f"give it {draw.argument}" if draw.argument else "",
                f"call {draw.seed}(…) above" if draw.seed else "",
            ]
            message = f"{draw.name} draws random numbers without a seed, so that another run finds something else."
            fix = f"{' or '.join(way for way in ways if way)}, best from a parameter."
            yield found(document, "unseeded-random", message, fix, cell, draw.line)
        sown |= {name for name, _ in scan.seeds}


@lru_cache(maxsize=8192)
def _imports(source: str) -> dict[str, str]:
    tree = parse(source) if mentions(source, ("import",)) else None
    return imported_names(tree) if isinstance(tree, ast.Module) else {}


def _is_of_interest(target: str) -> bool:
    return target.startswith(("random.", "numpy.random", "sklearn", "torch"))


@lru_cache(maxsize=8192)
def _scan(source: str, imports: tuple[tuple[str, str], ...]) -> Scan:
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return Scan((), ())
    # A name that the cell gives another meaning (``random = default_rng(7)``) is no module there.
    own = {node.id for node, _ in walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = {name: target for name, target in imports if name not in own}
    inside = _spans(tree)
    draws: dict[tuple[int, str], Draw] = {}
    seeds: list[tuple[str, int]] = []
    for node, line in walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (resolved(node.func, names) or "") if (dotted(node.func) or "").partition(".")[0] in names else ""
        if name in SEEDS and _first_is_given(node):
            seeds.append((name, line))
            continue
        draw = _draw(node, name, line, any(start <= line <= end for start, end in inside))
        if draw is not None:
            draws.setdefault((line, draw.name), draw)
    return Scan(tuple(draws.values()), tuple(seeds))


def _spans(tree: ast.Module) -> list[tuple[int, int]]:
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node, _ in walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]


def _draw(node: ast.Call, name: str, line: int, in_function: bool) -> Draw | None:
    if name in _GLOBAL:
        shown, seed = _GLOBAL[name]
        return None if _given(node, _SEED_KEYS) else Draw(line, shown, seed, "", in_function)
    if name in GENERATORS:
        return None if _first_is_given(node) else Draw(line, name, "", "a seed", in_function)
    short = name.rpartition(".")[2]
    if name.startswith("sklearn."):
        if _is_random(node, short) and not _given(node, _SEED_KEYS):
            return Draw(line, short, "numpy.random.seed", "random_state", in_function)
        return None
    if _is_pandas_sample(node) or _is_scipy_draw(node):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return Draw(line, f"The method {method}", "numpy.random.seed", "random_state", in_function)
    return None


def _is_random(node: ast.Call, short: str) -> bool:
    arguments = {keyword.arg: keyword.value for keyword in node.keywords}
    if short in UNSHUFFLED and _constant(arguments.get("shuffle")) is False:
        return False
    if short in SKLEARN_WHEN:
        argument, values = SKLEARN_WHEN[short]
        return argument in arguments and _constant(arguments[argument]) in values
    return short in SKLEARN


def _is_pandas_sample(node: ast.Call) -> bool:
    """``frame.sample(5)`` or ``frame.sample(frac=0.1)``; ``generator.sample(items, 5)`` is something else."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr != "sample" or _given(node, _SEED_KEYS):
        return False
    if len(node.args) == 1 and isinstance(_constant(node.args[0]), int):
        return True
    return not node.args and bool({keyword.arg for keyword in node.keywords} & _PANDAS_KEYS)


def _is_scipy_draw(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "rvs" and not _given(node, _SEED_KEYS)


def _first_is_given(node: ast.Call) -> bool:
    if node.args:
        return not _is_none(node.args[0])
    return _given(node, {*_SEED_KEYS, "entropy", "x", "a"})


def _given(node: ast.Call, keys: Iterable[str]) -> bool:
    """Whether one of the arguments is given, or may be (``**settings``); None is no seed."""
    return any(
        keyword.arg is None or (keyword.arg in set(keys) and not _is_none(keyword.value)) for keyword in node.keywords
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _constant(node: ast.expr | None) -> object:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str | bool | int) else None
