"""``studio check``: everything that is wrong in this workspace, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.output import Json, show


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[NOTEBOOK]...", help="Notebooks to check; without any, the whole workspace."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check notebooks, pipelines and contracts.

    Nothing is run. The exit status is 1 when something is wrong.
    """
    from studio.workflows.check_workspace import check_workspace

    checked = check_workspace(tuple(paths or ()), Path.cwd())

    def text() -> str:
        lines = [str(problem) for problem in checked.problems]
        lines.append(f"{checked.summary}: {_count(len(checked.problems))}.")
        return "\n".join(lines)

    show(checked.as_dict(), as_json, text)
    raise typer.Exit(1 if checked.problems else 0)


def _count(problems: int) -> str:
    return {0: "no problem", 1: "1 problem"}.get(problems, f"{problems} problems")
