"""What can be changed in a scenario: the parameters of its notebooks, with the values that they have now.

A parameter that several steps share is one field, as ``-p name=value`` sets it in all of them; where steps disagree
about it, each has its own, as ``-p step.name=value``. Files and secrets are not for a page: who may read a file of this
machine, or use a secret, is not decided by who opens an app.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from studio.core.errors import Problem, Problems
from studio.core.files import canonical_json
from studio.core.workspace import Workspace
from studio.notebooks.kinds import holds
from studio.notebooks.rendering import as_json
from studio.notebooks.schema import Parameter, ParameterSchema
from studio.pipelines.plan_notebooks import NotebookReader
from studio.pipelines.specification import Pipeline
from studio.workflows.apps.scenario.words import spoken, step_name
from studio.workflows.choose_pipeline import choose_pipeline


@dataclass(frozen=True)
class Form:
    """The form of a scenario.

    Attributes
    ----------
    schema : ParameterSchema
        A field for each parameter, by what a run calls it: ``name`` or ``step.name``.
    labels : dict
        What stands above a field whose name is not enough.
    fixed : tuple of str
        Parameters that cannot be changed here, as words.
    missing : tuple of str
        Those of them without which it cannot run.
    """

    schema: ParameterSchema
    labels: dict[str, str]
    fixed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def form_of(workspace: Workspace, name: str) -> Form:
    """The form of the scenario `name`.

    Raises
    ------
    BadInput, Problems
        When there is none, or it cannot be read.
    """
    pipeline = choose_pipeline(workspace, name, workspace.root)
    found: dict[str, dict[str, Parameter]] = {}
    for step, schema in _schemas(workspace, pipeline).items():
        for parameter in schema.parameters.values():
            if parameter.name not in pipeline.steps[step].matrix:
                now = _with_value(workspace, pipeline, step, schema, parameter)
                found.setdefault(parameter.name, {})[step] = now
    fields: dict[str, Parameter] = {}
    labels: dict[str, str] = {}
    fixed, missing = [], []
    for parameter_name, by_step in found.items():
        for key, one in _as_fields(parameter_name, by_step).items():
            if _is_closed(one):
                fixed.append(spoken(parameter_name))
                missing += [spoken(parameter_name)] if one.required else []
                continue
            fields[key] = replace(one, name=key)
            if key != parameter_name:
                labels[key] = f"{spoken(parameter_name)} ({step_name(key.rpartition('.')[0])})"
    return Form(ParameterSchema(pipeline.shown, fields), labels, tuple(dict.fromkeys(fixed)), tuple(missing))


def _schemas(workspace: Workspace, pipeline: Pipeline) -> dict[str, ParameterSchema]:
    problems: list[Problem] = []
    reader = NotebookReader(workspace, None, problems)
    found = {}
    for name, step in pipeline.steps.items():
        facts = reader.facts(step.notebook, partial(pipeline.document.problem, ("steps", name, "notebook")))
        if facts is not None and facts.schema is not None:
            found[name] = facts.schema
    if problems:
        raise Problems(problems)
    return found


def _with_value(
    workspace: Workspace, pipeline: Pipeline, step: str, schema: ParameterSchema, parameter: Parameter
) -> Parameter:
    """The parameter with the value that a run would give it now, as its default."""
    given = {**pipeline.parameters, **pipeline.steps[step].parameters}
    if parameter.name not in given:
        return parameter
    converted = schema.convert({parameter.name: given[parameter.name]}, base=workspace.root, strings=False)
    return replace(parameter, default=converted[parameter.name], required=False)


def _as_fields(name: str, by_step: dict[str, Parameter]) -> dict[str, Parameter]:
    """One field where all steps mean the same by the name, else one for each step."""
    faces = {canonical_json([one.annotation, one.required, as_json(one.default)]) for one in by_step.values()}
    if len(faces) == 1:
        first = next(iter(by_step.values()))
        helped = next((one.help for one in by_step.values() if one.help), "")
        return {name: replace(first, help=helped)}
    return {f"{step}.{name}": one for step, one in by_step.items()}


def _is_closed(parameter: Parameter) -> bool:
    return holds(parameter.kind, "SecretStr") or holds(parameter.kind, "Path")
