"""``studio notebooks``: a new notebook from a template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.output import Json, program, show, table

app = typer.Typer(no_args_is_help=True, help="Make notebooks from templates.")


@app.command()
def new(
    path: Annotated[
        Path,
        typer.Argument(metavar="[NOTEBOOK|FOLDER]", help="The new notebook, or a folder for it.", show_default=False),
    ] = Path(),
    template: Annotated[
        str, typer.Option("--template", "-t", metavar="TEMPLATE", help="What to make it from.")
    ] = "exploration",
    as_json: Json = False,
) -> None:
    """Make a notebook that runs and passes its tests; overwrites nothing."""
    from studio.core.workspace import find_workspace
    from studio.workflows.new_notebook import new_notebook, notebook_place

    workspace = find_workspace()
    made = new_notebook(workspace, template, *notebook_place(workspace, path, Path.cwd()))

    def text() -> str:
        also = "".join(f"\nwrote {name}, too" for name in made.also)
        return f"Made {made.path} from the template {template}.{also}\nNext: {program()} test {made.path}"

    show(made.as_dict(), as_json, text)


@app.command()
def templates(as_json: Json = False) -> None:
    """List the templates."""
    from studio.workflows.new_notebook import list_templates

    found = list_templates()
    show(
        {"templates": [item.as_dict() for item in found]},
        as_json,
        lambda: table(["TEMPLATE", "PHASE", "WHAT IT DOES"], [(t.name, t.phase, t.description) for t in found]),
    )
