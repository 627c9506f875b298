"""Who acts, by what the environment, git and studio.toml say."""

from __future__ import annotations

import subprocess

import pytest

from studio.core.errors import BadInput
from studio.core.settings import Settings
from studio.core.workspace import Workspace
from studio.governance.people import Actor, current_actor, declaration, person, stranger
from tests.conftest import Place

PEOPLE = """version = 1
[people.ada]
name = "Ada Lovelace"
emails = ["ada@example.org", "Ada@home.example"]
roles = ["data scientist", "owner"]
[people.ben]
emails = ["ben@example.org"]
"""


@pytest.fixture
def git(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A workspace in git, free of the caller's configuration."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    subprocess.run(["git", "init", "-q", str(place.root)], check=True)
    return place


def address(place: Place, value: str) -> None:
    subprocess.run(["git", "-C", str(place.root), "config", "user.email", value], check=True)


def test_the_variable_names_a_person_by_short_name_or_address(git: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    git.write("studio.toml", PEOPLE)
    address(git, "ben@example.org")
    for named in ("ada", " ada ", "ADA@example.org", "ada@home.example"):
        monkeypatch.setenv("STUDIO_ACTOR", named)
        found = current_actor(Workspace(git.root))
        assert (found.name, found.known, found.roles) == ("ada", True, {"data scientist", "owner"})
        assert (str(found), found.address) == ("Ada Lovelace (ada)", "ada@example.org")


def test_a_variable_that_names_nobody_is_refused_with_the_nearest_name(
    git: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    git.write("studio.toml", PEOPLE)
    monkeypatch.setenv("STUDIO_ACTOR", "adda")
    with pytest.raises(BadInput, match=r"STUDIO_ACTOR is 'adda', and .* Did you mean 'ada'\?"):
        current_actor(Workspace(git.root))
    monkeypatch.setenv("STUDIO_ACTOR", "ben@exampel.org")
    with pytest.raises(BadInput, match=r"Did you mean 'ben@example\.org'\?"):
        current_actor(Workspace(git.root))


def test_git_knows_the_address_else_the_system_the_login(git: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    git.write("studio.toml", PEOPLE)
    address(git, "BEN@Example.org")
    assert current_actor(Workspace(git.root)) == Actor("ben", ("ben@example.org",), frozenset(), known=True)
    address(git, "eve@example.org")
    assert current_actor(Workspace(git.root)) == Actor("eve@example.org", ("eve@example.org",), frozenset(), False)
    address(git, "")
    monkeypatch.setenv("LOGNAME", "somebody")
    assert current_actor(Workspace(git.root)) == Actor("somebody", (), frozenset(), known=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert current_actor(Workspace(git.root)).name == "somebody"


def test_where_nobody_is_declared_an_address_is_taken_as_it_is(git: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    address(git, "eve@example.org")
    assert not current_actor(Workspace(git.root)).known
    monkeypatch.setenv("STUDIO_ACTOR", "ada@example.org")
    assert current_actor(Workspace(git.root)).emails == ("ada@example.org",)
    monkeypatch.setenv("STUDIO_ACTOR", "ada")
    with pytest.raises(BadInput, match=r"declares nobody.*\n\[people\.ada\]\nemails"):
        current_actor(Workspace(git.root))


@pytest.mark.parametrize("name", ["Eve.O'Hara@example.org", "root", "+@x", "ÄÖ@x", "a b"])
def test_the_proposed_lines_declare_the_actor(name: str) -> None:
    import tomllib

    lines = declaration(stranger(name), ["ML engineer"]).partition("\n")[2]
    found = Settings.model_validate(tomllib.loads(lines))
    (actor,) = [person(found, short) for short in found.people]
    assert actor is not None
    assert actor.roles == {"ML engineer"}
    if "@" in name:
        assert actor.owns(name)
