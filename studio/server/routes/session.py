"""Who works here, where, and what this workspace can show: the first thing that the front end asks."""

from __future__ import annotations

from studio.server.place import Place
from studio.server.routing import Model, Routes

routes = Routes("session")


class Session(Model):
    """The workspace and the person in front of it."""

    workspace: str
    """The workspace's root, as a path on the server."""
    prefix: str
    """The folder of the workspace that Jupyter shows, "" or "folder/": a subject is it and Jupyter's path."""
    project: str
    actor: str
    name: str
    roles: list[str]
    """Empty where nobody is declared in studio.toml."""
    open: bool
    """Whether the workspace is open: nobody is declared."""
    environments: list[str]


@routes.get()
def session(place: Place) -> Session:
    """The workspace, and who works in it."""
    from studio.core.settings import ENVIRONMENTS
    from studio.governance.people import current_actor, is_open

    workspace = place.workspace
    settings = workspace.settings
    actor = current_actor(workspace)
    shown = place.root.resolve().relative_to(workspace.root.resolve()).as_posix()
    return Session(
        workspace=str(workspace.root),
        prefix="" if shown == "." else f"{shown}/",
        project=settings.project.name,
        actor=actor.name,
        name=actor.title or actor.name,
        roles=sorted(actor.roles),
        open=is_open(settings),
        environments=list(dict.fromkeys([*ENVIRONMENTS, *settings.environments])),
    )
