"""``studio init``: a small workspace that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.output import Json, show


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where to make the workspace; created where it does not exist.")
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Make a small workspace that runs; overwrites nothing."""
    from studio.workflows.init_workspace import init_workspace

    made = init_workspace(folder)
    here = made.root == Path.cwd()
    enter = "" if here else f"  cd {folder}\n"
    show(
        {"workspace": str(made.root), "created": list(made.created)},
        as_json,
        lambda: (
            f"Made a workspace in {made.root} ({len(made.created)} files).\n\nNext:\n{enter}"
            "  studio pipelines plan first\n  studio run first\n  studio test first"
        ),
    )
