"""What changed in a contract, rule by rule and in words.

The contract is read as data, without the room that enforces it: an old text may be of a form that is no longer allowed,
and a reviewer must see it all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.documents import parse_yaml
from studio.core.errors import StudioError
from studio.notebooks.review.facts import ContractTexts
from studio.notebooks.review.lines import LineDiff, diff_lines

_PROSE = {"title", "description", "name"}
_LONG = {
    "eq": "equal_to",
    "ne": "not_equal_to",
    "gt": "greater_than",
    "ge": "greater_than_or_equal_to",
    "lt": "less_than",
    "le": "less_than_or_equal_to",
}
_WORDS = {
    "equal_to": "equal to",
    "not_equal_to": "not equal to",
    "greater_than": "greater than",
    "greater_than_or_equal_to": "at least",
    "less_than": "less than",
    "less_than_or_equal_to": "at most",
    "in_range": "in the range",
    "isin": "one of",
    "notin": "none of",
    "str_matches": "matches",
    "str_contains": "contains",
    "str_startswith": "starts with",
    "str_endswith": "ends with",
    "str_length": "length",
    "dtype": "type",
    "nullable": "may be missing",
    "required": "must be there",
    "coerce": "cast to its type",
    "unique": "unique",
    "strict": "no other columns",
    "ordered": "in this order",
    "may_be_empty": "may be empty",
}
_DEFAULTS: Mapping[str, Any] = {
    "nullable": False,
    "required": True,
    "unique": False,
    "coerce": False,
    "strict": False,
    "ordered": False,
    "may_be_empty": False,
    "regex": False,
}
_LONGEST = 300


@dataclass(frozen=True)
class ContractDiff:
    """A contract's difference.

    Attributes
    ----------
    name : str
        The contract's name.
    status : str
        ``unchanged``, ``changed``, ``added`` or ``removed``.
    words : tuple of str
        Each rule that changed, as a sentence; changed descriptions as well, marked as such.
    text : LineDiff
        The difference of the files' text.
    """

    name: str
    status: str
    words: tuple[str, ...]
    text: LineDiff

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON data."""
        return {"name": self.name, "status": self.status, "words": list(self.words), "text": self.text.as_dict()}


def contract_diff(texts: ContractTexts) -> ContractDiff:
    """What changed in one contract."""
    old, new = texts.old, texts.new
    status = "unchanged" if old == new else "added" if old is None else "removed" if new is None else "changed"
    try:
        words = tuple(_words(_read(old, texts.name), _read(new, texts.name))) if old != new else ()
    except StudioError as error:
        words = (f"the rules cannot be compared: {str(error).splitlines()[0]}",)
    if status == "changed" and not words:
        words = ("only layout or comments changed; it demands the same",)
    return ContractDiff(texts.name, status, words, diff_lines(old or "", new or ""))


def _read(text: str | None, name: str) -> dict[str, Any]:
    content = parse_yaml(text, f"contract {name}").content if text else {}
    return content if isinstance(content, dict) else {}


def _words(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _columns(old), _columns(new)
    for column in dict.fromkeys([*before, *after]):
        if column not in after:
            yield f"column {column} is gone"
        elif column not in before:
            rules = "; ".join(_rule(key, value) for key, value in after[column].items() if key not in _PROSE)
            yield f"column {column} is new" + (f": {rules}" if rules else "")
        else:
            yield from (f"column {column}: {change}" for change in _changes(before[column], after[column]))
    yield from _changes(_named(_without(old)), _named(_without(new)))
    if list(before) != list(after) and set(before) == set(after):
        yield "the columns stand in another order"


def _columns(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    columns = content.get("columns")
    if not isinstance(columns, dict):
        return {}
    return {str(name): _named(rule if isinstance(rule, dict) else {}) for name, rule in columns.items()}


def _without(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in {"columns", "version", "schema_type", "api"}}


def _named(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {_LONG.get(str(key), str(key)): value for key, value in rule.items()}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key, _DEFAULTS.get(key)), new.get(key, _DEFAULTS.get(key))
        if type(before) is type(after) and before == after:
            continue
        note = " (prose, demands nothing)" if key in _PROSE else ""
        if before is None:
            yield f"{_rule(key, after)} (new){note}"
        elif after is None:
            yield f"{_rule(key, before)} (gone){note}"
        else:
            yield f"{_WORDS.get(key, key)}: {_value(before)} → {_value(after)}{note}"


def _rule(key: str, value: Any) -> str:
    return f"{_WORDS.get(key, key)} {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and {"min_value", "max_value"} <= set(value):
        rest = {key: item for key, item in value.items() if key not in {"min_value", "max_value"}}
        return f"{_value(value['min_value'])} to {_value(value['max_value'])}" + (f" {_value(rest)}" if rest else "")
    if isinstance(value, list):
        shown = ", ".join(_value(item) for item in value)
    elif isinstance(value, dict):
        shown = ", ".join(f"{key} {_value(item)}" for key, item in value.items())
    else:
        shown = value if isinstance(value, str) else json.dumps(value, default=str)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
