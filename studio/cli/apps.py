"""``studio apps``: the apps of the workspace, as a list and as pages."""

from __future__ import annotations

from typing import Annotated

import typer

from studio.cli.output import Json, program, show, table

app = typer.Typer(no_args_is_help=True, help="Pages for people who read results: list and serve them.")


@app.command("list")
def list_apps(as_json: Json = False) -> None:
    """List the apps of the workspace and those that come with Studio."""
    from studio.core.workspace import find_workspace
    from studio.workflows.apps import listing

    found = listing.list_apps(find_workspace())

    def text() -> str:
        if not found:
            return f"There is no app yet. Next: {program()} notebooks new notebooks/apps/mine.ipynb --template app"
        rows = [(one.name, one.origin, one.title, one.problem or one.description) for one in found]
        return table(["APP", "OF", "TITLE", "WHAT IT IS FOR"], rows)

    show({"apps": [one.as_dict() for one in found]}, as_json, text)


@app.command()
def serve(
    apps: Annotated[
        list[str] | None, typer.Argument(metavar="[APP]…", help="Which apps; without one, all.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8866,
    ip: Annotated[str, typer.Option("--ip", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="NAME", help="A name under which browsers may ask, beside localhost."),
    ] = None,
    kernels: Annotated[
        int, typer.Option("--kernels", min=1, max=256, help="The most kernels at one time: one for each open page.")
    ] = 8,
    ahead: Annotated[
        int, typer.Option("--ahead", min=0, max=16, help="How many pages of each app are kept ready.")
    ] = 1,
    idle: Annotated[
        float, typer.Option("--idle", min=0.05, metavar="MINUTES", help="Close a page on which nothing happens.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Serve apps as pages, until interrupted.

    The address that is printed holds a token; the browser remembers it.
    """
    from studio.workflows.apps.serve import ServeRequest, serve_apps

    serve_apps(
        ServeRequest(
            names=tuple(apps or ()),
            ip=ip,
            port=port,
            hosts=tuple(host or ()),
            kernels=kernels,
            ahead=ahead,
            idle=idle,
            as_json=as_json,
        )
    )
