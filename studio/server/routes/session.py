"""Who works here, where, and what this workspace can show: the first thing that the front end asks."""

from __future__ import annotations

from studio.server.routing import Model, Routes

routes = Routes("session")


class Session(Model):
    """The workspace and the person in front of it."""

    workspace: str
    """The workspace's root, as a path on the server."""
    prefix: str
    """What Jupyter puts before the workspace's names of files: "" or "folder/"."""
    project: str
    actor: str
    name: str
    roles: list[str]
    """Empty where nobody is declared in studio.toml."""
    open: bool
    """Whether the workspace is open: nobody is declared."""
    version: str
    environments: list[str]
    git: bool


# get "" -> Session
