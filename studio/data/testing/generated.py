"""Frames made from a contract, and functions called with them.

A frame is drawn as a list of rows, so that values that may stand once (alone or jointly) are drawn
different from the start; pandera's strategy for frames draws column by column and rejects, which never
ends where a column that is unique has few values. What is drawn always keeps the contract: it is
checked before it is given out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.workspace import Workspace
from studio.data.contract_file import ColumnRule
from studio.data.contracts import Contract, ContractBroken, read_contract
from studio.data.testing.columns import Values, names_of, series, values_of

if TYPE_CHECKING:
    import pandas as pd
    from hypothesis.strategies import DrawFn, SearchStrategy

MOST_ROWS = 6
_SHOWN_ROWS = 10
_MOST_EDGES = 12


class Ungenerable(Exception):
    """A contract of which no frame can be made; the text says which column and why."""


def frames(contract: Contract, *, least: int | None = None, most: int = MOST_ROWS) -> SearchStrategy[pd.DataFrame]:
    """Frames that keep `contract`, with `least` to `most` rows.

    Parameters
    ----------
    contract : Contract
        What the frames keep.
    least : int, optional
        The fewest rows: without it none where the contract says `may_be_empty`, else one. More where the
        contract needs more (`unique_values_eq`).
    most : int
        The most rows; fewer where values that stand once are used up.

    Raises
    ------
    Ungenerable
        When the contract allows no frame, or asks for what cannot be made.
    """
    from hypothesis import reject
    from hypothesis import strategies as st

    known = {name: _values(name, rule) for name, rule in contract.file.columns.items()}
    fewest = int(not contract.file.may_be_empty) if least is None else least

    @st.composite
    def drawn(draw: DrawFn) -> pd.DataFrame:
        columns = _drawn_columns(draw, contract, known)
        low = max([fewest, *(len(values.together) for _, values in columns.values())])
        high = _room(contract, columns, max(most, low))
        if low > high:
            reject()
        rows = draw(
            st.lists(
                st.tuples(*(values.elements for _, values in columns.values())),
                min_size=low,
                max_size=high,
                unique_by=_keys(contract, columns) or None,
            )
        )
        kept = _kept(contract, _assembled(columns, rows))
        return reject() if kept is None else kept

    return drawn()


def boundaries(contract: Contract) -> list[pd.DataFrame]:
    """Frames of one row that keep `contract`, made of what is worth trying first.

    The first has every column at its least or first value, the next at its most or second; in some every
    category and a missing value (where columns may have them) has its turn.
    """
    known = {name: _values(name, rule) for name, rule in contract.file.columns.items() if not rule.regex}
    columns = {name: (contract.file.columns[name], values) for name, values in known.items()}
    most = max((len(values.edges) for values in known.values()), default=0)
    found = []
    for turn in range(min(most, _MOST_EDGES)):
        row = tuple(values.edges[turn % len(values.edges)] if values.edges else None for values in known.values())
        kept = _kept(contract, _assembled(columns, [row]))
        if kept is not None:
            found.append(kept)
    return found


def some_frames(workspace: Workspace, contract: Contract, number: int) -> list[pd.DataFrame]:
    """The frames of `boundaries` and up to `number` drawn ones, the same each time.

    Raises
    ------
    Ungenerable
        When the contract allows no frame, or asks for what cannot be made.
    """
    from hypothesis import given

    found = []
    with hypothesis_home(workspace):
        made = frames(contract)
        found += boundaries(contract)

        def keep(frame: pd.DataFrame) -> None:
            found.append(frame)

        _satisfied(contract, _decided(number)(given(made)(keep)))
    return found


def check_function(
    workspace_root: Path, function: Callable[[Any], Any], takes: str, gives: str | None, examples: int
) -> None:
    """Call `function` with frames that keep the contract `takes`, and check its results against `gives`.

    First come the frames of `boundaries`, then `examples` drawn ones; the same each time.

    Raises
    ------
    AssertionError
        When it raises, or its result breaks the contract; with the smallest such frame that was found.
    BadInput
        When a contract cannot be read.
    """
    from hypothesis import given
    from hypothesis.errors import Flaky

    workspace = Workspace(workspace_root)
    contract = read_contract(workspace, takes)
    trial = _Trial(function, contract, read_contract(workspace, gives) if gives else None)
    with hypothesis_home(workspace):
        made = frames(contract)
        try:
            for frame in boundaries(contract):
                trial(frame)
            _satisfied(contract, _decided(examples)(given(made)(trial.hypothetical)))
        except (_Broken, _LongEnough, Flaky):
            raise trial.told() from trial.reason


def _decided(examples: int) -> Any:
    """Settings under which hypothesis does the same each time, and stops for nothing but a failure."""
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        print_blob=False,
    )


def _satisfied(contract: Contract, drawing: Callable[[], None]) -> None:
    from hypothesis.errors import Unsatisfiable

    try:
        drawing()
    except Unsatisfiable as error:
        raise Ungenerable(f"No frame that keeps the contract {contract.name!r} was found.") from error


class _Broken(Exception):
    """The function did not do what its mark says."""


class _LongEnough(BaseException):
    """Shrinking has used its time; not an Exception, so that hypothesis lets it through at once."""


class _Trial:
    """One function under generated frames; remembers the smallest frame for which it failed."""

    CALLS_AFTER_FAILURE = 200

    def __init__(self, function: Callable[[Any], Any], takes: Contract, gives: Contract | None) -> None:
        self.function, self.takes, self.gives = function, takes, gives
        self.name = getattr(function, "__name__", repr(function))
        self.frame: pd.DataFrame | None = None
        self.fact = ""
        self.reason: Exception | None = None
        self.calls_left: float = math.inf

    def __call__(self, frame: pd.DataFrame) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise _LongEnough
        fact, reason = self._fact(frame)
        if fact:
            if self.frame is None:
                self.calls_left = self.CALLS_AFTER_FAILURE
            self.frame, self.fact, self.reason = frame, fact, reason
            raise _Broken(fact)

    @property
    def hypothetical(self) -> Callable[[pd.DataFrame], None]:
        """The trial as the plain function that hypothesis wants."""

        def trial(frame: pd.DataFrame) -> None:
            self(frame)

        return trial

    def told(self) -> AssertionError:
        """The failure as a person reads it."""
        assert self.frame is not None
        rows = len(self.frame)
        size = f"{rows} row{'s' * (rows != 1)}"
        return AssertionError(
            f"{self.name}() {self.fact}\nThe smallest frame found that keeps {self.takes.name!r} ({size}):\n"
            f"{shown_frame(self.frame)}"
        )

    def _fact(self, frame: pd.DataFrame) -> tuple[str, Exception | None]:
        """What went wrong with `frame`; empty when nothing."""
        import pandas as pd

        try:
            result = self.function(frame.copy())
        except Exception as error:  # noqa: BLE001 - whatever a notebook's function raises is the finding
            said = str(error).strip()
            return f"raised {type(error).__name__}{f': {said}' if said else ''}", error
        if self.gives is None:
            return "", None
        if not isinstance(result, pd.DataFrame):
            return f"returned a {type(result).__name__}, and {self.gives.name!r} is the contract of a frame.", None
        try:
            self.gives.validated(result, "What it returned")
        except ContractBroken as error:
            return f"returned a frame that breaks the contract {self.gives.name!r}.\n{error}", None
        return "", None


def shown_frame(frame: pd.DataFrame) -> str:
    """At most ten rows of `frame`, one column a line, values as Python writes them."""
    head = frame.head(_SHOWN_ROWS)
    width = max((len(str(name)) for name in head.columns), default=0)
    lines = []
    for position, name in enumerate(head.columns):
        values = ", ".join(_short(value) for value in head.iloc[:, position].tolist())
        lines.append(f"  {str(name).ljust(width)}  {values}")
    if len(frame) > _SHOWN_ROWS:
        lines.append(f"  … and {len(frame) - _SHOWN_ROWS} rows more")
    return "\n".join(lines) or "  (no columns)"


@contextmanager
def hypothesis_home(workspace: Workspace) -> Iterator[None]:
    """Inside the block hypothesis keeps what it caches in ``.studio/cache``, and not beside the caller's files."""
    from hypothesis.configuration import set_hypothesis_home_dir, storage_directory

    before = storage_directory(intent_to_write=False).home_directory
    set_hypothesis_home_dir(workspace.cache / "hypothesis")
    try:
        yield
    finally:
        set_hypothesis_home_dir(before)


