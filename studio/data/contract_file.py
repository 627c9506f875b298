r"""The file of a contract: ``pipelines/contracts/<name>.yml``, read strictly and without pandas or pandera.

It is pandera's YAML in its short form (a check is a key of its column), narrowed to what cannot
change data behind its owner's back, and with two keys more (`may_be_empty`, `options`)::

    version: 1
    description: One row is one customer on one day.
    columns:
      customer_id: {dtype: str, unique: true, str_matches: '^[A-Z0-9]+\Z'}
      day: {dtype: 'datetime64[us]', ge: 2020-01-01}
      tenure: {dtype: int64, in_range: {min_value: 0, max_value: 120}}
      plan: {dtype: str, isin: [basic, plus], nullable: true}
      spend: {dtype: float64, ge: {value: 0, error: spend cannot be negative}}
      "usage_.*": {dtype: float64, regex: true, required: false}
    unique: [customer_id, day]   # jointly
    strict: true                 # no other columns
    ordered: false               # in this order
    coerce: false                # true: frames are cast to the dtypes, and it is the cast frame that is kept
    may_be_empty: false          # true: no rows are no failure
    options: {separator: ';'}    # how a CSV file is read that is checked against this contract without a catalog entry

Types (`dtype`): str, string, bool, boolean, int8..int64, uint8..uint64, Int8..UInt64 (with missing
values), float32, float64, Float32, Float64, date, datetime64[unit] or datetime64[unit, zone] (unit s,
ms, us or ns; every unit fits every other), timedelta64[unit], category, object. Checks: equal_to,
not_equal_to, greater_than, greater_than_or_equal_to, less_than, less_than_or_equal_to, in_range, isin,
notin, str_matches, str_contains, str_startswith, str_endswith, str_length, unique_values_eq, and the
short eq, ne, gt, ge, lt, le. Dates in checks are ISO 8601.

What pandera's file may also hold and this one may not: keys that drop rows or columns or fill in
values, warnings instead of failures, an index, and checks of the whole frame. The digest of a
contract is over what it demands: comments, layout, titles and descriptions leave it alone.
"""

from __future__ import annotations

import math
import re
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from studio.core.documents import Document, Section, read_yaml, validate
from studio.core.errors import BadInput, Problem, Problems
from studio.core.files import canonical_json, digest_bytes, frame
from studio.core.identifiers import check_name, suggest
from studio.core.workspace import Workspace
from studio.data.catalog import ReadingOptions

FORMAT = 1
_NUMBERS = re.compile(r"u?int\d*|U?Int\d+|float\d*|Float\d+")
_DTYPE = re.compile(
    r"str|string(\[(pyarrow|python)\])?|object|bool|boolean|category|date|int(8|16|32|64)?|uint(8|16|32|64)|"
    r"U?Int(8|16|32|64)|float(16|32|64)?|Float(32|64)|datetime|timedelta|timedelta64\[(s|ms|us|ns)\]|"
    r"datetime64\[(s|ms|us|ns)(, (?P<zone>[^\]]+))?\]"
)
_DTYPES = (
    "str",
    "string",
    "bool",
    "boolean",
    "int64",
    "Int64",
    "float64",
    "Float64",
    "date",
    "category",
    "datetime64[us]",
)
_TEXTS = {"str", "string", "string[pyarrow]", "string[python]", "object", "category"}
SHORT = {
    "eq": "equal_to",
    "ne": "not_equal_to",
    "gt": "greater_than",
    "ge": "greater_than_or_equal_to",
    "lt": "less_than",
    "le": "less_than_or_equal_to",
}


_PANDERAS_NAMES = {"min_value", "max_value", "allowed_values", "forbidden_values", "pattern", "string", "values"}


def _single(value: object) -> object:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("one finite number, text, date, true or false is expected here")


def _list(value: object) -> object:
    if isinstance(value, list | tuple):
        return value
    raise ValueError("a list of values is expected here")


def _shape(value: object) -> str:
    return "options" if isinstance(value, dict | CheckOptions) else "plain"


Scalar = Annotated[bool | int | float | str, BeforeValidator(_single)]
Scalars = Annotated[tuple[Scalar, ...], Field(min_length=1), BeforeValidator(_list)]


class CheckOptions(Section):
    """What may stand beside the value of a check, whose name may be pandera's own for it."""

    error: Annotated[str | None, Field(description="The sentence that a failure shows.")] = None
    ignore_na: Annotated[bool, Field(description="Whether missing values pass.")] = True

    @model_validator(mode="before")
    @classmethod
    def _own_name(cls, content: object) -> object:
        if isinstance(content, dict) and "value" in cls.model_fields:
            return {"value" if key in _PANDERAS_NAMES else key: value for key, value in content.items()}
        return content


