"""What may be run as a scenario: pipelines, and notebooks that belong to none, whose content is approved as it is now.

What is not approved is listed as well, with the reason in words that need no knowledge of reviews. A step of a pipeline
is reached through its pipeline: alone it would run on whatever the last run left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from studio.core.errors import BadInput, Missing
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.approval import ApprovalState
from studio.notebooks.approval_file import parse_approval
from studio.notebooks.document import read_notebook
from studio.pipelines.specification import Pipeline, list_pipelines, read_pipeline
from studio.workflows.apps.listing import FOLDER
from studio.workflows.apps.scenario.words import listed, spoken
from studio.workflows.awaited import statuses
from studio.workflows.choose_pipeline import choose_pipeline
from studio.workflows.content_states import Content, approval_states, contents

_WHY = {
    "submitted": "It waits for somebody to review and approve it.",
    "draft": "It has not been approved yet.",
    "lapsed": "It was changed after it had been approved, and has to be approved again.",
    "revoked": "Its approval was taken back.",
    "invalid": "Its approval does not hold: something about it is not as its reviewer left it.",
}
_INSTALLED = "The programs that it uses were changed after it had been approved, so it has to be approved again."
_WORST = ("invalid", "revoked", "lapsed", "draft", "submitted")


@dataclass(frozen=True)
class Choice:
    """Something that may, or may not, be run as a scenario.

    Attributes
    ----------
    name : str
        A pipeline's name, or a notebook's path in the workspace.
    title, description : str
        For people; the description may be empty.
    fingerprints : mapping
        Digest of each approved content, by subject: what was looked at is what may run.
    problem : str
        Why it may not be run; empty where it may.
    owners : str
        What its owners need to know to mend that; may be empty.
    """

    name: str
    title: str
    description: str = ""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    owners: str = ""

    @property
    def available(self) -> bool:
        """Whether it may be run."""
        return not self.problem


def list_choices(workspace: Workspace) -> list[Choice]:
    """All choices: those that may be run first, each kind by title."""
    found = list(_all(workspace))
    states = _states(workspace, [content for _, _, contents_of in found for content in contents_of])
    made = [_judged(choice, contents_of, states) for choice, _, contents_of in found]
    return sorted(made, key=lambda choice: (not choice.available, choice.title.casefold(), choice.name))


def find_choice(workspace: Workspace, name: str) -> Choice:
    """One choice as it is now; Missing where there is none of that name."""
    known = {choice.name: choice for choice in list_choices(workspace)}
    if name not in known:
        raise Missing(f"There is no scenario {name!r}. {suggest(name, known)}")
    return known[name]


_Found = tuple[Choice, Pipeline | None, list[Content]]


def _all(workspace: Workspace) -> Iterator[_Found]:
    steps: set[str] = set()
    for name in list_pipelines(workspace):
        try:
            pipeline = read_pipeline(workspace, name)
        except BadInput as error:
            yield _unreadable(name, spoken(name), error), None, []
            continue
        steps |= {PurePosixPath(step.notebook).as_posix() for step in pipeline.steps.values()}
        yield _found(workspace, pipeline, Choice(name, spoken(name), pipeline.description.strip()))
    for subject in _approved_notebooks(workspace):
        if subject in steps or PurePosixPath(subject).is_relative_to(FOLDER.as_posix()):
            continue
        try:
            choice = Choice(subject, read_notebook(workspace, subject).title)
            yield _found(workspace, choose_pipeline(workspace, subject, workspace.root), choice)
        except BadInput as error:
            yield _unreadable(subject, spoken(PurePosixPath(subject).stem), error), None, []


def _found(workspace: Workspace, pipeline: Pipeline, choice: Choice) -> _Found:
    try:
        return choice, pipeline, contents(workspace, pipeline)
    except BadInput as error:
        return _unreadable(choice.name, choice.title, error, choice.description), None, []


def _unreadable(name: str, title: str, error: BadInput, description: str = "") -> Choice:
    problem = "It cannot be read at the moment; the people who own it have to mend it."
    return Choice(name, title, description, problem=problem, owners=str(error))


def _approved_notebooks(workspace: Workspace) -> list[str]:
    """The notebooks that have an approval, whether or not it holds."""
    found = []
    for file in sorted((workspace.approvals / "notebooks").rglob("*.json")):
        try:
            found.append(parse_approval(file.read_bytes(), workspace.shown(file)).path)
        except (BadInput, OSError):
            continue  # nobody can say which notebook it is about; studio review status says that it is damaged
    return [path for path in found if (workspace.root / path).is_file()]


def _states(workspace: Workspace, found: list[Content]) -> dict[str, tuple[ApprovalState, str]]:
    """The state of each content's approval, and its status."""
    states = approval_states(workspace, found)
    told = statuses(workspace, found, states)
    return {subject: (state, told[subject]) for subject, state in states.items()}


def _judged(choice: Choice, found: list[Content], states: Mapping[str, tuple[ApprovalState, str]]) -> Choice:
    if choice.problem:
        return choice
    fingerprints = {content.subject: content.fingerprint.digest for content in found}
    wrong = [states[content.subject] for content in found if not states[content.subject][0].approved]
    if not wrong:
        return Choice(choice.name, choice.title, choice.description, fingerprints)
    status = next(one for one in _WORST if any(one == told for _, told in wrong))
    subjects = [state.subject for state, told in wrong if told == status]
    installed = status == "lapsed" and all(state.changes == ("environment",) for state, told in wrong if told == status)
    problem = _INSTALLED if installed else _WHY[status]
    owners = f"{listed(subjects)}: {' '.join(wrong[0][0].reasons)}"
    return Choice(choice.name, choice.title, choice.description, fingerprints, problem, owners)
