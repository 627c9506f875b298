"""``studio lab``: JupyterLab on the workspace."""

from __future__ import annotations

import typer


def lab(context: typer.Context) -> None:
    """Open JupyterLab on the workspace, with its apps; all arguments are JupyterLab's."""
    from studio.cli.output import say
    from studio.workflows.open_lab import MEND_PANELS, NO_PANELS, has_panels, open_lab

    if not has_panels():
        say(f"JupyterLab opens without Studio's panels: {NO_PANELS}. Next: {MEND_PANELS}")
    open_lab(context.args)
