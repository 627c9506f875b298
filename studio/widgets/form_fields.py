"""The fields of a form: a parameter each, as the browser needs to know it, in words that need no Python.

What a person enters is an *entry*: a text for a scalar (the same as on the command line), an index for a choice, a list
of entries for a list, pairs of key and entry for a dict, JSON where anything may stand, null for "no value".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.notebooks import conversion
from studio.notebooks.bounds import kept
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, Kind, ListOf, Maybe, Plain, Scalar, core, text
from studio.notebooks.rendering import as_json, cut
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import Parameter

MISSING: Any = object()
"""No value: the field was left empty, or its parameter has no default."""

_FACES = {
    "int": "integer",
    "float": "number",
    "bool": "bool",
    "str": "text",
    "date": "date",
    "datetime": "datetime",
    "Path": "path",
    "SecretStr": "secret",
}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "str": "a text",
    "date": "a date",
    "datetime": "a date and time",
    "Path": "a path",
    "SecretStr": "the name of an environment variable",
}
_BOUNDS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "multiple_of": "a multiple of {}",
}


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes
    ----------
    name, kind : str and Kind
        The parameter's.
    label : str
        What stands above it.
    help : str
        What stands below it.
    required : bool
        Whether it needs a value.
    default : object
        The value it begins with; MISSING where there is none.
    """

    name: str
    kind: Kind
    label: str
    help: str
    required: bool
    default: Any = MISSING

    @classmethod
    def of(cls, parameter: Parameter, label: str = "") -> Field:
        """The field of a notebook's parameter."""
        default = MISSING if parameter.required else parameter.default
        return cls(
            parameter.name, parameter.kind, label or worded(parameter.name), parameter.help, parameter.required, default
        )

    def facts(self) -> dict[str, Any]:
        """The field as the browser needs to know it."""
        entry = {"name": self.name, "label": self.label, "help": self.help, "required": self.required}
        return {**entry, "face": face(self.kind)}


def worded(name: str) -> str:
    """A parameter's name as a label: ``max_depth`` -> ``Max depth``."""
    words = name.replace("_", " ").strip() or name
    return words[0].upper() + words[1:]


def face(kind: Kind) -> dict[str, Any]:
    """How entries of `kind` are entered: ``type`` and what that type needs; ``hint`` says in words what is allowed."""
    match kind:
        case Maybe(inner):
            made: dict[str, Any] = {**face(inner), "optional": True}
        case Bounded(inner, bounds):
            made = _bounded_face(face(inner), inner, bounds)
        case Choice(values):
            made = {"type": "choice", "choices": [_choice_text(value) for value in values]}
        case Scalar(name):
            made = {"type": _FACES[name], "hint": _WORDS[name] if name == "SecretStr" else ""}
        case ListOf(item) if not isinstance(item, Plain):
            made = {"type": "list", "item": face(item)}
        case DictOf(key, value) if not isinstance(value, Plain):
            made = {"type": "pairs", "key": face(key), "item": face(value)}
        case _:
            made = {"type": "json", "hint": f"{_json_words(kind)}, written in JSON"}
    return made


def _bounded_face(made: dict[str, Any], kind: Kind, bounds: tuple[Bound, ...]) -> dict[str, Any]:
    hint = "; ".join(part for part in (_hint(kind, bounds), made.get("hint", "")) if part)
    limits = {bound.name: bound.value for bound in bounds if type(bound.value) in {int, float}}
    # A telephone's keys for numbers have no minus.
    negative = not any(limits.get(name, -1) >= 0 for name in ("ge", "gt"))
    return {**made, "hint": hint, "negative": negative}


def read_entry(kind: Kind, entry: Any, rules: Rules) -> Any:
    """The value that an entry means, as the command line reads it.

    Raises
    ------
    Misfit
        When it means none; in words that need no Python.
    """
    try:
        return _read(kind, entry, rules)
    except RecursionError as error:
        raise Misfit("This is nested too deeply.") from error


def write_entry(kind: Kind, value: Any) -> Any:
    """The entry that means `value`, which is a value of `kind`."""
    match kind:
        case Maybe(inner):
            entry: Any = None if value is None else write_entry(inner, value)
        case Bounded(inner):
            entry = write_entry(inner, value)
        case Choice(values):
            entry = next(at for at, one in enumerate(values) if type(one) is type(value) and one == value)
        case ListOf(item) if not isinstance(item, Plain):
            entry = [write_entry(item, one) for one in value]
        case DictOf(key, inner) if not isinstance(inner, Plain):
            entry = [[_typed(key, one), write_entry(inner, of)] for one, of in value.items()]
        case Scalar("SecretStr"):
            entry = value.variable
        case _:
            entry = _typed(kind, value)
    return entry


