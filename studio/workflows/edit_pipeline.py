"""A notebook becomes a step of a pipeline: of one that there is, whose file keeps comments and layout, or of a new one.

The new text is read as any pipeline's file before it takes the old one's place, and has to say exactly what the old one
said and the new steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from studio.core.changing import changing
from studio.core.documents import parse_yaml
from studio.core.errors import BadInput, StudioError
from studio.core.identifiers import check_name, is_name
from studio.core.workspace import Workspace, find_workspace
from studio.core.yaml_entries import CannotInsert, insert_entry
from studio.notebooks.document import read_notebook
from studio.pipelines.specification import ENDING, Pipeline, Step, list_pipelines, parse_pipeline, read_pipeline

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
# What other readers of YAML take for something else than a text.
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_LONGEST = 64


class NameTaken(BadInput):
    """There is something of that name already."""


class FileChanged(StudioError):
    """Somebody saved the file in this moment; nothing was written."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"{shown} was saved by somebody else in this moment, so nothing was added. Next: try again.")


@dataclass(frozen=True)
class Written:
    """The file that was written: the pipeline's name, the file's path in the workspace, and the new steps."""

    pipeline: str
    path: str
    steps: tuple[str, ...]


def add_step(pipeline: str, notebook: str, step: str = "") -> Written:
    """Put the notebook at the path `notebook` into a pipeline as its last step.

    Parameters
    ----------
    pipeline : str
        The pipeline's name.
    notebook : str
        The notebook's path in the workspace.
    step : str
        The step's name; without one, that of the notebook.

    Raises
    ------
    Missing
        When there is no such pipeline or notebook.
    NameTaken
        When the pipeline has a step of that name.
    CannotInsert
        When its file is written in a way into which nothing can be put safely.
    FileChanged, Locked
        When somebody else saved it in this moment; when another's change to the workspace does not end.
    BadInput
        When the name is none, or the pipeline's file or the notebook is broken.
    """
    workspace = find_workspace()
    with changing(workspace) as change:
        declared = read_pipeline(workspace, pipeline)
        subject = _sound(workspace, notebook)
        name = check_name(step, "step") if step else _name_of(subject)
        if name in declared.steps:
            raise NameTaken(
                f"{declared.shown} has a step {name!r} already ({declared.steps[name].notebook}). "
                "Next: give the new step another name."
            )
        path = workspace.pipelines / f"{declared.name}{ENDING}"
        before = path.read_bytes()
        entry = f"{_key(name)}:\n  notebook: {_text(subject)}\n"
        after = _insert(before.decode("utf-8"), entry, declared.shown)
        _check(declared, after, {name: subject})
        if path.read_bytes() != before:
            raise FileChanged(declared.shown)
        change.replace(path, after)
    return Written(declared.name, declared.shown, (name,))


def new_pipeline(name: str, notebooks: Sequence[str], description: str = "") -> Written:
    """Make a pipeline whose steps are the notebooks at these paths; their order follows from their datasets.

    Raises
    ------
    Missing
        When there is no such notebook.
    NameTaken
        When there is a pipeline of that name.
    BadInput
        When the name is none, no notebook is named, two steps would have one name, or a notebook is broken.
    """
    workspace = find_workspace()
    check_name(name, "pipeline")
    _check_free(workspace, name)
    if not notebooks:
        raise BadInput("A pipeline has at least one step. Next: name a notebook.")
    steps: dict[str, str] = {}
    for notebook in notebooks:
        subject = _sound(workspace, notebook)
        step = _name_of(subject)
        if step in steps:
            raise NameTaken(
                f"{steps[step]} and {subject} would both be the step {step!r}. Next: rename one of them, or make the "
                "pipeline of one and add the other under another name."
            )
        steps[step] = subject
    lines = ["version: 1"]
    lines += [f"description: {_text(' '.join(description.split()))}"] if description.strip() else []
    lines += ["steps:"]
    for step, subject in steps.items():
        lines += [f"  {_key(step)}:", f"    notebook: {_text(subject)}"]
    text = "\n".join(lines) + "\n"
    path = workspace.pipelines / f"{name}{ENDING}"
    shown = workspace.shown(path)
    made = parse_pipeline(name, parse_yaml(text, shown))
    if {step: one.notebook for step, one in made.steps.items()} != steps:
        raise BadInput("A notebook's path cannot be written in YAML. Next: rename it with letters and digits.")
    with changing(workspace) as change:
        _check_free(workspace, name)
        try:
            change.create(path, text)
        except FileExistsError:
            raise _taken(workspace, name) from None
    return Written(name, shown, tuple(steps))


def _check_free(workspace: Workspace, name: str) -> None:
    path = workspace.pipelines / f"{name}{ENDING}"
    if path.exists() or path.with_suffix(".yaml").exists() or name == workspace.catalog.stem:
        raise _taken(workspace, name)


def _taken(workspace: Workspace, name: str) -> NameTaken:
    shown = workspace.shown(workspace.pipelines / f"{name}{ENDING}")
    known = f" There are: {', '.join(list_pipelines(workspace))}." if list_pipelines(workspace) else ""
    return NameTaken(f"The name {name!r} is taken: {shown} is there.{known} Next: choose another name.")


def _sound(workspace: Workspace, notebook: str) -> str:
    """The notebook's path as the workspace calls it; BadInput where it cannot be read."""
    document = read_notebook(workspace, notebook)
    if not document.is_python:
        raise BadInput(
            f"{document.path} asks for a {document.language} kernel, and only Python notebooks can be steps. "
            "Next: choose a Python kernel for it."
        )
    return document.path


def _name_of(subject: str) -> str:
    """The name of a step, made from the notebook's: ``My Model (2).ipynb`` is ``my-model-2``."""
    stem = PurePosixPath(subject).stem.lower()
    name = re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_")
    name = (name if name[:1].isalpha() else f"step-{name}").strip("-")[:_LONGEST].rstrip("-_")
    if not is_name(name):
        raise BadInput(f"No name for a step can be made from {subject}. Next: name the step.")
    return name


def _insert(text: str, entry: str, shown: str) -> str:
    if "\r\n" not in text:
        return insert_entry(text, "steps", entry, shown)
    return insert_entry(text.replace("\r\n", "\n"), "steps", entry, shown).replace("\n", "\r\n")


def _check(declared: Pipeline, text: str, added: dict[str, str]) -> None:
    """The text has to say what was declared and what was added, and nothing else."""
    after = parse_pipeline(declared.name, parse_yaml(text, declared.shown))
    steps = {**declared.steps, **{name: Step(notebook=notebook) for name, notebook in added.items()}}
    if list(after.steps) != list(steps) or after.file != declared.file.model_copy(update={"steps": steps}):
        raise CannotInsert(declared.shown, "steps", "the text around its steps would be read as something else then")


def _key(name: str) -> str:
    return json.dumps(name) if name in _WORDS else name


def _text(value: str) -> str:
    """A text of YAML: plain where every reader takes it for a text, else in quotation marks."""
    plain = _PLAIN.fullmatch(value) and "/" in value
    return value if plain else json.dumps(value, ensure_ascii=False)
