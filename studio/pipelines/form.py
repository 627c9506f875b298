"""The parameters that a run of a pipeline can be given, as one form: those of all its steps, each said once.

A field ``seed`` gives every step that has a parameter of that name its value, as ``-p seed=7`` does. Where the steps
disagree about it (its type, its value, a fan-out over it) there is a field for each of them, ``train.seed``, so that
what a form shows is what a run would use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput
from studio.core.files import canonical_json
from studio.notebooks.parameters import Parameter, ParameterSchema
from studio.notebooks.rendering import as_json
from studio.notebooks.secrets import SecretReference
from studio.pipelines.plan_notebooks import NotebookFacts
from studio.pipelines.specification import Pipeline


@dataclass(frozen=True)
class Field:
    """One field of the form.

    Attributes
    ----------
    name : str
        What is given: ``seed``, or ``train.seed``.
    parameter : Parameter
        The notebook's parameter, with the value that the pipeline's file gives it as its default.
    steps : tuple of str
        The steps that get the value.
    written : object
        Its value as it is written in the file or the notebook, in JSON form; None where there is none.
    given : bool
        Whether the pipeline's file gives the value.
    """

    name: str
    parameter: Parameter
    steps: tuple[str, ...]
    written: Any
    given: bool

    @property
    def required(self) -> bool:
        """Whether a run needs a value for it."""
        return self.parameter.required

    def as_dict(self) -> dict[str, Any]:
        """The field with stable keys, as JSON can hold it."""
        return {
            "name": self.name,
            "annotation": self.parameter.annotation,
            "steps": list(self.steps),
            "default": self.written,
            "required": self.required,
            "help": self.parameter.help,
            "secret": self.parameter.secret,
            "given": self.given,
        }


def fields_of(pipeline: Pipeline, facts: Mapping[str, NotebookFacts], root: Path) -> list[Field]:
    """The fields of a pipeline, in the order of its steps and of their parameters cells.

    Parameters
    ----------
    pipeline : Pipeline
        What its file gives.
    facts : mapping
        By step, what its notebook says; a step that is missing, or whose parameters cannot be read, has no field.
    root : Path
        The workspace's root, from which paths in the file are taken.
    """
    found: dict[str, list[Field]] = {}
    fanned = {name for step in pipeline.steps.values() for name in step.matrix}
    for field in _each(pipeline, facts, root):
        found.setdefault(field.parameter.name, []).append(field)
    return [
        field
        for name, fields in found.items()
        for field in ([_merged(name, fields)] if name not in fanned and _agree(fields) else fields)
    ]


def form_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the form, with the values that the file and the notebooks give as defaults."""
    names = {f"field_{place}": field for place, field in enumerate(fields)}
    schema = ParameterSchema(
        "", {name: replace(field.parameter, name=name) for name, field in names.items()}
    ).json_schema()
    properties = {}
    for name, field in names.items():
        content = {**schema["properties"][name], "title": field.name}
        if "default" in content:
            content["default"] = field.written
        properties[field.name] = content
    required = [names[name].name for name in schema.get("required", ())]
    return {**schema, "properties": properties, "required": required}


def _each(pipeline: Pipeline, facts: Mapping[str, NotebookFacts], root: Path) -> Iterator[Field]:
    """A field for each parameter of each step that a run can give a value to."""
    for name, step in pipeline.steps.items():
        schema = facts[name].schema if name in facts else None
        for parameter in schema.parameters.values() if schema else ():
            if parameter.name in step.matrix:
                continue
            given = [source for source in (step.parameters, pipeline.parameters) if parameter.name in source]
            label = f"{name}.{parameter.name}"
            value = _value(schema, parameter.name, given[0][parameter.name], root) if schema and given else None
            if value is not None:
                own = replace(parameter, default=value[0], required=False)
                yield Field(label, own, (name,), _written(own, given[0][parameter.name]), True)
            else:  # not given, or given what does not fit, which the plan tells
                written = None if parameter.required else _written(parameter, parameter.default)
                yield Field(label, parameter, (name,), written, False)


def _value(schema: ParameterSchema, name: str, value: Any, root: Path) -> tuple[Any] | None:
    try:
        return (schema.convert({name: value}, base=root, strings=False)[name],)
    except BadInput:
        return None


def _written(parameter: Parameter, value: Any) -> Any:
    """A value as a form shows it: a path as it is written, a secret by its variable."""
    if isinstance(parameter.default, SecretReference):
        return parameter.default.variable
    return as_json(value if parameter.is_path else parameter.default)


def _agree(fields: Sequence[Field]) -> bool:
    return len({(field.parameter.annotation, field.required, canonical_json(field.written)) for field in fields}) == 1


def _merged(name: str, fields: Sequence[Field]) -> Field:
    helps = (field.parameter.help for field in fields if field.parameter.help)
    parameter = replace(fields[0].parameter, help=next(helps, ""))
    steps = tuple(step for field in fields for step in field.steps)
    return Field(name, parameter, steps, fields[0].written, all(field.given for field in fields))