def typed_text(kind: Kind, value: Any, rules: Rules) -> str:
    """What has to be typed on the command line for `value`.

    Raises
    ------
    Misfit
        For the few values that cannot be typed there, such as the text "null" where no value is allowed too.
    """
    inner = core(kind)
    written = "null" if value is None else value.variable if inner == Scalar("SecretStr") else _typed(inner, value)
    if repr(conversion.from_text(kind, written, rules)) != repr(value):
        raise Misfit(f"{cut(value)} cannot be typed on the command line, where {written!r} means another value.")
    return written


def _typed(kind: Kind, value: Any) -> str:
    """A value that is not None in the form that `conversion.from_text` reads."""
    if isinstance(value, float):
        return repr(value)
    written = as_json(value)
    return written if isinstance(written, str) and not isinstance(kind, Plain) else json.dumps(written)


def _read(kind: Kind, entry: Any, rules: Rules) -> Any:
    match kind:
        case Maybe(inner):
            found = None if entry is None else _read(inner, entry, rules)
        case Bounded(inner, bounds):
            found = kept(_read(inner, entry, rules), bounds)
        case Choice(values):
            if type(entry) is not int or not 0 <= entry < len(values):
                raise Misfit(wanted(kind))
            found = values[entry]
        case ListOf(item) if not isinstance(item, Plain):
            found = _read_list(item, entry, rules)
        case DictOf(key, value) if not isinstance(value, Plain):
            found = _read_pairs(key, value, entry, rules)
        case _:
            found = _read_text(kind, entry, rules)
    return found


def _read_text(kind: Kind, entry: Any, rules: Rules) -> Any:
    if not isinstance(entry, str):
        raise Misfit(wanted(kind))
    try:
        return conversion.from_text(kind, entry, rules)
    except Misfit as error:
        # The command line names the type; here it is said what it is.
        raise Misfit(str(error).replace(f"does not fit {text(kind)}.", f"is not {words(kind)}.")) from error


def _read_list(item: Kind, entry: Any, rules: Rules) -> list[Any]:
    if not isinstance(entry, list):
        raise Misfit("Enter a list.")
    found = []
    for number, one in enumerate(entry, 1):
        try:
            found.append(_read(item, one, rules))
        except Misfit as error:
            raise Misfit(f"Entry {number}: {error}") from error
    return found


def _read_pairs(key: Kind, value: Kind, entry: Any, rules: Rules) -> dict[Any, Any]:
    if not isinstance(entry, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in entry):
        raise Misfit("Enter pairs of a name and a value.")
    found: dict[Any, Any] = {}
    for number, (name, one) in enumerate(entry, 1):
        try:
            made = _read_text(key, name, rules)
            if made in found:
                raise Misfit(f"{cut(made)} stands twice.")
            found[made] = _read(value, one, rules)
        except Misfit as error:
            raise Misfit(f"Entry {number}: {error}") from error
    return found


def wanted(kind: Kind) -> str:
    """What to do where nothing was entered."""
    verb = "Choose" if isinstance(core(kind), Choice) or core(kind) == Scalar("bool") else "Enter"
    return f"{verb} {words(kind)}."


def words(kind: Kind) -> str:
    """What a value of `kind` is, for a sentence: ``a whole number``."""
    match kind:
        case Maybe(inner) | Bounded(inner):
            return words(inner)
        case Scalar(name):
            return _WORDS[name]
        case Choice(values):
            return f"one of {', '.join(map(_choice_text, values))}"
    return _json_words(kind)


def _json_words(kind: Kind) -> str:
    if isinstance(kind, ListOf):
        return "a list"
    return "names and values" if isinstance(kind, DictOf) else "any value"


def _choice_text(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "(empty)"


def _hint(kind: Kind, bounds: tuple[Bound, ...]) -> str:
    unit = "characters" if kind == Scalar("str") else "entries"
    lengths = {"min_length": f"at least {{}} {unit}", "max_length": f"at most {{}} {unit}"}
    limits: Mapping[str, str] = {**_BOUNDS, **lengths}
    return ", ".join(limits[bound.name].format(_bound_text(bound.value)) for bound in bounds)


def _bound_text(value: Any) -> str:
    return str(as_json(value)).replace("T", " ") if not isinstance(value, int | float) else str(value)
