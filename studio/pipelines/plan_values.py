"""The parameter values of a plan's steps: from the pipeline, the step, the matrix and the command line, in this order.

A later source wins. Values of YAML are checked as what they are, those of the command line are texts and converted
by type; either way by the notebook's own schema. Relative paths start at the workspace in a pipeline file, and at
the caller's folder on the command line.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from studio.core.documents import Place
from studio.core.errors import BadInput, Problem
from studio.core.files import short
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.parameters import ParameterSchema
from studio.pipelines.matrix import combinations
from studio.pipelines.plan_notebooks import At, NotebookFacts, placed
from studio.pipelines.specification import Pipeline


@dataclass(frozen=True)
class PartValues:
    """The values of one combination of a step: all of them, and those that differ from the notebook's defaults."""

    part: str
    values: dict[str, Any]
    given: dict[str, Any]


@dataclass
class ValueReader:
    """Gathers the values of one plan's steps, and what is wrong with them.

    Attributes
    ----------
    given : mapping
        What the command line says: ``name`` or ``step.name`` -> text.
    base : Path
        The folder against which relative paths of the command line are taken.
    """

    workspace: Workspace
    pipeline: Pipeline
    facts: Mapping[str, NotebookFacts]
    given: Mapping[str, str]
    base: Path
    problems: list[Problem] = field(default_factory=list)

    def check_names(self) -> None:
        """Every value that is given must have a step that can take it."""
        known: dict[str, list[str]] = {}
        for name, schema in self._schemas():
            for parameter in schema.parameters:
                known.setdefault(parameter, []).append(name)
        whole = len(list(self._schemas())) == len(self.pipeline.steps)
        for parameter in self.pipeline.parameters:
            if whole and parameter not in known:
                message = f"No step of this pipeline has a parameter {parameter!r}. {suggest(parameter, known)}"
                self._tell(("parameters", parameter), message)
        for typed in self.given:
            step, dot, parameter = typed.rpartition(".")
            at = _at_option(typed)
            if dot and step not in self.pipeline.steps:
                self.problems.append(at(f"There is no step {step!r}. {suggest(step, self.pipeline.steps)}"))
            elif dot:
                self._check_name(step, parameter, at)
                self._check_not_in_matrix([step], parameter, at)
            elif parameter in known:
                self._check_not_in_matrix(known[parameter], parameter, at)
            elif whole:
                self.problems.append(at(_nobody_has(parameter, known, self.pipeline)))

    def parts(self, name: str) -> tuple[PartValues, ...]:
        """The combinations of the step `name` with their values; empty where something is wrong with them."""
        facts = self.facts.get(name)
        if facts is None or facts.schema is None:
            return ()
        schema = facts.schema
        before = len(self.problems)
        fixed = self._fixed(name, schema)
        grid = self._grid(name, schema)
        missing = [
            parameter.name
            for parameter in schema.parameters.values()
            if parameter.required and parameter.name not in fixed and parameter.name not in grid
        ]
        for parameter in missing if len(self.problems) == before else ():
            message = (
                f"The step {name!r} needs a value of {parameter!r}, for which {facts.document.path} has no default. "
                f"Next: give one with -p {parameter}=…"
                + ("." if self.pipeline.notebook else ", or under 'parameters:' here.")
            )
            self._tell(("steps", name), message)
        if len(self.problems) != before:
            return ()
        try:
            found = combinations(grid)
        except BadInput as error:
            self._tell(("steps", name, "matrix"), str(error))
            return ()
        injected = schema.differing(fixed)
        return tuple(
            PartValues(
                item.part,
                schema.complete({**fixed, **item.values}),
                _in_order(schema, {**injected, **schema.differing(item.values)}),
            )
            for item in found
        )

    def _fixed(self, name: str, schema: ParameterSchema) -> dict[str, Any]:
        """The values that all combinations of a step share."""
        step = self.pipeline.steps[name]
        found: dict[str, Any] = {}
        for parameter, value in self.pipeline.parameters.items():
            if parameter in schema.parameters and parameter not in step.matrix:
                self._convert(schema, parameter, value, found, self._at(("parameters", parameter)))
        for parameter, value in step.parameters.items():
            at = self._at(("steps", name, "parameters", parameter))
            if self._check_name(name, parameter, at):
                self._check_not_in_matrix([name], parameter, at)
                self._convert(schema, parameter, value, found, at)
        for typed, text in sorted(self.given.items(), key=lambda item: "." in item[0]):
            owner, dot, parameter = typed.rpartition(".")
            if parameter in schema.parameters and owner == (name if dot else ""):
                self._convert(schema, parameter, text, found, _at_option(typed), strings=True)
        return found

    def _grid(self, name: str, schema: ParameterSchema) -> dict[str, list[tuple[Any, Any]]]:
        """For each key of a step's matrix its choices: what names each, and its value."""
        grid: dict[str, list[tuple[Any, Any]]] = {}
        for key, choices in self.pipeline.steps[name].matrix.items():
            if not self._check_name(name, key, self._at(("steps", name, "matrix", key))):
                continue
            grid[key] = []
            for index, choice in enumerate(choices):
                found: dict[str, Any] = {}
                self._convert(schema, key, choice, found, self._at(("steps", name, "matrix", key, index)))
                if key in found:
                    grid[key].append((_naming(schema, key, choice, found[key]), found[key]))
        return grid

    def _convert(
        self,
        schema: ParameterSchema,
        parameter: str,
        value: object,
        into: dict[str, Any],
        at: At,
        *,
        strings: bool = False,
    ) -> None:
        base = self.base if strings else self.workspace.root
        try:
            converted = schema.convert({parameter: value}, base=base, strings=strings)
        except BadInput as error:
            self.problems += [at(problem.message) for problem in placed(error, at)]
            return
        into.update(converted)
        self.problems += [at(message) for path in paths_in(converted) if (message := _file_problem(path))]

    def _check_name(self, step: str, parameter: str, at: At) -> bool:
        facts = self.facts.get(step)
        if facts is None or facts.schema is None:
            return False
        known = facts.schema.parameters
        if parameter in known:
            return True
        path = facts.document.path
        if not known:
            message = (
                f"{path} has no parameters, so it cannot be given {parameter!r}. "
                "Next: add a cell with the tag 'parameters' to it, or remove this value."
            )
        else:
            message = f"{path} has no parameter {parameter!r}. {suggest(parameter, known)}"
        self.problems.append(at(message))
        return False

    def _check_not_in_matrix(self, steps: list[str], parameter: str, at: At) -> None:
        for step in steps:
            if parameter in self.pipeline.steps[step].matrix:
                message = (
                    f"The step {step!r} fans out over {parameter!r}, so it cannot be given one value. "
                    f"Next: change steps.{step}.matrix.{parameter} in {self.pipeline.shown}."
                )
                self.problems.append(at(message))

    def _schemas(self) -> Iterator[tuple[str, ParameterSchema]]:
        for name, facts in self.facts.items():
            if facts.schema is not None:
                yield name, facts.schema

    def _at(self, place: Place) -> At:
        return partial(self.pipeline.document.problem, place)

    def _tell(self, place: Place, message: str) -> None:
        self.problems.append(self.pipeline.document.problem(place, message))


