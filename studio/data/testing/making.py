"""Frames made from a contract.

A frame is drawn as a list of rows, so that values that may stand once (alone or jointly) are drawn
different from the start; pandera's strategy for frames draws column by column and rejects, which never
ends where a column that is unique has few values. What is drawn always keeps the contract: it is
checked before it is given out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.contract_file import ColumnRule
from studio.data.contracts import Contract, ContractBroken
from studio.data.testing.columns import Values, names_of, series, values_of

if TYPE_CHECKING:
    import pandas as pd
    from hypothesis.strategies import DrawFn, SearchStrategy

MOST_ROWS = 6
_MOST_EDGES = 12
# hypothesis gives up where a frame takes more than a few kilobytes of choices.
_MOST_COLUMNS, _MOST_CELLS = 150, 300


class Ungenerable(BadInput):
    """A contract of which no frame was found; the text says which column and why, where that is known."""


class Contradiction(Ungenerable):
    """A contract that no frame can keep, because rules of a column exclude each other."""


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
        The most rows; fewer where values that stand once are used up or there are many columns. Beyond 150
        columns the frames are those of `boundaries`.

    Raises
    ------
    Contradiction
        When the rules of a column exclude each other.
    Ungenerable
        When no frame is found for another reason.
    """
    from hypothesis import reject
    from hypothesis import strategies as st

    if len(contract.file.columns) > _MOST_COLUMNS:
        found = boundaries(contract)
        if not found:
            raise Ungenerable(f"No frame that keeps the contract {contract.name!r} was found among the simplest ones.")
        return st.sampled_from(found)
    most = max(1, min(most, _MOST_CELLS // len(contract.file.columns)))
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
    Contradiction
        When the rules of a column exclude each other.
    Ungenerable
        When no frame is found for another reason.
    """
    from hypothesis import given

    found = []
    with hypothesis_home(workspace):
        made = frames(contract)
        found += boundaries(contract)

        def keep(frame: pd.DataFrame) -> None:
            found.append(frame)

        satisfied(contract, decided(number)(given(made)(keep)))
    return found


def decided(examples: int) -> Any:
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


def satisfied(contract: Contract, drawing: Callable[[], None]) -> None:
    """Run `drawing`, which draws frames of `contract`; Ungenerable when hypothesis finds none."""
    from hypothesis.errors import InvalidArgument, Unsatisfiable

    try:
        drawing()
    except (InvalidArgument, Unsatisfiable) as error:
        raise Ungenerable(
            f"No frame that keeps the contract {contract.name!r} was found among those that were drawn. Next: look for "
            "rules that hardly any value keeps."
        ) from error


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
    from hypothesis.errors import HypothesisException
    from pandera.errors import SchemaDefinitionError

    try:
        return values_of(rule)
    except (NotImplementedError, SchemaDefinitionError) as error:
        raise Contradiction(
            f"No value can stand in the column {name!r}: {error}. Next: correct the rules that exclude each other."
        ) from error
    except (HypothesisException, TypeError) as error:
        raise Ungenerable(f"No values were found for the column {name!r}: {str(error).rstrip('.')}.") from error


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
