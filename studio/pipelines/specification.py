"""The pipeline file, ``pipelines/<name>.yml``: its format, and reading it strictly.

Reading knows nothing of notebooks: whether the declared notebooks, parameters and datasets fit each
other is the plan's question. This format is version 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from studio.core import documents
from studio.core.documents import Document, Section, read_yaml, validate
from studio.core.errors import Missing, Problem, Problems
from studio.core.files import digest_bytes
from studio.core.identifiers import is_name, suggest
from studio.core.workspace import Workspace
from studio.pipelines.gates.declaration import Gates
from studio.pipelines.schedule import Schedule

FORMAT = 1
ENDING = ".yml"
_NOT_PIPELINES = {"catalog"}
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = r"^(\d+(?:\.\d+)?)\s*([smh])$"
_LONGEST_NAME = 64


def _seconds(value: object) -> object:
    match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if match:
        return float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('a duration is a number of seconds, or a text such as "90s", "30m" or "2h"')
    return value


def _as_retries(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | dict):
        raise ValueError("retries is a whole number, or a mapping with limit, delay and factor")
    return {"limit": value} if isinstance(value, int) else value


_Written = Annotated[float, Field(ge=0)] | Annotated[str, Field(pattern=_DURATION)]
# The bounds stand inside the validator, so that they hold for the seconds and not for the text.
Pause = Annotated[float, Field(ge=0, le=86_400), BeforeValidator(_seconds, json_schema_input_type=_Written)]
"""Seconds, also none; written as a number, or as ``90s``, ``30m``, ``2h``."""
Limit = Annotated[float, Field(gt=0, le=31_536_000), BeforeValidator(_seconds, json_schema_input_type=_Written)]
"""Seconds, more than none and at most a year's; written like `Pause`."""


class Retries(Section):
    """How often, and after which pauses, a failed step is tried again."""

    limit: Annotated[int, Field(strict=True, ge=0, le=100, description="How many further attempts a step has.")] = 0
    delay: Annotated[Pause, Field(description="Seconds before the first further attempt.")] = 1.0
    factor: Annotated[float, Field(ge=1, le=100, description="By how much each further pause is longer.")] = 2.0


class Step(Section):
    """One notebook with its values and limits."""

    notebook: Annotated[str, Field(min_length=1, description="The notebook's path, relative to the workspace.")]
    parameters: Annotated[dict[str, Any], Field(description="Values of this step's parameters.")] = Field(
        default_factory=dict
    )
    matrix: Annotated[
        dict[str, Annotated[list[Any], Field(min_length=1)]],
        Field(description="Fan-out: the step runs once for every combination of these values."),
    ] = Field(default_factory=dict)
    retries: Annotated[
        Retries,
        BeforeValidator(_as_retries, json_schema_input_type=Annotated[int, Field(ge=0, le=100)] | Retries),
        Field(description="What happens after a failure: a number of further attempts, or limit, delay and factor."),
    ] = Retries()
    timeout: Annotated[Limit | None, Field(description="The longest time that one attempt may take.")] = None
    cell_timeout: Annotated[Limit | None, Field(description="The longest time that one cell may take.")] = None
    after: Annotated[list[str], Field(description="Steps that come first although no dataset says so.")] = Field(
        default_factory=list
    )


class Input(Section):
    """What a file given through a Path parameter must keep."""

    contract: Annotated[str, Field(min_length=1, description="The name of a contract in pipelines/contracts/.")]


class Sample(Section):
    """How the pipeline runs on sample data, as a functional test."""

    parameters: Annotated[
        dict[str, Any],
        Field(description="Values that hold on sample data instead of the others: name, or step.name for one step."),
    ] = Field(default_factory=dict)


class PipelineFile(Section):
    """The content of ``pipelines/<name>.yml``."""

    version: Annotated[Literal[1], Field(description="The format's number.")]
    description: Annotated[str, Field(description="What the pipeline makes of what.")] = ""
    inputs: Annotated[
        dict[str, Input], Field(description="Path parameters whose file is checked before anything starts.")
    ] = Field(default_factory=dict)
    parameters: Annotated[
        dict[str, Any], Field(description="Values for every step that has a parameter of that name.")
    ] = Field(default_factory=dict)
    sample: Annotated[Sample, Field(description="How it runs on sample data.")] = Sample()
    steps: Annotated[dict[str, Step], Field(min_length=1, description="The steps by name.")]
    gates: Annotated[Gates | None, Field(description="What a run's results must be like.")] = None
    schedule: Annotated[Schedule | None, Field(description="When it runs by itself.")] = None


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as declared.

    Attributes
    ----------
    name : str
        Its name.
    file : PipelineFile
        What its file says.
    document : Document
        The file with the line of every key.
    notebook : str or None
        The notebook's path in the workspace where the pipeline is nothing but one notebook.
    """

    name: str
    file: PipelineFile
    document: Document
    notebook: str | None = None

    @property
    def description(self) -> str:
        """What it makes of what."""
        return self.file.description

    @property
    def steps(self) -> dict[str, Step]:
        """The steps by name, in the file's order."""
        return self.file.steps

    @property
    def parameters(self) -> dict[str, Any]:
        """Values for every step that has a parameter of that name."""
        return self.file.parameters

    @property
    def inputs(self) -> dict[str, Input]:
        """Path parameters whose file must keep a contract."""
        return self.file.inputs

    @property
    def gates(self) -> Gates | None:
        """What a run's results must be like; None where nothing is asked."""
        return self.file.gates

    @property
    def schedule(self) -> Schedule | None:
        """When it runs by itself; None where it does not."""
        return self.file.schedule

    @property
    def shown(self) -> str:
        """The file as messages name it."""
        return self.document.shown

    def on_samples(self) -> Pipeline:
        """The pipeline with the values that ``sample:`` gives it; they win over all others in the file."""
        common = {name: value for name, value in self.file.sample.parameters.items() if "." not in name}
        steps = {name: self._step_on_samples(name, step, common) for name, step in self.steps.items()}
        parameters = {**self.parameters, **common}
        return replace(self, file=self.file.model_copy(update={"parameters": parameters, "steps": steps}))

    def _step_on_samples(self, name: str, step: Step, common: dict[str, Any]) -> Step:
        own = {key: value for key, value in common.items() if key in step.parameters}
        for given, value in self.file.sample.parameters.items():
            owner, dot, key = given.partition(".")
            if dot and owner == name:
                own[key] = value
        return step.model_copy(update={"parameters": {**step.parameters, **own}}) if own else step


