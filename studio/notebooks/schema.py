"""A notebook's typed parameters: read from its ``parameters`` cell without running it, and everything done with them.

One line a parameter: ``name: type = default  # help``. The schema that comes of it converts and checks values before
anything starts, renders the cell that hands them to the notebook, and is one pydantic model for forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import Problem, Problems
from studio.core.files import canonical_json
from studio.core.identifiers import suggest
from studio.notebooks import conversion, rendering
from studio.notebooks.kinds import Kind, Scalar, core, holds, text
from studio.notebooks.scalars import Misfit, Rules

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes
    ----------
    name : str
        Its name.
    annotation : str
        Its type in canonical form, such as ``Annotated[int, Ge(1)] | None``.
    kind : Kind
        The same as data.
    default : Any
        The default's value; None where `required` says that there is none.
    required : bool
        Whether a value must be given.
    help : str
        What the comment beside it says.
    line : int
        1-based line in the parameters cell.
    """

    name: str
    annotation: str
    kind: Kind = field(repr=False)
    default: Any
    required: bool
    help: str
    line: int

    @property
    def secret(self) -> bool:
        """Whether its value is the name of an environment variable that holds a secret."""
        return holds(self.kind, "SecretStr")

    @property
    def is_path(self) -> bool:
        """Whether its value is a path (or None)."""
        return core(self.kind) == Scalar("Path")


@dataclass(frozen=True)
class ParameterSchema:
    """All parameters of one notebook, in the order of its cell.

    Attributes
    ----------
    path : str
        The notebook, as messages show it.
    parameters : Mapping of str to Parameter
        By name.
    cell : int or None
        Index of the parameters cell; None where the notebook has none.
    """

    path: str
    parameters: Mapping[str, Parameter]
    cell: int | None = None

    @cached_property
    def model(self) -> type[BaseModel]:
        """The pydantic model of the parameters; it takes values in JSON form."""
        from studio.notebooks.model import make_model

        return make_model(self.parameters.values())

    def json_schema(self) -> dict[str, Any]:
        """The model's JSON Schema (draft 2020-12), with the defaults."""
        from studio.notebooks.model import make_schema

        return make_schema(self.model, self.parameters.values())

    def convert(self, values: Mapping[str, Any], *, base: Path, strings: bool) -> dict[str, Any]:
        """The given values as the notebook will see them, in declared order.

        Parameters
        ----------
        values : Mapping of str to object
            By parameter name.
        base : Path
            Folder that relative paths are taken from.
        strings : bool
            True for texts from the command line, which are converted by type; False for data from YAML, JSON or
            Python, whose types must already fit (texts are taken for dates, paths and secrets only).

        Raises
        ------
        Problems
            For unknown names and values that do not fit; all at once.
        """
        problems = [self._unknown(name) for name in values if name not in self.parameters]
        converted: dict[str, Any] = {}
        rules = Rules(base)
        for name, parameter in self.parameters.items():
            if name not in values:
                continue
            try:
                if strings and isinstance(values[name], str):
                    converted[name] = conversion.from_text(parameter.kind, values[name], rules)
                else:
                    converted[name] = conversion.from_data(parameter.kind, values[name], rules)
            except Misfit as error:
                problems.append(Problem(self.path, 0, str(error), name))
            except RecursionError:
                problems.append(Problem(self.path, 0, "The value is nested too deeply. Next: flatten it.", name))
        if problems:
            raise Problems(problems)
        return converted

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values`, as `convert` gives them, and the defaults of all others, in declared order.

        Raises
        ------
        Problems
            For every parameter that has no default and no value.
        """
        missing = [p for p in self.parameters.values() if p.required and p.name not in values]
        if missing:
            raise Problems(
                Problem(
                    self.path,
                    0,
                    f"The parameter has no default and was given no value. Next: give it, with: -p {p.name}=…",
                    p.name,
                )
                for p in missing
            )
        return {name: values.get(name, parameter.default) for name, parameter in self.parameters.items()}

    def differing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` that are not the same as the notebook's defaults, by their JSON form."""
        return {
            name: value
            for name, value in values.items()
            if self.parameters[name].required
            or canonical_json(rendering.as_json(value))
            != canonical_json(rendering.as_json(self.parameters[name].default))
        }

    def render(self, values: Mapping[str, Any]) -> str:
        """The source of the cell that hands `values` to the notebook: one plain assignment a line.

        Raises
        ------
        ValueError
            For a name that is no parameter.
        TypeError
            For a value that `convert` would not give.
        """
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            raise ValueError(f"no parameter of {self.path}: {', '.join(unknown)}")
        return "\n".join(f"{name} = {rendering.literal(values[name])}" for name in self.parameters if name in values)

    def as_json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` as JSON data, which `convert(…, strings=False)` takes back."""
        return {name: rendering.as_json(value) for name, value in values.items()}

    def _unknown(self, name: str) -> Problem:
        if self.cell is None:
            message = (
                f"The notebook has no cell tagged 'parameters', so it cannot take {name!r}. "
                "Next: tag the cell that assigns its parameters, or leave the value out."
            )
            return Problem(self.path, 0, message, name)
        return Problem(self.path, 0, f"There is no parameter {name!r}. {suggest(name, self.parameters)}", name)


def make_parameter(name: str, kind: Kind, line: int, help_text: str, **default: Any) -> Parameter:
    """A parameter; without the keyword ``default`` a value must be given for it."""
    return Parameter(name, text(kind), kind, default.get("default"), "default" not in default, help_text, line)
