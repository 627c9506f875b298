"""Every decision has a reason; the table says which is which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.settings import ApprovalRule, Environment, Person, Policy, Settings
from studio.governance.decide import ACTIONS, Decision, Resource, decide
from studio.governance.people import Actor, person, stranger
from studio.governance.policy import fits

ROLES = ("analyst", "data scientist", "ML engineer", "operator", "owner")
TRAIN, PIPELINE = "notebooks/churn/train.ipynb", "pipelines/churn.yml"
SETTINGS = Settings(
    people={
        "ann": Person(emails=("ann@x.org",), roles=("analyst",)),
        "dan": Person(name="Dan", emails=("dan@x.org", "dan@home"), roles=("data scientist",)),
        "mel": Person(emails=("mel@x.org",), roles=("ML engineer",)),
        "oli": Person(emails=("oli@x.org",), roles=("operator",)),
        "own": Person(emails=("own@x.org",), roles=("owner",)),
        "non": Person(emails=("non@x.org",)),
    },
    policy=Policy(
        approvals=(
            ApprovalRule(notebooks=("notebooks/churn/*",), roles=("ML engineer",), signatures=True),
            ApprovalRule(notebooks=("notebooks/free/**",), roles=("data scientist", "owner"), own_changes=True),
        )
    ),
    environments={"lab": Environment(roles=("data scientist",))},
)
OPEN = Settings()


def ask(name: str, action: str, subject: str = TRAIN, settings: Settings = SETTINGS, **more: object) -> Decision:
    actor = person(settings, name) or stranger(name)
    return decide(settings, actor, action, Resource(subject, **more))  # type: ignore[arg-type]


TABLE = [
    # who, action, resource, allowed, rule, part of the reason
    ("dan", "submit", {}, True, "roles", "Dan (dan) is data scientist"),
    ("oli", "submit", {}, True, "roles", "operator"),
    ("ann", "submit", {}, False, "roles", "ann has the role analyst, and the built-in rule of submissions asks for"),
    ("non", "submit", {}, False, "roles", "non has no role"),
    ("dann@x.org", "submit", {}, False, "people", "Did you mean 'dan@x.org'?"),
    ("ann", "comment", {}, True, "people", "everybody there may comment"),
    ("non", "comment", {}, True, "people", "everybody there may comment"),
    ("eve@x.org", "comment", {}, False, "people", "eve@x.org is not among the people of studio.toml"),
    ("mel", "approve", {}, True, "roles", "approval rule 1 (notebooks/churn/*) lets this role approve"),
    ("mel", "approve", {"signed": True}, True, "roles", "mel is ML engineer"),
    ("mel", "approve", {"signed": False}, False, "signatures", "asks for a signed approval of " + TRAIN),
    ("mel", "approve", {"authors": frozenset({"MEL@x.org"})}, False, "own changes", "lets no author approve"),
    ("mel", "approve", {"authors": frozenset({"mel"})}, False, "own changes", "mel changed or submitted"),
    ("mel", "approve", {"authors": frozenset({"dan@x.org"})}, True, "roles", ""),
    ("own", "approve", {}, False, "roles", "own has the role owner, and approval rule 1"),
    ("own", "approve", {"subject": "notebooks/a.ipynb"}, True, "roles", "the built-in approval rule"),
    ("own", "approve", {"subject": "notebooks/churn/deep/a.ipynb"}, True, "roles", "the built-in approval rule"),
    ("mel", "approve", {"subject": PIPELINE, "signed": False}, True, "roles", "the built-in approval rule"),
    ("mel", "approve", {"subject": "notebooks/free/a.ipynb"}, False, "roles", "data scientist, owner"),
    (
        "dan",
        "approve",
        {"subject": "notebooks/free/b/a.ipynb", "authors": frozenset({"dan@home"})},
        True,
        "roles",
        "approval rule 2 (notebooks/free/**)",
    ),
    ("eve@x.org", "approve", {}, False, "people", "not among the people"),
    ("mel", "reject", {"authors": frozenset({"mel@x.org"})}, True, "roles", "reject"),
    ("dan", "reject", {}, False, "roles", "to reject"),
    ("mel", "revoke", {}, True, "roles", "revoke"),
    ("oli", "revoke", {}, True, "roles", "operator"),
    ("dan", "revoke", {}, False, "roles", "revoke"),
    ("dan", "revoke", {"approvers": frozenset({"dan"})}, True, "own approval", "may take it back"),
    ("eve@x.org", "revoke", {}, False, "people", ""),
    ("eve@x.org", "run", {"environment": "dev"}, True, "environments.dev", "names no roles"),
    ("oli", "run", {"environment": "prod"}, True, "environments.prod", "oli is operator"),
    ("ann", "run", {"environment": "prod"}, False, "environments.prod", "asks for one of ML engineer, operator, owner"),
    ("eve@x.org", "run", {"environment": "prod"}, False, "people", "may run in prod"),
    ("dan", "run", {"environment": "lab"}, True, "environments.lab", "Dan (dan) is data scientist"),
    ("dan", "run", {"environment": "prdo"}, False, "environments", "Did you mean 'prod'?"),
    ("dan", "aprove", {}, False, "actions", "Did you mean 'approve'?"),
]


@pytest.mark.parametrize(("who", "action", "resource", "allowed", "rule", "part"), TABLE)
def test_the_table(who: str, action: str, resource: dict[str, object], allowed: bool, rule: str, part: str) -> None:
    more = dict(resource)
    decision = ask(who, action, str(more.pop("subject", TRAIN)), **more)
    assert (decision.allowed, decision.rule) == (allowed, rule)
    assert part in decision.reason
    assert decision.allowed or decision.next


OPEN_TABLE = [
    ("submit", {}, True, "open workspace"),
    ("comment", {}, True, "open workspace"),
    ("approve", {}, True, "open workspace"),
    ("approve", {"authors": frozenset({"Eve@x.org"})}, False, "own changes"),
    ("reject", {}, True, "open workspace"),
    ("revoke", {}, True, "open workspace"),
    ("run", {"environment": "staging"}, True, "environments.staging"),
    ("run", {"environment": "prod"}, False, "environments.prod"),
    ("run", {"environment": "scenario"}, True, "open workspace"),
]


@pytest.mark.parametrize(("action", "resource", "allowed", "rule"), OPEN_TABLE)
def test_where_nobody_is_declared(action: str, resource: dict[str, object], allowed: bool, rule: str) -> None:
    decision = ask("eve@x.org", action, settings=OPEN, **resource)
    assert (decision.allowed, decision.rule) == (allowed, rule)
    if rule == "open workspace" or (action == "run" and not allowed):
        assert "studio.toml declares nobody" in decision.reason
        assert '[people.eve]\nemails = ["eve@x.org"]\nroles = [' in decision.next


@pytest.mark.parametrize(("actor", "allowed"), [(name, bool(one.roles)) for name, one in SETTINGS.people.items()])
def test_scenarios_are_for_everybody_with_a_role(actor: str, allowed: bool) -> None:
    decision = ask(actor, "run", environment="scenario")
    assert (decision.allowed, decision.rule) == (allowed, "environments.scenario")
    assert not ask("nobody@x.org", "run", environment="scenario").allowed


def test_roles_that_are_written_down_for_scenarios_are_asked_for_where_nobody_is_declared() -> None:
    written = Settings(environments={"scenario": Environment(requires=("approval",), roles=("analyst",))})
    decision = ask("eve@x.org", "run", settings=written, environment="scenario")
    assert (decision.allowed, decision.rule) == (False, "environments.scenario")


def test_roles_that_a_rule_names_are_asked_for_even_where_nobody_is_declared() -> None:
    written = Settings(policy=Policy(approvals=(ApprovalRule(roles=("owner",)),)))
    decision = ask("eve@x.org", "approve", settings=written)
    assert (decision.allowed, decision.rule) == (False, "roles")
    assert 'roles = ["owner"]' in decision.next
    unnamed = Settings(policy=Policy(approvals=(ApprovalRule(needed=2),)))
    assert ask("eve@x.org", "approve", settings=unnamed).allowed


names = st.sampled_from([*SETTINGS.people, "eve@x.org", "root", ""])
words = st.text(max_size=12)
resources = st.builds(
    Resource,
    subject=st.one_of(st.sampled_from([TRAIN, PIPELINE, "notebooks/free/x.ipynb"]), words),
    environment=st.one_of(st.sampled_from(["dev", "staging", "prod", "lab"]), words),
    authors=st.frozensets(st.one_of(names, words), max_size=3),
    signed=st.sampled_from([None, True, False]),
    approvers=st.frozensets(names, max_size=2),
)
actors = st.builds(
    Actor,
    name=st.one_of(names, words),
    emails=st.lists(words, max_size=2).map(tuple),
    roles=st.frozensets(st.one_of(st.sampled_from(ROLES), words), max_size=3),
    known=st.booleans(),
    title=words,
)
patterns = st.text("ab*?[", min_size=1, max_size=8)
rules = st.builds(
    ApprovalRule,
    notebooks=st.lists(st.one_of(st.sampled_from(["**", "notebooks/*", "*/**", "["]), patterns), min_size=1).map(tuple),
    roles=st.lists(st.sampled_from(ROLES), min_size=1).map(tuple),
    own_changes=st.booleans(),
    signatures=st.booleans(),
)
settings = st.builds(
    lambda people, approvals, roles: Settings(
        people=SETTINGS.people if people else {},
        policy=Policy(approvals=tuple(approvals)),
        environments={"lab": Environment(roles=tuple(roles))},
    ),
    st.booleans(),
    st.lists(rules, max_size=3),
    st.lists(st.sampled_from(ROLES), max_size=3),
)


@given(settings, actors, st.one_of(st.sampled_from(ACTIONS), words), resources)
def test_there_is_always_an_answer_with_a_rule_and_a_reason(
    settings: Settings, actor: Actor, action: str, resource: Resource
) -> None:
    decision = decide(settings, actor, action, resource)
    assert decision.rule
    assert decision.reason.strip()
    assert decision.allowed or decision.next.strip()
    assert decide(settings, actor, action, resource) == decision


@given(settings, actors, st.sampled_from(ACTIONS), resources, st.sampled_from(ROLES))
def test_one_more_role_takes_no_permission_away(
    settings: Settings, actor: Actor, action: str, resource: Resource, role: str
) -> None:
    more = Actor(actor.name, actor.emails, actor.roles | {role}, actor.known, actor.title)
    if decide(settings, actor, action, resource).allowed:
        assert decide(settings, more, action, resource).allowed


@given(settings, actors, resources)
def test_no_role_lets_an_author_approve(settings: Settings, actor: Actor, resource: Resource) -> None:
    own = Resource(resource.subject, authors=frozenset({actor.name.upper()}))
    decision = decide(settings, actor, "approve", own)
    if decision.allowed:
        assert any(rule.own_changes for rule in settings.policy.approvals)


@pytest.mark.parametrize(
    ("pattern", "subject", "fitting"),
    [
        ("**", TRAIN, True),
        ("notebooks/churn/*", TRAIN, True),
        ("notebooks/*", TRAIN, False),
        ("notebooks/**/train.ipynb", TRAIN, True),
        ("notebooks/**/train.ipynb", "notebooks/train.ipynb", True),
        ("notebooks/", TRAIN, True),
        ("./notebooks/churn/tr?in.ipynb", TRAIN, True),
        ("**/*.ipynb", TRAIN, True),
        ("*.ipynb", TRAIN, False),
        ("pipelines/*.yml", PIPELINE, True),
        ("pipelines/*.yml", TRAIN, False),
        ("notebooks/churn/train.ipynb", TRAIN + "x", False),
        ("notebooks/churn/train.ipynb", TRAIN, True),
        ("notebooks/churn/train+ipynb", TRAIN, False),
        ("notebooks/[a-z]*/**", TRAIN, False),
    ],
)
def test_patterns(pattern: str, subject: str, fitting: bool) -> None:
    assert fits(pattern, subject) is fitting