def list_pipelines(workspace: Workspace) -> list[str]:
    """The names of the pipelines declared in `workspace`, sorted; a file with an impossible name is left out."""
    names = (path.stem for path in workspace.pipelines.glob(f"*{ENDING}") if path.is_file())
    return sorted(name for name in names if is_name(name) and name not in _NOT_PIPELINES)


def read_pipeline(workspace: Workspace, name: str) -> Pipeline:
    """Read ``pipelines/<name>.yml``.

    Raises
    ------
    BadInput
        When there is no pipeline of that name, or its file cannot be read.
    Problems
        When the file is not YAML or not what the format allows; everything at once, with lines.
    """
    path = workspace.pipelines / f"{name}{ENDING}"
    if not is_name(name) or name in _NOT_PIPELINES or not path.is_file():
        raise Missing(_no_such_pipeline(workspace, name))
    shown = workspace.shown(workspace.inside(path, "pipeline"))
    return parse_pipeline(name, read_yaml(path, shown))


def parse_pipeline(name: str, document: Document) -> Pipeline:
    """The pipeline `name` that the content of a file declares.

    Raises
    ------
    Problems
        When it is not what the format allows; everything at once, with lines.
    """
    problems = _name_problems(document)
    try:
        file = validate(PipelineFile, document.content, document.shown, document)
        problems += _sample_problems(document, file)
    except Problems as found:
        raise Problems([*found.problems, *problems]) from None
    if problems:
        raise Problems(problems)
    return Pipeline(name, file, document)


def name_of_notebook(subject: str) -> str:
    """What the pipeline that runs the notebook at that path of the workspace alone is called, as are its runs."""
    return _as_name(subject)


def pipeline_of_notebook(workspace: Workspace, path: str | Path) -> Pipeline:
    """A pipeline of one step that runs the notebook at `path` (relative to the workspace, or absolute in it).

    Raises
    ------
    BadInput
        When the path leads outside the workspace, or to no file.
    """
    file = workspace.inside(path, "notebook")
    shown = workspace.shown(file)
    if not file.is_file():
        raise Missing(f"The notebook {shown} does not exist. Next: correct the path.")
    step = _as_name(Path(shown).stem)
    content = {"version": FORMAT, "steps": {step: {"notebook": shown}}}
    file_of_one = PipelineFile.model_validate(content)
    return Pipeline(name_of_notebook(shown), file_of_one, Document(shown, content), notebook=shown)


def schema() -> dict[str, Any]:
    """The JSON Schema of the pipeline file, for editors."""
    return documents.schema(PipelineFile)


def _no_such_pipeline(workspace: Workspace, name: str) -> str:
    stem = name.removesuffix(ENDING).removesuffix(".yaml")
    if is_name(stem) and (workspace.pipelines / f"{stem}.yaml").is_file():
        return (
            f"pipelines/{stem}.yaml is not read: a pipeline's file ends in {ENDING}. Next: rename it to {stem}{ENDING}"
        )
    known = list_pipelines(workspace)
    if stem in known:
        return f"A pipeline is called by its name, without {ENDING}. Next: use {stem}"
    return f"There is no pipeline {name[:100]!r} in {workspace.shown(workspace.pipelines)}/. {suggest(name, known)}"


def _name_problems(document: Document) -> list[Problem]:
    content = document.content if isinstance(document.content, dict) else {}
    steps = content.get("steps")
    return [
        document.problem(
            ("steps", name),
            f"{name!r} is no name for a step: lower-case letters, digits, '_' and '-', starting with a letter, "
            "at most 64. Next: rename it.",
        )
        for name in (steps if isinstance(steps, dict) else ())
        if not is_name(name)
    ]


def _sample_problems(document: Document, file: PipelineFile) -> list[Problem]:
    return [
        document.problem(
            ("sample", "parameters", name),
            f"There is no step {name.partition('.')[0]!r}. {suggest(name.partition('.')[0], file.steps)}",
        )
        for name in file.sample.parameters
        if "." in name and name.partition(".")[0] not in file.steps
    ]


def _as_name(text: str) -> str:
    """A name made of a path, the same one each time; a digest tells apart what would look alike."""
    name = re.sub(r"[^a-z0-9_]+", "-", text.lower().removesuffix(".ipynb")).strip("-_")
    ambiguous = "/" in text and "-" in text
    if is_name(name) and name == text.removesuffix(".ipynb").replace("/", "-") and not ambiguous:
        return name
    head = (name if name[:1].isalpha() else f"n-{name}").strip("-")
    return f"{head[: _LONGEST_NAME - 9]}-{digest_bytes(text.encode('utf-8', 'surrogatepass'))[:8]}"
