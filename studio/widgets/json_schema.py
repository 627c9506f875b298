"""Fields from a JSON Schema: one of a notebook's parameters, of a pydantic model, or written by hand.

Each property becomes a field of one of the kinds that a notebook's parameter can have. What a schema asks for and a
form could not hold it to is refused, so that a form never takes what the schema does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.errors import BadInput
from studio.notebooks import conversion
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, Kind, ListOf, Maybe, Plain, Scalar
from studio.notebooks.scalars import Misfit, Rules
from studio.widgets.form_fields import MISSING, Field, worded

_FORMATS = {"date": "date", "date-time": "datetime", "path": "Path", "environment-variable": "SecretStr"}
_SCALARS = {"integer": "int", "number": "float", "boolean": "bool"}
_BOUNDS = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
}
_LIMITS = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"}
_NUMBERS = (Scalar("int"), Scalar("float"))
# What tells people something and asks nothing of a value.
_TOLD = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
_TOLD |= {"$schema", "$id", "$comment", "$defs", "definitions"}
_READ = {"type", "format", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "items", "additionalProperties"}
_READ |= {"propertyNames", *_BOUNDS}
_DEEPEST = 20


class NoForm(BadInput):
    """A JSON Schema asks for something that no form of Studio can hold a value to."""

    def __init__(self, where: str, message: str) -> None:
        place = f"The property {where!r} of the JSON Schema" if where else "The JSON Schema"
        super().__init__(
            f"{place} {message} Next: describe flat properties of type integer, number, boolean, string, array or "
            "object (with additionalProperties), with enum, format and bounds, or pass a notebook."
        )


def read_schema(schema: Mapping[str, Any], labels: Mapping[str, str]) -> list[Field]:
    """The fields of an object's JSON Schema, in the order of its properties.

    Parameters
    ----------
    schema : mapping
        With ``properties``, and perhaps ``required`` and ``$defs``.
    labels : Mapping of str to str
        What to write above a field in place of its title or name.

    Raises
    ------
    NoForm
        For anything that a form cannot hold a value to.
    """
    properties = schema.get("properties", {})
    unknown = set(schema) - _TOLD - {"type", "properties", "required", "additionalProperties"}
    if schema.get("type", "object") != "object" or not isinstance(properties, Mapping) or unknown:
        raise NoForm("", f"is not one of an object with properties{_named(unknown)}.")
    required = schema.get("required", [])
    return [_Reader(schema, str(name)).field(content, name in required, labels) for name, content in properties.items()]


class _Reader:
    """Reads one property."""

    def __init__(self, schema: Mapping[str, Any], name: str) -> None:
        self.schema = schema
        self.name = name

    def field(self, content: Any, required: bool, labels: Mapping[str, str]) -> Field:
        kind = self.kind(content, 0)
        told = self.followed(content, 0)
        content = content if isinstance(content, Mapping) else {}
        title = str(content.get("title") or told.get("title") or "")
        label = labels.get(self.name) or (title if title and title != self.name else worded(self.name))
        help_text = str(content.get("description") or told.get("description") or "")
        given = content.get("default", told.get("default", MISSING))
        default = given if given is MISSING else self.default(kind, given)
        return Field(self.name, kind, label, help_text, required and default is MISSING, default)

    def default(self, kind: Kind, given: Any) -> Any:
        try:
            return conversion.from_data(kind, given, Rules())
        except Misfit as error:
            raise NoForm(self.name, f"has a default that does not fit: {error}") from error

    def kind(self, content: Any, level: int) -> Kind:
        content = self.followed(content, level)
        unknown = set(content) - _TOLD - _READ
        if "format" in content and content["format"] in _FORMATS:
            unknown.discard("pattern")  # the format asks for more than its pattern does
        if unknown:
            raise NoForm(self.name, f"asks for something that a form cannot check{_named(unknown)}.")
        kind = self.unbounded(content, level)
        bounds = {key: value for key, value in content.items() if key in _BOUNDS}
        if not bounds or isinstance(content.get("type"), list):  # of several types, each has its bounds already
            return kind
        return self.bounded(kind, bounds)

    def bounded(self, kind: Kind, bounds: Mapping[str, Any]) -> Kind:
        if isinstance(kind, Maybe):
            return Maybe(self.bounded(kind.inner, bounds))
        sized = isinstance(kind, ListOf | DictOf) or kind == Scalar("str")
        for key, value in bounds.items():
            fits = kind in _NUMBERS if key in _LIMITS else sized
            if not fits or type(value) not in {int, float}:
                raise NoForm(self.name, f"has {key}, which cannot apply to its type.")
        return Bounded(kind, tuple(Bound(_BOUNDS[key], value) for key, value in bounds.items()))

    def unbounded(self, content: Mapping[str, Any], level: int) -> Kind:
        if "const" in content:
            return self.choice([content["const"]])
        if "enum" in content:
            return self.choice(content["enum"])
        for key in ("anyOf", "oneOf"):
            if key in content:
                return self.union(content[key], level)
        types = content.get("type")
        if isinstance(types, list):
            return self.union([{**content, "type": one} for one in types], level)
        if types is None:
            if set(content) - _TOLD:
                raise NoForm(self.name, "says no type.")
            return Plain()
        return self.typed(types, content, level)

    def typed(self, name: Any, content: Mapping[str, Any], level: int) -> Kind:
        if name in _SCALARS:
            return Scalar(_SCALARS[name])
        if name == "string":
            return Scalar(_FORMATS.get(content.get("format", ""), "str"))
        if name == "array":
            items = content.get("items", True)
            return ListOf(Plain() if items is True else self.kind(items, level + 1))
        if name == "object":
            values = content.get("additionalProperties", True)
            if values is False:
                raise NoForm(self.name, "is an object without additionalProperties.")
            keys = self.names(content.get("propertyNames", True), level + 1)
            if not isinstance(keys, Scalar | Choice):
                raise NoForm(self.name, "has propertyNames that are no plain texts.")
            return DictOf(keys, Plain() if values is True else self.kind(values, level + 1))
        raise NoForm(self.name, f"has the type {name!r}.")

    def names(self, content: Any, level: int) -> Kind:
        """The kind of an object's keys, which are texts whether a schema says so or not."""
        found = self.followed(content, level)
        return self.kind(found if "enum" in found or "const" in found else {"type": "string", **found}, level)

    def union(self, branches: Any, level: int) -> Kind:
        kept = [branch for branch in branches if not (isinstance(branch, Mapping) and branch.get("type") == "null")]
        if len(kept) != 1 or len(kept) == len(branches):
            raise NoForm(self.name, "allows several types at once.")
        inner = self.kind(kept[0], level + 1)
        return inner if isinstance(inner, Maybe) else Maybe(inner)

    def choice(self, values: Any) -> Kind:
        found = [value for value in values if value is not None]
        if not found or any(type(value) not in {str, int, bool} for value in found):
            raise NoForm(self.name, "has an enum whose values are not texts, whole numbers, true, false and null.")
        choice = Choice(tuple(found))
        return Maybe(choice) if len(found) < len(values) else choice

    def followed(self, content: Any, level: int) -> Mapping[str, Any]:
        """`content`, or what it refers to inside this schema."""
        if content is True:
            return {}
        if not isinstance(content, Mapping):
            raise NoForm(self.name, "is no JSON Schema.")
        if level > _DEEPEST:
            raise NoForm(self.name, "is nested too deeply.")
        if len(content.get("allOf", ())) == 1 and not set(content) - _TOLD - {"allOf"}:
            return self.followed(content["allOf"][0], level + 1)
        address = content.get("$ref")
        if address is None:
            return content
        if set(content) - _TOLD - {"$ref"}:
            raise NoForm(self.name, "has a $ref with other keywords beside it.")
        found: Any = self.schema
        for part in str(address).removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None or not str(address).startswith("#/"):
            raise NoForm(self.name, f"refers to {address!r}, which is not in the schema.")
        return self.followed(found, level + 1)


def _named(keywords: set[str]) -> str:
    return f" ({', '.join(sorted(keywords))})" if keywords else ""
