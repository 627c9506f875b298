"""The apps for Lab's launcher: which there are, and where each is opened, behind Jupyter."""

from __future__ import annotations

from typing import Literal

from studio.server.place import Place
from studio.server.routing import Model, Routes

routes = Routes("apps")


class App(Model):
    """One app."""

    name: str
    title: str
    description: str
    origin: Literal["workspace", "studio"]
    """Whether it is of the workspace or came with Studio."""
    address: str
    """Where a browser opens it, from Jupyter's host on; "" for one that cannot be shown."""
    path: str | None
    """Its notebook, as Jupyter calls it; None for one that lies elsewhere."""
    problem: str
    """Why it cannot be shown; "" for one that can."""


class Apps(Model):
    """All apps, by title."""

    apps: list[App]


@routes.get()
def apps(place: Place) -> Apps:
    """The apps of the workspace, and those that come with Studio."""
    from studio.server.apps import behind
    from studio.workflows.apps.listing import list_apps

    workspace = place.workspace
    return Apps(
        apps=[
            App(
                name=app.name,
                title=app.title,
                description=app.description,
                origin=app.origin,
                address="" if app.problem else behind.address(place.base_url, app.name),
                path=place.lab_path(workspace.shown(app.file)) if app.file.is_relative_to(workspace.root) else None,
                problem=app.problem,
            )
            for app in list_apps(workspace)
        ]
    )