class Value(CheckOptions):
    """A check's value with options."""

    value: Scalar


class Values(CheckOptions):
    """A check's values with options."""

    value: Scalars


class Range(CheckOptions):
    """Two bounds."""

    min_value: Scalar
    max_value: Scalar
    include_min: bool = True
    include_max: bool = True


class Length(CheckOptions):
    """How long a text may be, in characters."""

    min_value: Annotated[int | None, Field(ge=0)] = None
    max_value: Annotated[int | None, Field(ge=0)] = None
    exact_value: Annotated[int | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _bounded(self) -> Length:
        if (self.min_value, self.max_value, self.exact_value) == (None, None, None):
            raise ValueError("give min_value, max_value or exact_value")
        return self


One = Annotated[Annotated[Scalar, Tag("plain")] | Annotated[Value, Tag("options")], Discriminator(_shape)] | None
Several = Annotated[Annotated[Scalars, Tag("plain")] | Annotated[Values, Tag("options")], Discriminator(_shape)] | None


class ColumnRule(Section):
    """What one column promises."""

    dtype: Annotated[str | None, Field(description="Its type.")] = None
    nullable: Annotated[bool, Field(description="Whether values may be missing.")] = False
    unique: Annotated[bool, Field(description="Whether no value may stand twice.")] = False
    required: Annotated[bool, Field(description="Whether the column must be there.")] = True
    regex: Annotated[bool, Field(description="Whether the key is a pattern that several columns may match.")] = False
    coerce: Annotated[bool, Field(description="Whether values are cast to the dtype.")] = False
    title: str | None = None
    description: Annotated[str | None, Field(description="What the column means, with its unit.")] = None
    equal_to: One = None
    not_equal_to: One = None
    greater_than: One = None
    greater_than_or_equal_to: One = None
    less_than: One = None
    less_than_or_equal_to: One = None
    eq: One = None
    ne: One = None
    gt: One = None
    ge: One = None
    lt: One = None
    le: One = None
    in_range: Range | None = None
    isin: Several = None
    notin: Several = None
    unique_values_eq: Several = None
    str_matches: One = None
    str_contains: One = None
    str_startswith: One = None
    str_endswith: One = None
    str_length: Length | None = None

    @field_validator("dtype")
    @classmethod
    def _known_dtype(cls, value: str | None) -> str | None:
        match = _DTYPE.fullmatch(value) if value is not None else None
        if value is not None and match is None:
            raise ValueError(f"there is no such dtype. {suggest(value, _DTYPES)}")
        if match is not None and match["zone"] is not None:
            try:
                zoneinfo.ZoneInfo(match["zone"])
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"there is no time zone {match['zone']!r}") from None
        return value

    def checks(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The column's checks: name and arguments (`value` for the one that has no name of its own)."""
        for name in _CHECKS:
            found = getattr(self, name)
            if found is None:
                continue
            given = found.model_dump() if isinstance(found, CheckOptions) else {"value": found}
            yield name, given


_NOT_CHECKS = {"dtype", "nullable", "unique", "required", "regex", "coerce", "title", "description"}
_CHECKS = tuple(name for name in ColumnRule.model_fields if name not in _NOT_CHECKS)


class ContractFile(Section):
    """The content of a contract file."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    schema_type: Annotated[Literal["dataframe"], Field(description="What pandera writes here.")] = "dataframe"
    api: Annotated[Literal["pandas"], Field(description="What pandera writes here.")] = "pandas"
    name: str | None = None
    title: str | None = None
    description: Annotated[str | None, Field(description="What one row is.")] = None
    columns: Annotated[dict[str, ColumnRule], Field(min_length=1, description="The columns by name.")]
    unique: Annotated[tuple[str, ...] | str | None, Field(description="Columns whose values together stand once.")] = (
        None
    )
    strict: Annotated[bool, Field(description="Whether other columns are refused.")] = False
    ordered: Annotated[bool, Field(description="Whether the columns stand in this order.")] = False
    coerce: Annotated[bool, Field(description="Whether every column is cast to its dtype.")] = False
    may_be_empty: Annotated[bool, Field(description="Whether no rows are fine.")] = False
    options: Annotated[ReadingOptions | None, Field(description="How a CSV file without a catalog entry is read.")] = (
        None
    )

    @field_validator("columns", mode="before")
    @classmethod
    def _bare_columns(cls, value: object) -> object:
        if isinstance(value, dict):
            return {name: {} if rule is None else rule for name, rule in value.items()}
        return value

    @property
    def jointly_unique(self) -> tuple[str, ...]:
        """The columns of `unique`."""
        return (self.unique,) if isinstance(self.unique, str) else tuple(self.unique or ())

    def digest(self) -> str:
        """SHA-256 over what the contract demands."""
        prose = {"name", "title", "description"}
        content = self.model_dump(mode="json", exclude_defaults=True, exclude=prose)
        content["columns"] = {
            name: {
                SHORT.get(key, key): value
                for key, value in rule.model_dump(mode="json", exclude_defaults=True, exclude=prose).items()
            }
            for name, rule in self.columns.items()
        }
        if self.ordered:
            content["order"] = list(self.columns)
        return digest_bytes(frame(f"studio contract {FORMAT}", canonical_json(content)))


def shown_contract(name: str) -> str:
    """The contract's file as messages name it."""
    return f"pipelines/contracts/{name}.yml"


def read_contract_file(workspace: Workspace, name: str) -> ContractFile:
    """Read and check one contract file.

    Raises
    ------
    BadInput
        When there is no such file (with the nearest name), or it cannot be read.
    Problems
        With file and line for everything the format does not allow.
    """
    path = workspace.contracts / f"{check_name(name, 'contract')}.yml"
    if not path.exists():
        near = suggest(name, [other.stem for other in workspace.contracts.glob("*.yml")])
        raise BadInput(f"There is no contract {shown_contract(name)}. {near} Next: write it, or correct the name.")
    document = read_yaml(path, shown_contract(name))
    content = validate(ContractFile, document.content, document.shown, document)
    problems = list(_misfits(content, document))
    if problems:
        raise Problems(problems)
    return content


def contract_digest(workspace: Workspace, name: str) -> str:
    """The digest of what the contract `name` demands; raises what `read_contract_file` does."""
    return read_contract_file(workspace, name).digest()


def _misfits(content: ContractFile, document: Document) -> Iterator[Problem]:
    for column in content.jointly_unique:
        if column not in content.columns:
            yield document.problem(("unique",), f"There is no column {column!r}. {suggest(column, content.columns)}")
    for column, rule in content.columns.items():
        if rule.regex:
            yield from _pattern_problem(document, ("columns", column), column)
        for check, given in rule.checks():
            for message in _misfit_of_check(rule.dtype, check, given):
                yield document.problem(("columns", column, check), message)


def _misfit_of_check(dtype: str | None, check: str, given: dict[str, Any]) -> Iterator[str]:
    if check.startswith("str_"):
        if dtype is not None and dtype not in _TEXTS:
            yield f"This check is for text, and the column is {dtype}. Next: change the dtype or drop the check."
        if check != "str_length" and not isinstance(given["value"], str):
            yield f"{given['value']!r} is not a text. Next: put it in quotes."
        elif check in {"str_matches", "str_contains"}:
            yield from _pattern_message(given["value"])
        return
    bounds = [given[key] for key in ("value", "min_value", "max_value") if key in given]
    values = [value for bound in bounds for value in (bound if isinstance(bound, tuple) else (bound,))]
    wrong = [message for value in values for message in _misfit_of_value(dtype, value)]
    yield from wrong
    if check == "in_range" and not wrong and _exceeds(*values):
        yield f"No value lies between {values[0]!r} and {values[1]!r}. Next: exchange them."


def _exceeds(least: Scalar, most: Scalar) -> bool:
    if isinstance(least, str) or isinstance(most, str):
        return isinstance(least, str) and isinstance(most, str) and least > most
    return least > most


def _misfit_of_value(dtype: str | None, value: Scalar) -> Iterator[str]:
    if dtype is None:
        return
    if _NUMBERS.fullmatch(dtype) and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield f"{value!r} is not a number, and the column is {dtype}. Next: write a number."
    elif isinstance(value, int) and abs(value) > sys.float_info.max:
        yield f"The number has {len(str(abs(value)))} digits, which no column can hold. Next: write a smaller one."
    elif dtype in _TEXTS - {"object", "category"} and not isinstance(value, str):
        yield f"{value!r} is not a text, and the column is {dtype}. Next: put it in quotes."
    elif dtype in {"bool", "boolean"} and not isinstance(value, bool):
        yield f"{value!r} is neither true nor false, and the column is {dtype}."
    elif dtype.startswith("timedelta"):
        yield f"Checks of {dtype} columns are not offered. Next: keep the column as a number with a unit in its name."
    elif dtype.startswith("date"):
        try:
            datetime.fromisoformat(str(value))
        except ValueError:
            yield f"{value!r} is not an ISO 8601 date or time, and the column is {dtype}. Next: write 2020-01-31."


def _pattern_message(pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"{pattern!r} is not a regular expression: {error}. Next: correct the pattern."


def _pattern_problem(document: Document, place: tuple[str, ...], pattern: str) -> Iterator[Problem]:
    for message in _pattern_message(pattern):
        yield document.problem(place, message)
