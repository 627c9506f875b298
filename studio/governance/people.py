"""Who acts: the person of studio.toml behind a short name or an address, or somebody whom nobody declared.

An actor is who somebody says to be: git's address, or STUDIO_ACTOR. Only a signature proves it.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.errors import BadInput
from studio.core.identifiers import suggest
from studio.core.settings import Settings
from studio.core.workspace import Workspace

VARIABLE = "STUDIO_ACTOR"


@dataclass(frozen=True)
class Actor:
    """Somebody who acts.

    Attributes
    ----------
    name : str
        The short name in studio.toml; the address, or the login name, of somebody who is not known there.
    emails : tuple of str
        Addresses; the first is the one that records show. May be empty for somebody not known.
    roles : frozenset of str
        Roles; none for somebody not known.
    known : bool
        Whether studio.toml declares this person.
    title : str
        The name for people to read; may be empty.
    """

    name: str
    emails: tuple[str, ...]
    roles: frozenset[str]
    known: bool
    title: str = ""

    @property
    def address(self) -> str:
        """The first address; empty where none is known."""
        return self.emails[0] if self.emails else ""

    def owns(self, name: str) -> bool:
        """Whether `name`, a short name or an address, is this actor's."""
        return name.casefold() in {self.name.casefold(), *(address.casefold() for address in self.emails)}

    def __str__(self) -> str:
        return f"{self.title} ({self.name})" if self.title else self.name


def current_actor(workspace: Workspace) -> Actor:
    """Who acts now: STUDIO_ACTOR, else the address in git's configuration, else the login name.

    Raises
    ------
    BadInput
        When STUDIO_ACTOR names nobody whom studio.toml declares.
    """
    settings = workspace.settings
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return _named(settings, named)
    address = _git_address(workspace)
    if address:
        return person(settings, address) or stranger(address)
    return stranger(_login())


def person(settings: Settings, name: str) -> Actor | None:
    """The declared person with the short name or address `name`, capital letters or not; None where there is none."""
    for short, found in settings.people.items():
        if name == short or name.lower() in {address.lower() for address in found.emails}:
            return Actor(short, found.emails, frozenset(found.roles), known=True, title=found.name)
    return None


def stranger(name: str) -> Actor:
    """Somebody of whom only an address or a login name is known."""
    return Actor(name, (name,) if "@" in name else (), frozenset(), known=False)


def is_open(settings: Settings) -> bool:
    """Whether nobody is declared, so that people are known by their addresses only."""
    return not settings.people


def declaration(actor: Actor, roles: Iterable[str] = ("owner",)) -> str:
    """The lines of studio.toml that make `actor` somebody with `roles`, as a next step."""
    short = re.sub(r"[^a-z0-9_-]+", "-", actor.name.partition("@")[0].lower()).strip("-_")[:64] or "you"
    listed = ", ".join(f'"{role}"' for role in roles)
    address = actor.address or f"{short}@example.org"
    return f"write into studio.toml:\n[people.{short}]\nemails = [{json.dumps(address)}]\nroles = [{listed}]"


def _named(settings: Settings, named: str) -> Actor:
    found = person(settings, named)
    if found is not None:
        return found
    if is_open(settings):
        if "@" in named:
            return stranger(named)
        raise BadInput(
            f"{VARIABLE} is {named[:100]!r}, and studio.toml declares nobody. "
            f"Next: give an address, or {declaration(stranger(named))}"
        )
    known = [*settings.people, *(address for one in settings.people.values() for address in one.emails)]
    raise BadInput(
        f"{VARIABLE} is {named[:100]!r}, and studio.toml declares nobody of that name or address. "
        f"{suggest(named, known)}"
    )


def _git_address(workspace: Workspace) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(workspace.root), "config", "user.email"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id that the system has no name for; KeyError before Python 3.13
        return f"user-{os.getuid()}"
