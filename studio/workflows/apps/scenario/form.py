"""What can be changed in a scenario: the parameters of its notebooks, with the values that they have now.

The fields are those of a run's form: one for a parameter that all steps mean the same by, else one for each step.
Files and secrets are not for a page: who may read a file of this machine, or use a secret, is not decided by who opens
an app.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.notebooks.kinds import holds
from studio.notebooks.schema import ParameterSchema
from studio.pipelines.form import Field, fields_of
from studio.pipelines.plan import survey
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
    surveyed = survey(workspace, pipeline)
    if surveyed.problems:
        raise Problems(surveyed.problems)
    fields = fields_of(pipeline, surveyed.facts, workspace.root)
    chosen = [field for field in fields if not _is_closed(field)]
    closed = [field for field in fields if _is_closed(field)]
    return Form(
        ParameterSchema(pipeline.shown, {field.name: replace(field.parameter, name=field.name) for field in chosen}),
        {field.name: _label(field) for field in chosen if field.name != field.parameter.name},
        _named(closed),
        _named([field for field in closed if field.required]),
    )


def _is_closed(field: Field) -> bool:
    return holds(field.parameter.kind, "SecretStr") or holds(field.parameter.kind, "Path")


def _label(field: Field) -> str:
    return f"{spoken(field.parameter.name)} ({', '.join(step_name(step) for step in field.steps)})"


def _named(fields: list[Field]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spoken(field.parameter.name) for field in fields))