def paths_in(value: object) -> Iterator[Path]:
    """Every path in a value, inside lists and mappings too."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from paths_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from paths_in(inner)


def _at_option(typed: str) -> At:
    return lambda message: Problem("", 0, message, f"-p {typed}")


def _nobody_has(parameter: str, known: Mapping[str, Any], pipeline: Pipeline) -> str:
    if not known:
        where = pipeline.notebook or "no notebook of this pipeline"
        return (
            f"{where} has {'no ' if pipeline.notebook else ''}parameters, so {parameter!r} cannot be given. "
            "Next: add a cell with the tag 'parameters', or remove this value."
        )
    return f"No step of {pipeline.name} has a parameter {parameter!r}. {suggest(parameter, known)}"


def _file_problem(path: Path) -> str:
    """What keeps a file that was named from being read; empty where nothing does."""
    try:
        if not path.exists():
            return f"The file {short(path)} does not exist. Next: correct the path, or bring the file there."
    except OSError as error:  # a name that no file can have, a folder that may not be entered
        return f"The file {short(path)} cannot be reached: {error.strerror}. Next: correct the path or its permissions."
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        return f"The file {path} cannot be read: permission denied. Next: correct its permissions."
    return ""


def _in_order(schema: ParameterSchema, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in schema.parameters if name in values}


def _naming(schema: ParameterSchema, name: str, written: object, value: object) -> Any:
    """What names a choice: its value in one form however it was written; a path or a secret as it was written."""
    parameter = schema.parameters[name]
    if (
        parameter.secret
        or any(True for _ in paths_in(value))
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        return str(written)
    return schema.as_json({name: value})[name]