def _values(name: str, rule: ColumnRule) -> Values:
    from pandera.errors import SchemaDefinitionError

    try:
        return values_of(rule)
    except (NotImplementedError, SchemaDefinitionError, TypeError) as error:
        raise Ungenerable(f"No values can be made for the column {name!r}: {error}.") from error


def _drawn_columns(draw: DrawFn, contract: Contract, known: dict[str, Values]) -> dict[str, tuple[ColumnRule, Values]]:
    """Which columns a frame has: optional ones may be absent, patterns stand for one or two names."""
    from hypothesis import strategies as st

    jointly = set(contract.file.jointly_unique)
    columns: dict[str, tuple[ColumnRule, Values]] = {}
    for name, rule in contract.file.columns.items():
        if rule.regex:
            wanted = st.lists(names_of(name), min_size=int(rule.required), max_size=2, unique=True)
            found = [made for made in draw(wanted) if contract.rule(made) is rule and made not in columns]
        else:
            found = [name] if rule.required or name in jointly or draw(st.booleans()) else []
        columns |= dict.fromkeys(found, (rule, known[name]))
    return columns


def _room(contract: Contract, columns: dict[str, tuple[ColumnRule, Values]], most: int) -> int:
    """How many rows there can be before a value that stands once must stand twice."""
    for rule, values in columns.values():
        if rule.unique and values.number is not None:
            most = min(most, values.number)
    numbers = [columns[name][1].number for name in contract.file.jointly_unique if name in columns]
    if numbers and None not in numbers:
        most = min(most, math.prod(number for number in numbers if number is not None))
    return most


def _keys(contract: Contract, columns: dict[str, tuple[ColumnRule, Values]]) -> tuple[Callable[[Any], Any], ...]:
    names = list(columns)
    alone = [(names.index(name),) for name, (rule, _) in columns.items() if rule.unique]
    jointly = tuple(names.index(name) for name in contract.file.jointly_unique if name in columns)
    return tuple(_picker(positions) for positions in [*alone, *([jointly] if jointly else [])])


def _picker(positions: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    return lambda row: tuple(row[position] for position in positions)


def _assembled(columns: dict[str, tuple[ColumnRule, Values]], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    content = {}
    for position, (name, (rule, values)) in enumerate(columns.items()):
        cells = [row[position] for row in rows]
        cells[: len(values.together)] = values.together
        content[name] = series(cells, rule)
    return pd.DataFrame(content, index=pd.RangeIndex(len(rows)))


def _kept(contract: Contract, frame: pd.DataFrame) -> pd.DataFrame | None:
    """`frame` as its contract keeps it (cast where it says so); None when it breaks the contract."""
    try:
        return contract.validated(frame, "A generated frame")
    except ContractBroken:
        return None


def _short(value: Any) -> str:
    import pandas as pd

    text = "missing" if pd.isna(value) else str(value) if isinstance(value, pd.Timestamp) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
