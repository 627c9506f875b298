"""Does a contract notice? Rows that keep it are broken in one place at a time, and each break must be found.

Columns are checked one by one (a column's rule looks at no other column), so that a wide contract
costs milliseconds a break; what concerns the frame (missing, surplus and ordered columns, joint
uniqueness) is checked on the whole. Nothing here is random.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from studio.data.contract_file import ColumnRule
from studio.data.contracts import MISSING, UNEXPECTED, Contract, FailureCase
from studio.data.testing.limits import Bound, allows, bounds, candidates, checks
from studio.data.testing.making import boundaries

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = re.compile(r"(?P<unsigned>[uU])?[iI]nt(?P<bits>\d*)")
_LONGEST = 100_000
_HINTS = {
    "a line break at the end": "end the pattern with \\Z in place of $",
    "a text outside the pattern": "write a pattern that does not match every text",
}


@dataclass(frozen=True)
class Mutation:
    """One way to break rows.

    Attributes
    ----------
    name : str
        What was done: ``nulls in customer_id``.
    column : str
        The key in the contract whose promise is broken; empty for the frame as a whole.
    check : str
        The key of that promise below the column, where it has one of its own.
    frame : DataFrame
        The broken rows.
    noticed : callable
        Whether a failure case is the one to expect.
    contract : Contract
        What the rows are checked against: the whole contract, or its part for one column.
    hint : str
        What to write into the contract when it does not notice.
    """

    name: str
    column: str
    check: str
    frame: pd.DataFrame
    noticed: Callable[[FailureCase], bool]
    contract: Contract
    hint: str

    def is_noticed(self) -> bool:
        """Whether the contract finds what was broken."""
        return any(self.noticed(case) for case in self.contract.check(self.frame))


def mutations(contract: Contract, frame: pd.DataFrame) -> Iterator[Mutation]:
    """All the ways to break `frame`, which keeps `contract` and has at least one row."""
    yield from _of_frame(contract, frame)
    for name in frame.columns:
        key, rule = _declared(contract, str(name))
        if rule is not None:
            plain = rule.model_copy(update={"regex": False})
            yield from _of_column(_part(contract, str(name), plain), key, str(name), frame[[name]], plain)
    for name, rule in contract.file.columns.items():
        if not rule.regex and name not in frame.columns:  # it is optional, and these rows go without it
            part = _part(contract, name, rule)
            for made in boundaries(part)[:1]:
                yield from _of_column(part, name, name, made, rule)


def unguarded(contract: Contract) -> list[str]:
    """The columns of which the contract says nothing but the type (two truth values are a guard)."""
    jointly = set(contract.file.jointly_unique)
    return [
        name
        for name, rule in contract.file.columns.items()
        if not (any(rule.checks()) or rule.unique or name in jointly or rule.dtype in {"bool", "boolean"})
    ]


def half_open(contract: Contract) -> list[str]:
    """The columns of numbers that have a bound on one side only, and so may hold the infinite on the other."""
    found = []
    for name, rule in contract.file.columns.items():
        lower, upper = bounds(rule)
        if (rule.dtype or "").lower().startswith("float") and bool(lower) != bool(upper) and candidates(rule) is None:
            found.append(name)
    return found


def _declared(contract: Contract, column: str) -> tuple[str, ColumnRule | None]:
    rule = contract.rule(column)
    key = next((key for key, known in contract.file.columns.items() if known is rule), column)
    return key, rule


def _part(contract: Contract, column: str, rule: ColumnRule) -> Contract:
    """The contract as far as it concerns one column."""
    alone = {column: rule}
    changed = {"columns": alone, "unique": None, "strict": False, "ordered": False, "may_be_empty": False}
    return replace(contract, file=contract.file.model_copy(update=changed))


def _of_frame(contract: Contract, frame: pd.DataFrame) -> Iterator[Mutation]:
    import pandas as pd

    file = contract.file

    def broken(name: str, column: str, rows: pd.DataFrame, check: str, hint: str) -> Mutation:
        part = _part(contract, column, file.columns[column]) if column else contract
        return Mutation(name, column, "", rows, lambda case: case.check == check, part, hint)

    if not file.may_be_empty:
        yield broken("no rows", "", frame.iloc[:0], "at least one row", "leave out may_be_empty")
    for name, rule in file.columns.items():
        if rule.required:
            there = [column for column in frame.columns if _declared(contract, str(column))[0] == name]
            yield broken(
                f"column {name} missing", name, frame.drop(columns=there), MISSING, "leave out required: false"
            )
    if file.strict:
        surplus = frame.assign(**{_new_name(contract, frame): 1})
        yield broken("an unexpected column", "", surplus, UNEXPECTED, "write strict: true")
    if file.ordered and frame.shape[1] > 1:
        turned = frame[list(frame.columns[1::-1]) + list(frame.columns[2:])]
        yield broken("columns in another order", "", turned, "in the contract's order", "write ordered: true")
    jointly = list(file.jointly_unique)
    if jointly and set(jointly) <= set(frame.columns):
        twice = pd.concat([frame, frame.iloc[[0]]], ignore_index=True)
        check = "each combination once"
        yield broken(
            f"a duplicate in {' with '.join(jointly)}", "", twice, check, f"write unique: [{', '.join(jointly)}]"
        )


def _new_name(contract: Contract, frame: pd.DataFrame) -> str:
    names = (f"unexpected_{number}" for number in range(len(frame.columns) + 100))
    return next(name for name in names if name not in frame.columns and contract.rule(name) is None)


def _of_column(part: Contract, key: str, name: str, frame: pd.DataFrame, rule: ColumnRule) -> Iterator[Mutation]:
    import pandas as pd

    values = frame[name]

    def broken(what: str, check: str, column: pd.Series[Any], hint: str, found: str = "") -> Mutation:
        def noticed(case: FailureCase) -> bool:
            return case.column == name and (not found or case.check == found)

        return Mutation(what, key, check, column.to_frame(name), noticed, part, hint)

    if not rule.nullable:
        gap = _with_first(values.astype(object), None)
        yield broken(f"nulls in {name}", "nullable", _retyped(gap, values), "leave out nullable: true")
    wrong = _wrong_type(rule, values, coerced=part.coerces)
    if wrong is not None:
        yield broken(f"wrong type in {name}", "dtype", wrong, "write its dtype")
    if rule.unique:
        twice = pd.concat([values, values.iloc[[0]]], ignore_index=True)
        yield broken(f"a duplicate in {name}", "unique", twice, "write unique: true", "each value once")
    for what, check, value in _bad_values(rule, values):
        hint = _HINTS.get(what.removesuffix(" of"), f"correct {check}")
        yield broken(f"{what} {name}", check, _retyped(_with_first(values.astype(object), value), values), hint)


def _with_first(values: pd.Series[Any], value: Any) -> pd.Series[Any]:
    """`values` (of dtype object) with another first one."""
    changed = values.reset_index(drop=True).copy()
    changed.iat[0] = value
    return changed


def _retyped(changed: pd.Series[Any], like: pd.Series[Any]) -> pd.Series[Any]:
    """`changed` in the type of `like` where that holds its first value, else in the one that pandas finds."""
    import pandas as pd

    if isinstance(like.dtype, pd.CategoricalDtype):
        return changed.astype("category")
    try:
        typed = changed.astype(like.dtype)
    except (TypeError, ValueError, OverflowError):
        return changed.infer_objects()
    before: Any = changed.iat[0]
    after: Any = typed.iat[0]
    # bool takes a missing value for False, and a whole number loses its fraction.
    return typed if (_gap(before) and _gap(after)) or before == after else changed.infer_objects()


def _wrong_type(rule: ColumnRule, values: pd.Series[Any], *, coerced: bool) -> pd.Series[Any] | None:
    """The column in a type that the rule does not allow; None where every type would do."""
    import pandas as pd

    dtype = rule.dtype or "object"
    if dtype == "object" or (coerced and dtype.startswith(("str", "category"))):
        return None
    if dtype.startswith("str"):
        return pd.Series(range(len(values)), dtype="int64")
    if dtype == "category":
        return pd.Series(range(len(values)), dtype="int64")
    return pd.Series(["not of this type"] * len(values), dtype="str")


def _bad_values(rule: ColumnRule, values: pd.Series[Any]) -> Iterator[tuple[str, str, Any]]:
    """What is done (up to the column's name), the check that should notice, and the value that breaks it."""
    lower, upper = bounds(rule)
    for ends, word, sign in ((lower, "below", -1), (upper, "above", 1)):
        for end in ends:
            beyond = _beyond(rule, end, sign)
            if beyond is not None:
                yield f"a value {word} the range of", end.check, beyond
    sample = next((value for value in values.tolist() if not _gap(value)), None)
    for name, given in checks(rule):
        if name in {"isin", "equal_to", "unique_values_eq"}:
            outside = _outside(rule, given["value"] if isinstance(given["value"], list) else [given["value"]])
            if outside is not None:
                yield "a value outside the categories of", name, outside
        elif name in {"notin", "not_equal_to"}:
            refused = given["value"][0] if isinstance(given["value"], list) else given["value"]
            yield "a refused value in", name, refused
        elif name == "str_length":
            yield from _bad_lengths(given)
        elif name.startswith("str_"):
            yield from _bad_texts(name, str(given["value"]), "" if sample is None else str(sample))


def _beyond(rule: ColumnRule, end: Bound, sign: int) -> Any:
    """The value next to a bound on its wrong side; None where the column's type cannot hold one."""
    import numpy as np
    import pandas as pd

    if not end.included:
        return end.value
    dtype = rule.dtype or "float64"
    whole = _WHOLE.fullmatch(dtype)
    if whole is not None:
        value = int(end.value) + sign
        bits = int(whole["bits"] or 64)
        least, most = (0, 2**bits - 1) if whole["unsigned"] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return value if least <= value <= most else None
    if isinstance(end.value, pd.Timestamp):
        return end.value + sign * pd.Timedelta(1, unit="s")
    if isinstance(end.value, date):
        return end.value + sign * timedelta(days=1)
    if isinstance(end.value, str):
        return end.value + "~" if sign > 0 else "" if end.value else None
    width = dtype.lower() if dtype.lower() in {"float16", "float32"} else "float64"
    return float(np.nextafter(np.dtype(width).type(end.value), np.dtype(width).type(sign * np.inf)))


def _outside(rule: ColumnRule, listed: list[Any]) -> Any:
    """A value near the listed ones that is none of them; None where there is no other (true and false)."""
    import pandas as pd

    first = listed[0]
    if isinstance(first, bool):
        return (not first) if (not first) not in listed else None
    if isinstance(first, str):
        near = (change(text) for text in listed for change in (str.lower, str.upper, lambda text: f" {text}"))
        return next((text for text in near if text not in listed), None)
    step: Any = timedelta(days=1) if isinstance(first, date | pd.Timestamp) else 1
    beyond = max(listed) + step
    whole = _WHOLE.fullmatch(rule.dtype or "")
    if whole is not None and whole["bits"] and beyond >= 2 ** (int(whole["bits"]) - (whole["unsigned"] is None)):
        beyond = next((value for value in range(beyond) if value not in listed), None)
    return beyond


def _bad_lengths(given: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    exact = given["exact_value"]
    least, most = (given["min_value"], given["max_value"]) if exact is None else (exact, exact)
    if least:
        yield "too short a text in", "str_length", "x" * (least - 1)
    if most is not None and most < _LONGEST:
        yield "too long a text in", "str_length", "x" * (most + 1)


def _bad_texts(name: str, wanted: str, sample: str) -> Iterator[tuple[str, str, Any]]:
    rule = ColumnRule.model_validate({name: wanted})
    tries = ("", " ", "\N{SNOWMAN}", f"\N{SNOWMAN}{sample}", f"{sample}\N{SNOWMAN}", "x", "0")
    # A pattern that takes all of these takes everything; the first is shown, and nobody will notice it.
    yield "a text outside the pattern of", name, next((text for text in tries if not allows(rule, text)), tries[0])
    if name == "str_matches" and re.search(r"(?<!\\)\$\)*\Z", wanted) and re.fullmatch(wanted, sample):
        yield "a line break at the end of", name, f"{sample}\n"


def _gap(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
