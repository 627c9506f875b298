"""Contracts: what a dataset promises, checked whole. The only module that imports pandera.

Every failure case is collected before anything is said, so that data is mended in one go. Rows are
counted from 1, the first row after the header (the first row of a frame), whatever its index. A
frame is never changed unless its contract says `coerce`; then the cast frame is what is kept.
The format of a contract's file stands in `studio.data.contract_file`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.core.errors import BadInput
from studio.core.identifiers import nearest
from studio.core.workspace import Workspace
from studio.data.contract_file import (
    SHORT,
    ColumnRule,
    ContractFile,
    read_contract_file,
    shown_contract,
)

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

SHOWN_CASES = 10
MISSING, UNEXPECTED = "missing column", "unexpected column"
_PLAIN = {
    "column_in_dataframe": MISSING,
    "column_in_schema": UNEXPECTED,
    "column_ordered": "in the contract's order",
    "not_nullable": "no missing values",
    "field_uniqueness": "each value once",
    "multiple_fields_uniqueness": "each combination once",
}


@dataclass(frozen=True)
class FailureCase:
    """One place where data breaks its contract.

    Attributes
    ----------
    column : str
        The column; empty for the frame as a whole.
    check : str
        What was demanded.
    value : str
        What was found, as a short text; empty where there is none.
    row : int | None
        1-based data row; None where the case is of the column or the frame.
    """

    column: str
    check: str
    value: str = ""
    row: int | None = None

    def as_dict(self) -> dict[str, object]:
        """The case with stable keys, for ``--json``."""
        return {"column": self.column, "check": self.check, "value": self.value, "row": self.row}


class ContractBroken(BadInput):
    """Data does not keep its contract.

    Attributes
    ----------
    cases : tuple[FailureCase, ...]
        All failure cases; the message shows at most ten of each check.
    """

    def __init__(self, subject: str, contract: Contract, cases: Iterable[FailureCase]) -> None:
        self.contract = contract.name
        self.cases = tuple(cases)
        count = f"{len(self.cases):,} failure case{'s' * (len(self.cases) != 1)}"
        lines = [f"{subject} does not keep the contract {contract.name!r} ({contract.path}): {count}."]
        lines += [f"  {line}" for line in _summary(self.cases)]
        numbering = (
            "Rows are counted from 1, the first after the header. " if any(case.row for case in self.cases) else ""
        )
        lines.append(f"{numbering}Next: correct the data, or change the contract if the data is right.")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Contract:
    """A contract ready to check frames.

    Attributes
    ----------
    name, path : str
        Its name, and its file as messages name it.
    digest : str
        SHA-256 of what it demands.
    file : ContractFile
        What its file says.
    """

    name: str
    path: str
    digest: str
    file: ContractFile

    def check(
        self, frame: pd.DataFrame, known: Mapping[str, Iterable[FailureCase]] | None = None
    ) -> tuple[FailureCase, ...]:
        """All failure cases of `frame`; none when it keeps the contract.

        `known` are columns whose cases were found before (texts that could not be read as their
        type): they are reported as they are and not checked again.
        """
        return self._examine(frame, known or {})[1]

    def validated(
        self, frame: pd.DataFrame, subject: str, known: Mapping[str, Iterable[FailureCase]] | None = None
    ) -> pd.DataFrame:
        """`frame` itself when it keeps the contract, or its cast form where the contract says `coerce`.

        Raises
        ------
        ContractBroken
            With all failure cases; `subject` begins the message ("The file data/x.csv").
        """
        checked, cases = self._examine(frame, known or {})
        if cases:
            raise ContractBroken(subject, self, cases)
        return checked

    def rule(self, column: str) -> ColumnRule | None:
        """What the contract says of `column`, by name or by a pattern; None when nothing."""
        import re

        found = self.file.columns.get(column)
        if found is not None and not found.regex:
            return found
        return next((rule for name, rule in self.file.columns.items() if rule.regex and re.match(name, column)), None)

    @property
    def coerces(self) -> bool:
        """Whether checking may cast values."""
        return self.file.coerce or any(rule.coerce for rule in self.file.columns.values())

    def _examine(
        self, frame: pd.DataFrame, known: Mapping[str, Iterable[FailureCase]]
    ) -> tuple[pd.DataFrame, tuple[FailureCase, ...]]:
        import pandera.errors

        cases = [case for column_cases in known.values() for case in column_cases]
        names = [str(name) for name in frame.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            return frame, tuple(cases + [FailureCase(name, "column name stands once") for name in twice])
        if len(frame) == 0 and not self.file.may_be_empty:
            cases.append(FailureCase("", "at least one row", "no rows"))
        checked = frame
        try:
            checked = _schema(self.file, set(names)).validate(frame.reset_index(drop=True), lazy=True)
        except pandera.errors.SchemaErrors as error:
            found = _cases(error.failure_cases)
            cases += [case for case in found if case.column not in known or case.check in {MISSING, UNEXPECTED}]
        if not self.coerces:
            return frame, tuple(cases)
        return checked.set_axis(frame.index, axis=0), tuple(cases)


def read_contract(workspace: Workspace, name: str) -> Contract:
    """The contract in ``pipelines/contracts/<name>.yml``.

    Raises
    ------
    BadInput
        When there is no such file, or it cannot be read.
    Problems
        With file and line for everything the format does not allow.
    """
    file = read_contract_file(workspace, name)
    return Contract(name, shown_contract(name), file.digest(), file)


def _schema(file: ContractFile, present: set[str]) -> pa.DataFrameSchema:
    import pandera.pandas as pa

    unique = list(file.jointly_unique)
    return pa.DataFrameSchema(
        {name: column_of(rule) for name, rule in file.columns.items()},
        strict=file.strict,
        ordered=file.ordered,
        coerce=file.coerce,
        # Of an absent column only the absence is told.
        unique=unique if unique and set(unique) <= present else None,
    )


def column_of(rule: ColumnRule) -> pa.Column:
    """The rule as pandera's column."""
    import pandera.pandas as pa

    return pa.Column(
        rule.dtype,
        checks=[_check(rule.dtype, name, given) for name, given in rule.checks()],
        nullable=rule.nullable,
        unique=rule.unique,
        required=rule.required,
        regex=rule.regex,
        coerce=rule.coerce,
    )


