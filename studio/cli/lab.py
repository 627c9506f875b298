"""``studio lab``: JupyterLab on the workspace."""

from __future__ import annotations

import typer


def lab(context: typer.Context) -> None:
    """Open JupyterLab on the workspace, with its apps; all arguments are JupyterLab's."""
    from studio.workflows.open_lab import open_lab

    open_lab(context.args)
