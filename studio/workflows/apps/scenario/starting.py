"""Start a scenario: who asks and what runs is looked at once more; then it goes on by itself and outlives the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.errors import Refused, StudioError
from studio.core.settings import SCENARIO
from studio.core.workspace import Workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, current_actor
from studio.ledger.ledger import open_ledger
from studio.notebooks.document import is_notebook
from studio.workflows import activities
from studio.workflows.apps import door
from studio.workflows.apps.scenario.choices import Choice, find_choice

Launch = Callable[[Workspace, str, Mapping[str, Any]], str]
"""Starts an activity of a kind with a request, and tells its identifier."""


class NotForYou(Refused):
    """The policy lets this person run no scenarios."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The rules of this project do not let {name} run scenarios. "
            "Next: ask the people who run this project for the role of an analyst."
        )


class NoLongerAsSeen(Refused):
    """What would run is not what was chosen."""

    def __init__(self, choice: Choice, problem: str) -> None:
        super().__init__(
            f"{choice.title} is not as it was when you chose it, so nothing was started. "
            f"{problem or 'Somebody has changed it, and it was approved again.'} Next: choose it again."
        )


@dataclass(frozen=True)
class Started:
    """A scenario that is under way: its activity, and what was asked for."""

    activity: str
    name: str
    started: str = ""


def start_scenario(
    workspace: Workspace, choice: Choice, values: Mapping[str, str], *, launch: Launch | None = None
) -> Started:
    """Start `choice` with other values.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    choice : Choice
        What was chosen, with the fingerprints that it had then.
    values : mapping
        What differs: ``name`` or ``step.name`` -> text, as on the command line.
    launch : callable, optional
        Who starts the program; `door.launch` by default.

    Raises
    ------
    NotForYou
        When the policy does not let this person.
    NoLongerAsSeen
        When the content is not approved any more, or is other approved content than what was chosen.
    BadInput, Problems
        When a value does not fit.
    Underway
        When the same scenario goes on already.
    """
    actor = current_actor(workspace)
    decision = decide(workspace, actor, "run", Resource(subject=choice.name, environment=SCENARIO))
    if not decision.allowed:
        _tell_ledger(workspace, actor, choice, "role", f"{decision.reason} Next: {decision.next}")
        raise NotForYou(actor.title or actor.name)
    now = find_choice(workspace, choice.name)
    if not now.available or dict(now.fingerprints) != dict(choice.fingerprints):
        error = NoLongerAsSeen(choice, now.problem)
        _tell_ledger(workspace, actor, choice, "approval", now.owners or str(error))
        raise error
    request = {"name": choice.name, "values": dict(values), "environment": SCENARIO}
    return Started((launch or door.launch)(workspace, "run", request), choice.name)


def _tell_ledger(workspace: Workspace, actor: Actor, choice: Choice, rule: str, reason: str) -> None:
    """Write the refusal down, as a run that comes as far as the guard does."""
    subject = choice.name if is_notebook(choice.name) else f"pipelines/{choice.name}.yml"
    details = {"pipeline": choice.name, "subject": subject, "fingerprints": dict(choice.fingerprints)}
    told = {"rules": [rule], "reasons": [reason]}
    ledger = open_ledger(workspace)
    ledger.append("run refused", actor=actor.name, subject=subject, environment=SCENARIO, details=details | told)


def under_way(workspace: Workspace) -> list[Started]:
    """The scenarios that go on now, newest first."""
    return [
        Started(one.id, one.names[0], one.started)
        for one in activities.latest(workspace)
        if one.alive and one.environment == SCENARIO
    ]


def plain(error: StudioError) -> str:
    """An error as who uses an app reads it: the fact, without commands to type."""
    fact, _, following = str(error).partition(" Next: ")
    told = following if following and "studio " not in following and "git " not in following else ""
    return f"{fact} {told[:1].upper()}{told[1:]}".strip()