def _check(dtype: str | None, name: str, given: dict[str, Any]) -> pa.Check:
    import pandera.pandas as pa

    options = {key: given.pop(key) for key in ("error", "ignore_na") if key in given}
    options = {key: value for key, value in options.items() if value is not None}
    check = getattr(pa.Check, SHORT.get(name, name))
    if "value" in given:
        value = given["value"]
        many = isinstance(value, tuple)
        return check([typed(dtype, one) for one in value] if many else typed(dtype, value), **options)
    return check(**{key: typed(dtype, value) for key, value in given.items()}, **options)


def typed(dtype: str | None, value: Any) -> Any:
    """A bound of a date column, which YAML holds as text, as the column's own type."""
    import pandas as pd

    if dtype is None or not dtype.startswith("date") or not isinstance(value, str):
        return value
    moment = pd.Timestamp(value)
    if dtype == "date":
        return moment.date()
    if ", " in dtype and moment.tzinfo is None:
        return moment.tz_localize(dtype.partition(", ")[2].rstrip("]"))
    return moment


def _cases(table: pd.DataFrame) -> Iterator[FailureCase]:
    """The failure cases of pandera in our words; of a column of the wrong type only the type is told."""
    mistyped = {
        str(column) for column, check in zip(table["column"], table["check"], strict=True) if _is_dtype(str(check))
    }
    seen = set()
    for column, check, value, row in zip(
        table["column"], table["check"], table["failure_case"], table["index"], strict=True
    ):
        plain = _PLAIN.get(str(check), str(check))
        name = "" if _absent(column) else str(column)
        if plain in {MISSING, UNEXPECTED}:
            case = FailureCase(str(value), plain)
        elif str(check).startswith("no_regex_column_match"):
            case = FailureCase(name, MISSING)
        elif _is_dtype(str(check)):
            case = FailureCase(name, _dtype_sentence(str(check)), _text(value), _row(row))
        elif name in mistyped:
            continue
        else:
            case = FailureCase(name, plain, _text(value), _row(row))
        if case not in seen:
            seen.add(case)
            yield case


def _is_dtype(check: str) -> bool:
    return check.startswith(("dtype(", "coerce_dtype("))


def _dtype_sentence(check: str) -> str:
    dtype = check[check.index("(") + 1 : -1].strip("'")
    return f"dtype {'str' if dtype == 'string[pyarrow]' else dtype}"


def _row(index: Any) -> int | None:
    return None if _absent(index) else int(index) + 1


def _absent(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _text(value: Any) -> str:
    text = "missing" if _absent(value) else (repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _summary(cases: tuple[FailureCase, ...]) -> Iterator[str]:
    absent = [case.column for case in cases if case.check == MISSING]
    surplus = [case.column for case in cases if case.check == UNEXPECTED]
    if absent:
        yield f"{MISSING}{'s' * (len(absent) > 1)}: {_listed(map(repr, absent))}."
    if surplus:
        near = {name: nearest(name, absent) for name in surplus}
        names = [f"{name!r} (meant as {near[name]!r}?)" if near[name] else repr(name) for name in surplus]
        yield f"{UNEXPECTED}{'s' * (len(surplus) > 1)}: {_listed(names)}."
    groups: dict[tuple[str, str], list[FailureCase]] = {}
    for case in cases:
        if case.check not in {MISSING, UNEXPECTED}:
            groups.setdefault((case.column, case.check), []).append(case)
    for (column, check), found in groups.items():
        shown = [f"row {case.row} ({case.value})" if case.row and case.value else case.value for case in found]
        subject = f"column {column!r}: {check}" if column else check
        yield f"{subject}: {_listed(filter(None, shown))}".rstrip(": ") + "."


def _listed(texts: Iterable[str]) -> str:
    everything = list(texts)
    more = len(everything) - SHOWN_CASES
    return ", ".join(everything[:SHOWN_CASES]) + (f" and {more:,} more" if more > 0 else "")
