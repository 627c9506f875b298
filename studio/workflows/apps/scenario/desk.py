"""What the page of scenarios asks: the workflows of this package as plain data, with errors in plain words.

The page knows no workspace and no run; it is shown what stands here, and calls back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from studio.core.errors import BadInput, StudioError
from studio.core.workspace import Workspace
from studio.notebooks.schema import ParameterSchema
from studio.workflows import activities
from studio.workflows.apps import faults
from studio.workflows.apps.scenario import comparing
from studio.workflows.apps.scenario.choices import Choice, find_choice, list_choices
from studio.workflows.apps.scenario.course import Course
from studio.workflows.apps.scenario.form import form_of
from studio.workflows.apps.scenario.results import earlier_scenarios, read_result
from studio.workflows.apps.scenario.starting import plain, start_scenario, under_way
from studio.workflows.apps.scenario.words import duration, listed, moment, spoken, step_name, value

APP = "scenario"
_SENTENCES = 6
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class Told(BadInput):
    """An error in the words of who reads results."""


def in_plain_words(method: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """Let every error that `method` explains be told without commands to type; what it said stands in the log."""

    @wraps(method)
    def told(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        try:
            return method(*given, **named)
        except Told:
            raise
        except StudioError as error:
            raise Told(plain(error)) from error

    return told


class Desk:
    """Scenarios of one workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace; its settings are read anew with each request.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root
        self._choices: dict[str, Choice] = {}
        faults.keep(workspace, APP)

    @property
    def _workspace(self) -> Workspace:
        return Workspace(self._root)

    @in_plain_words
    def choices(self) -> list[dict[str, Any]]:
        """All choices: ``name``, ``title``, ``description``, ``problem``, ``owners``."""
        found = list_choices(self._workspace)
        self._choices = {choice.name: choice for choice in found}
        return [
            {key: fact for key, fact in asdict(choice).items() if key != "fingerprints"}
            | {"available": choice.available}
            for choice in found
        ]

    @in_plain_words
    def form(self, name: str) -> tuple[ParameterSchema, dict[str, str], str]:
        """The form of a choice: its parameters, what stands above some of them, and what cannot be changed."""
        self._choices[name] = find_choice(self._workspace, name)
        if problem := self._choices[name].problem:
            raise Told(f"{self._choices[name].title} cannot be run. {problem}")
        form = form_of(self._workspace, name)
        if form.missing:
            raise Told(
                f"{self._choices[name].title} cannot be run from here: it needs {listed(list(form.missing))}, and "
                "files and secrets cannot be named on a page. Ask the people who own it."
            )
        if not form.fixed:
            return form.schema, form.labels, ""
        stays = "stays as it is" if len(form.fixed) == 1 else "stay as they are"
        return form.schema, form.labels, f"{listed(list(form.fixed))} {stays}: files and secrets are not chosen here."

    @in_plain_words
    def start(self, name: str, values: Mapping[str, str]) -> str:
        """Start a choice with other values; the activity to watch."""
        choice = self._choices.get(name) or find_choice(self._workspace, name)
        return start_scenario(self._workspace, choice, values).activity

    def watch(self, activity: str) -> Iterator[dict[str, Any]]:
        """How far an activity is, again and again until its end: ``status``, ``text``, ``share``, ``run``, ``number``.

        ``number`` is an error's, under which the log says more; empty where nothing went wrong.
        """
        course = Course()
        for event in activities.follow(self._workspace, activity):
            course.take(event)
            yield self._facts(activity, course)

    def _facts(self, activity: str, course: Course) -> dict[str, Any]:
        facts = {"status": course.status, "text": course.text, "share": course.share, "run": course.run, "number": ""}
        if course.status in ("failed", "refused"):
            where = f"run {course.run}" if course.run else f"activity {activity}"
            facts["number"] = faults.note(self._workspace, f"{APP} ({where})", course.told)
        return facts

    @in_plain_words
    def stop(self, activity: str) -> None:
        """Stop an activity."""
        activities.stop(self._workspace, activity)

    @in_plain_words
    def under_way(self) -> list[dict[str, str]]:
        """The scenarios that go on now: ``activity``, ``name``, ``title``, ``when``."""
        titles = {name: choice.title for name, choice in self._choices.items()}
        return [
            {
                "activity": one.activity,
                "name": one.name,
                "title": titles.get(one.name, one.name),
                "when": moment(one.started),
            }
            for one in under_way(self._workspace)
        ]

    @in_plain_words
    def earlier(self, name: str, before: str = "") -> list[dict[str, str]]:
        """Earlier scenarios of a choice, newest first: ``run`` and ``when``."""
        found = earlier_scenarios(self._workspace, name, before=before)
        return [{"run": run, "when": when} for run, when in found]

    @in_plain_words
    def result(self, run: str, earlier: str = "") -> dict[str, Any]:
        """A run as it is shown, beside an earlier one where one is named."""
        workspace = self._workspace
        now = read_result(workspace, run)
        before = read_result(workspace, earlier, shown=False) if earlier else None
        rows = comparing.measures(now, before)
        return {
            "run": now.run,
            "name": now.name,
            "status": now.status,
            "when": now.when,
            "took": duration(now.seconds),
            "actor": now.actor,
            "failed": now.failed,
            "given": [f"{_called(name)}: {value(given)}" for name, given in now.values.items()],
            "data": list(now.data),
            "sentences": [row.sentence for row in rows[:_SENTENCES]],
            "measures": [row.as_dict() for row in rows],
            "values": [row.as_dict() for row in comparing.values(now, before)],
            "exhibits": [_exhibit(one) for one in now.exhibits],
            "left_out": now.left_out,
            "earlier": "" if before is None else before.run,
            "earlier_when": "" if before is None else before.when,
        }


def _called(typed: str) -> str:
    step, _, name = typed.rpartition(".")
    return f"{spoken(name)} ({step_name(step)})" if step else spoken(name)


def _exhibit(one: Any) -> dict[str, Any]:
    rows = None if one.rows is None else {**vars(one.rows), "head": list(map(list, one.rows.head))}
    if rows is not None:
        rows["body"] = list(map(list, one.rows.body))
    return {"kind": one.kind, "caption": one.caption, "image": one.image, "table": rows}
