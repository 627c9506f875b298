"""May this actor do this? One pure answer, with the rule that gave it and the reason, also when the answer is yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from studio.core.errors import BadInput
from studio.core.identifiers import suggest
from studio.core.settings import SCENARIO, Environment, Settings
from studio.core.workspace import Workspace
from studio.governance.people import Actor, declaration, is_open
from studio.governance.policy import REVOKERS, SUBMITTERS, Fitting, approval_rule

ACTIONS = ("submit", "comment", "approve", "reject", "revoke", "run")


@dataclass(frozen=True)
class Resource:
    """What is acted on, and what is known of it.

    Attributes
    ----------
    subject : str
        A notebook's path, or ``pipelines/<name>.yml``.
    environment : str
        For ``run``: where.
    authors : frozenset of str
        For ``approve``: addresses and short names of those who changed or submitted it.
    signed : bool or None
        For ``approve``: whether a signature is given; None where that is still to be seen.
    approvers : frozenset of str
        For ``revoke``: short names and addresses of those whose approval it is.
    """

    subject: str
    environment: str = ""
    authors: frozenset[str] = field(default_factory=frozenset)
    signed: bool | None = None
    approvers: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Decision:
    """An answer.

    Attributes
    ----------
    allowed : bool
        Whether the action may happen.
    rule : str
        The rule that decided: ``roles``, ``own changes``, ``signatures``, ``people``, ``environments.prod``, …
    reason : str
        One sentence; never empty.
    next : str
        What to do next; empty where nothing has to be done.
    """

    allowed: bool
    rule: str
    reason: str
    next: str = ""


def decide(place: Workspace | Settings, actor: Actor, action: str, resource: Resource) -> Decision:
    """Decide whether `actor` may do `action` (one of `ACTIONS`) to `resource` by what studio.toml says.

    It never raises on account of actor, action or resource, and always gives a reason.
    """
    settings = place if isinstance(place, Settings) else place.settings
    answer = _ANSWERS.get(action)
    if answer is None:
        reason = f"There is no action {action!r}. {suggest(action, ACTIONS)}"
        return Decision(False, "actions", reason, f"use one of: {', '.join(ACTIONS)}.")
    return answer(settings, actor, resource)


def _submit(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    if is_open(settings):
        return _open(actor, f"so everybody may submit {resource.subject}.")
    if not actor.known:
        return _unknown(settings, actor, "submit", SUBMITTERS)
    return _by_role(actor, "submit", resource.subject, SUBMITTERS, "the built-in rule of submissions")


def _comment(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    if is_open(settings):
        return _open(actor, f"so everybody may comment on {resource.subject}.")
    if not actor.known:
        return _unknown(settings, actor, "comment on", ("analyst",))
    return Decision(True, "people", f"{actor} is declared in studio.toml, and everybody there may comment.")


def _approve(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    fitting = approval_rule(settings, resource.subject)
    refused = _not_a_reviewer(settings, actor, "approve", resource.subject, fitting)
    if refused is not None:
        return refused
    if not fitting.rule.own_changes and any(actor.owns(author) for author in resource.authors):
        return Decision(
            False,
            "own changes",
            f"{actor} changed or submitted {resource.subject}, and {fitting.name} lets no author approve their own "
            "change.",
            f"ask somebody else for the review, with one of the roles: {_listed(fitting.rule.roles)}.",
        )
    if fitting.rule.signatures and resource.signed is False:
        return Decision(
            False,
            "signatures",
            f"{_started(fitting.name)} asks for a signed approval of {resource.subject}, and there is no signature.",
            f"studio review approve {resource.subject} --key ~/.ssh/id_ed25519",
        )
    return _reviewer(settings, actor, "approve", resource.subject, fitting)


def _reject(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    fitting = approval_rule(settings, resource.subject)
    return _not_a_reviewer(settings, actor, "reject", resource.subject, fitting) or _reviewer(
        settings, actor, "reject", resource.subject, fitting
    )


def _revoke(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    if any(actor.owns(name) for name in resource.approvers):
        return Decision(True, "own approval", f"{actor} gave the approval of {resource.subject} and may take it back.")
    if is_open(settings):
        return _open(actor, f"so everybody may revoke the approval of {resource.subject}.")
    fitting = approval_rule(settings, resource.subject)
    roles = REVOKERS | set(fitting.rule.roles)
    if not actor.known:
        return _unknown(settings, actor, "revoke an approval of", roles)
    return _by_role(actor, "revoke the approval of", resource.subject, roles, fitting.name)


def _run(settings: Settings, actor: Actor, resource: Resource) -> Decision:
    try:
        environment = settings.environment(resource.environment)
    except BadInput as error:
        return Decision(False, "environments", str(error), "name an environment of studio.toml.")
    name = resource.environment
    rule = f"environments.{name}"
    if not environment.roles:
        return Decision(True, rule, f"The environment {name} names no roles, so everybody may run in it.")
    if is_open(settings):
        return _run_where_open(settings, actor, resource, environment)
    if not actor.known:
        return _unknown(settings, actor, f"run in {name}", environment.roles)
    if shared := sorted(actor.roles.intersection(environment.roles)):
        return Decision(True, rule, f"{actor} is {_listed(shared)}, a role that may run in {name}.")
    return Decision(
        False,
        rule,
        f"{actor} has {_roles(actor)}, and the environment {name} asks for one of {_listed(environment.roles)}.",
        "ask one of the people with such a role to run it, or for that role in studio.toml.",
    )


def _run_where_open(settings: Settings, actor: Actor, resource: Resource, environment: Environment) -> Decision:
    name = resource.environment
    # As with approvals: roles that somebody wrote down are asked for even where nobody can have them.
    if name == SCENARIO and SCENARIO not in settings.environments:
        return _open(actor, f"so everybody may run scenarios of {resource.subject}.")
    return Decision(
        False,
        f"environments.{name}",
        f"The environment {name} asks for one of the roles {_listed(environment.roles)}, and studio.toml declares "
        f"nobody, so {actor} has none.",
        declaration(actor, environment.roles[:1]),
    )


def _not_a_reviewer(settings: Settings, actor: Actor, action: str, subject: str, fitting: Fitting) -> Decision | None:
    """Why the rule's roles keep `actor` out; None where they do not."""
    if is_open(settings):
        # Roles that somebody wrote down are asked for even where nobody can have them: a rule is never void.
        if not fitting.names_roles:
            return None
        reason = (
            f"{_started(fitting.name)} asks for one of the roles {_listed(fitting.rule.roles)}, and "
            f"studio.toml declares nobody, so {actor} has none."
        )
        return Decision(False, "roles", reason, declaration(actor, fitting.rule.roles[:1]))
    if not actor.known:
        return _unknown(settings, actor, action, fitting.rule.roles)
    decision = _by_role(actor, action, subject, fitting.rule.roles, fitting.name)
    return None if decision.allowed else decision


