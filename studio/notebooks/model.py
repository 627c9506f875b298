"""One pydantic model for a notebook's parameters, made from their kinds: forms, JSON Schema and checks of JSON input.

pydantic is imported only when a model is asked for. Values take the JSON form of `rendering.as_json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

from studio.notebooks.kinds import Bounded, Choice, DictOf, Kind, ListOf, Maybe, Scalar
from studio.notebooks.rendering import as_json
from studio.notebooks.scalars import INT, NOT_FINITE
from studio.notebooks.secrets import SecretReference
from studio.notebooks.strict_json import holds_unwritable_number

if TYPE_CHECKING:
    from pydantic import BaseModel

    from studio.notebooks.schema import Parameter

_PLAIN_TYPES: dict[str, Any] = {"int": int, "bool": bool, "str": str, "date": date, "datetime": datetime, "Path": Path}


def make_model(parameters: Iterable[Parameter]) -> type[BaseModel]:
    """The model: strict, frozen, without room for unknown keys.

    Field names are the parameters' names, or aliased to them where pydantic needs the name itself.
    """
    from pydantic import BaseModel, ConfigDict, Field, create_model

    fields: dict[str, Any] = {}
    for index, parameter in enumerate(parameters):
        name = parameter.name
        taken = name.startswith(("_", "model_")) or hasattr(BaseModel, name)
        settings: dict[str, Any] = {"description": parameter.help or None, "title": name}
        if taken:
            settings["alias"] = name
        if not parameter.required:
            # A factory keeps the default out of pydantic's JSON Schema, which cannot write every value.
            settings["default_factory"] = lambda value=parameter.default: value
        fields[f"field_{index}_{name.strip('_')}" if taken else name] = (annotation(parameter.kind), Field(**settings))
    configuration = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())
    return create_model("Parameters", __config__=configuration, **fields)


def make_schema(model: type[BaseModel], parameters: Iterable[Parameter]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the model, secrets marked by the format ``environment-variable``.

    Defaults stand in it, but for those with NaN or an infinity, for which JSON has no number.
    """
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}
    for parameter in parameters:
        default = parameter.default
        if isinstance(default, SecretReference):
            default = default.variable
        if not parameter.required and not holds_unwritable_number(default):
            schema["properties"][parameter.name]["default"] = as_json(default)
    return schema


def annotation(kind: Kind) -> Any:
    """The type, as pydantic takes it, that accepts what `kind` accepts."""
    match kind:
        case Scalar("float"):
            made: Any = _float()
        case Scalar("SecretStr"):
            made = _secret()
        case Scalar(name):
            made = _PLAIN_TYPES[name]
        case Choice(values):
            made = Literal[values]
        case Maybe(inner):
            made = Optional[annotation(inner)]  # noqa: UP045 - built while running
        case ListOf(item):
            made = list[annotation(item)]  # type: ignore[misc]
        case DictOf(key, value):
            made = dict[_key(key), annotation(value)]  # type: ignore[misc]
        case Bounded(Scalar("float"), bounds):
            # Inside the reader of NaN and infinities: only there they are bounds to JSON Schema, too.
            made = _float(_field({bound.name: bound.value for bound in bounds}))
        case Bounded(inner, bounds):
            made = Annotated[annotation(inner), _field({bound.name: bound.value for bound in bounds})]
        case _:
            made = _json_value()
    return made


def _field(bounds: dict[str, Any]) -> Any:
    from pydantic import Field

    return Field(**bounds)


def _float(*bounds: Any) -> Any:
    from pydantic import BeforeValidator

    def read(value: Any) -> Any:
        if isinstance(value, dict) and list(value) == ["float"] and value["float"] in NOT_FINITE:
            return float(value["float"])
        return value

    return Annotated[(float, *bounds, BeforeValidator(read))]


def _secret() -> Any:
    from pydantic import BeforeValidator, Field

    def read(value: Any) -> Any:
        if isinstance(value, SecretReference):
            return value.variable
        return value["secret"] if isinstance(value, dict) and list(value) == ["secret"] else value

    pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"
    marks: dict[str, Any] = {"format": "environment-variable"}
    return Annotated[str, BeforeValidator(read), Field(pattern=pattern, json_schema_extra=marks)]


def _json_value() -> Any:
    from pydantic import JsonValue

    return JsonValue


def _key(kind: Kind) -> Any:
    from pydantic import BeforeValidator

    if kind != Scalar("int"):
        return annotation(kind)
    # JSON's keys are texts.
    return Annotated[int, BeforeValidator(lambda key: int(key) if isinstance(key, str) and INT.fullmatch(key) else key)]
