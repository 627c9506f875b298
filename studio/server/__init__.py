"""The Jupyter server extension: authenticate, parse, call one workflow, answer."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter loads: the extension's class, imported only by a Jupyter server."""
    from studio.server.extension import StudioExtension

    return [{"module": "studio.server", "app": StudioExtension}]