def _reviewer(settings: Settings, actor: Actor, action: str, subject: str, fitting: Fitting) -> Decision:
    if is_open(settings):
        everybody = f"everybody but the authors of {subject}" if action == "approve" else "everybody"
        return _open(actor, f"so {everybody} may {action} {'it' if action == 'approve' else subject}.")
    return _by_role(actor, action, subject, fitting.rule.roles, fitting.name)


def _by_role(actor: Actor, action: str, subject: str, roles: Iterable[str], rule: str) -> Decision:
    roles = sorted(roles)
    if shared := sorted(actor.roles.intersection(roles)):
        return Decision(True, "roles", f"{actor} is {_listed(shared)}, and {rule} lets this role {action} {subject}.")
    return Decision(
        False,
        "roles",
        f"{actor} has {_roles(actor)}, and {rule} asks for one of {_listed(roles)} to {action} {subject}.",
        "ask somebody with such a role, or for that role in studio.toml.",
    )


def _open(actor: Actor, consequence: str) -> Decision:
    reason = f"studio.toml declares nobody, and {actor} is known by an address only, {consequence}"
    return Decision(True, "open workspace", reason, declaration(actor))


def _unknown(settings: Settings, actor: Actor, action: str, roles: Iterable[str]) -> Decision:
    known = [*settings.people, *(address for one in settings.people.values() for address in one.emails)]
    return Decision(
        False,
        "people",
        f"{actor} is not among the people of studio.toml, and only they may {action} what lies here. "
        f"{suggest(actor.name, known)}",
        f"set STUDIO_ACTOR or git's user.email to the name or address of one of them, or "
        f"{declaration(actor, sorted(roles)[:1])}",
    )


def _roles(actor: Actor) -> str:
    if not actor.roles:
        return "no role"
    return f"the role{'s' if len(actor.roles) > 1 else ''} {_listed(sorted(actor.roles))}"


def _started(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


_ANSWERS: Mapping[str, Callable[[Settings, Actor, Resource], Decision]] = {
    "submit": _submit,
    "comment": _comment,
    "approve": _approve,
    "reject": _reject,
    "revoke": _revoke,
    "run": _run,
}
