from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from studio.notebooks import conversion, kinds
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, ListOf, Maybe, Plain, Scalar
from studio.notebooks.rendering import as_json
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.notebooks.secrets import SecretReference
from studio.widgets.form_fields import MISSING, read_entry, write_entry
from studio.widgets.json_schema import NoForm, read_schema
from tests.notebooks.test_properties import RULES, STEADY, typed_values


def one(content, **more):
    (field,) = read_schema({"type": "object", "properties": {"x": content}, **more}, {})
    return field


@STEADY
@given(st.lists(typed_values(), min_size=1, max_size=4))
def test_a_form_of_a_notebooks_json_schema_takes_what_its_own_form_takes(typed):
    # Python's typing holds Literal[0] and Literal[False] apart, but pydantic's schema may not.
    parts = [part for kind, _ in typed for part in kinds.within(kind)]
    assume(not any(isinstance(part, Choice) and len(set(part.values)) < len(part.values) for part in parts))
    parameters = {f"p{at}": make_parameter(f"p{at}", kind, at, "what it is") for at, (kind, _) in enumerate(typed)}
    schema = ParameterSchema("a.ipynb", parameters, 0).json_schema()
    for field, (_, value) in zip(read_schema(json.loads(json.dumps(schema)), {}), typed, strict=True):
        assert (field.label, field.help, field.required) == (f"P{field.name[1:]}", "what it is", True)
        form = json.loads(json.dumps(as_json(value)))
        entry = write_entry(field.kind, conversion.from_data(field.kind, form, RULES))
        assert repr(as_json(read_entry(field.kind, entry, RULES))) == repr(as_json(value))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"type": "integer"}, Scalar("int")),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, None),
        ({"type": "boolean"}, Scalar("bool")),
        ({"type": "string"}, Scalar("str")),
        ({"type": "string", "format": "email"}, Scalar("str")),
        ({"type": "string", "format": "date"}, Scalar("date")),
        ({"type": "string", "format": "date-time"}, Scalar("datetime")),
        ({"type": "string", "format": "path"}, Scalar("Path")),
        ({"type": "string", "format": "environment-variable", "pattern": "^[A-Z]+$"}, Scalar("SecretStr")),
        ({"enum": ["a", 1, True]}, Choice(("a", 1, True))),
        ({"enum": ["a", None]}, Maybe(Choice(("a",)))),
        ({"const": "a"}, Choice(("a",))),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Maybe(Scalar("int"))),
        ({"type": ["integer", "null"]}, Maybe(Scalar("int"))),
        ({"type": ["null", "integer"], "minimum": 1}, Maybe(Bounded(Scalar("int"), (Bound("ge", 1),)))),
        (
            {"anyOf": [{"type": "integer"}, {"type": "null"}], "maximum": 1},
            Maybe(Bounded(Scalar("int"), (Bound("le", 1),))),
        ),
        ({"type": "array"}, ListOf(Plain())),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            Bounded(ListOf(Scalar("int")), (Bound("min_length", 1),)),
        ),
        ({"type": "object"}, DictOf(Scalar("str"), Plain())),
        ({"type": "object", "additionalProperties": {"type": "number"}}, DictOf(Scalar("str"), Scalar("float"))),
        ({"$ref": "#/$defs/Color"}, Choice(("red", "green"))),
        ({"allOf": [{"$ref": "#/$defs/Color"}], "description": "which"}, Choice(("red", "green"))),
        ({}, Plain()),
        (True, Plain()),
    ],
)
def test_kinds(content, kind):
    found = one(content, **{"$defs": {"Color": {"enum": ["red", "green"], "type": "string"}}}).kind
    if kind is None:
        kind = Bounded(Scalar("float"), (Bound("ge", 0), Bound("lt", 1)))
    assert found == kind


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"type": "string", "pattern": "^a"}, "asks for something that a form cannot check (pattern)"),
        ({"type": "object", "properties": {}}, "cannot check (properties)"),
        ({"type": "array", "uniqueItems": True}, "cannot check (uniqueItems)"),
        ({"type": "array", "prefixItems": []}, "cannot check (prefixItems)"),
        ({"not": {}}, "cannot check (not)"),
        ({"type": "integer", "minLength": 1}, "has minLength, which cannot apply to its type"),
        ({"type": "string", "minimum": 1}, "has minimum, which cannot apply to its type"),
        ({"type": "integer", "minimum": "1"}, "has minimum, which cannot apply to its type"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "allows several types at once"),
        ({"type": ["integer", "string"]}, "allows several types at once"),
        ({"type": "null"}, "has the type 'null'"),
        ({"enum": []}, "has an enum whose values are not"),
        ({"enum": [1.5]}, "has an enum whose values are not"),
        ({"format": "date"}, "says no type"),
        ({"$ref": "#/$defs/None"}, "refers to '#/$defs/None', which is not in the schema"),
        ({"$ref": "https://example.org/x.json"}, "which is not in the schema"),
        ({"$ref": "#/properties/x"}, "is nested too deeply"),
        ({"$ref": "#/properties/x", "type": "integer"}, "has a $ref with other keywords beside it"),
        ({"type": "object", "additionalProperties": False}, "is an object without additionalProperties"),
        (
            {"type": "object", "propertyNames": {"type": "string", "minLength": 1}},
            "has propertyNames that are no plain",
        ),
        ({"type": "integer", "default": "1"}, "has a default that does not fit: '1' does not fit int"),
        (False, "is no JSON Schema"),
        (3, "is no JSON Schema"),
    ],
)
def test_what_a_form_cannot_hold_a_value_to_is_refused(content, told):
    with pytest.raises(NoForm) as caught:
        one(content)
    assert told in str(caught.value)
    assert "'x'" in str(caught.value)
    assert "Next: " in str(caught.value)


@pytest.mark.parametrize("schema", [{"type": "array"}, {"properties": []}, {"properties": {}, "anyOf": []}])
def test_a_schema_of_anything_but_an_object_is_refused(schema):
    with pytest.raises(NoForm, match="is not one of an object with properties"):
        read_schema(schema, {})


def test_defaults_and_what_is_required():
    fields = read_schema(
        {
            "properties": {
                "a": {"type": "integer"},
                "b": {"type": "integer", "default": 3},
                "c": {"type": "integer"},
                "d": {"type": "string", "format": "environment-variable", "default": "TOKEN"},
            },
            "required": ["a", "b"],
        },
        {"c": "A label"},
    )
    assert [(field.required, field.default is MISSING) for field in fields] == [
        (True, True),
        (False, False),
        (False, True),
        (False, False),
    ]
    assert fields[3].default == SecretReference("TOKEN")
    assert [field.label for field in fields] == ["A", "B", "A label", "D"]


def test_the_schema_of_a_pydantic_model_makes_a_form():
    class Options(BaseModel):
        horizon: int = Field(12, ge=1, description="months to look ahead")
        regions: list[str] = []
        note: str | None = None

    fields = read_schema(Options.model_json_schema(), {})
    assert [(field.label, field.help, field.default) for field in fields] == [
        ("Horizon", "months to look ahead", 12),
        ("Regions", "", []),
        ("Note", "", None),
    ]
