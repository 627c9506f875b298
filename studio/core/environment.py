"""What a notebook runs in: interpreter and installed distributions, as a text and its digest."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

from studio.core.files import digest_bytes


@cache
def environment_lock() -> str:
    """The interpreter and every installed distribution with its version, one a line, sorted.

    Read from the names of the ``.dist-info`` folders on ``sys.path`` (a directory listing, so that a
    reuse decision costs milliseconds); editable installations count by name and version.
    """
    lines = {f"python=={platform.python_version()}", f"platform=={sys.platform}-{platform.machine()}"}
    for entry in dict.fromkeys(sys.path):
        folder = Path(entry or ".")
        if folder.name not in {"site-packages", "dist-packages"} or not folder.is_dir():
            continue
        for item in folder.iterdir():
            if item.suffix == ".dist-info" and "-" in item.stem:
                name, version = item.stem.rsplit("-", 1)
                lines.add(f"{name.lower().replace('_', '-').replace('.', '-')}=={version}")
    return "\n".join(sorted(lines)) + "\n"


def environment_digest() -> str:
    """SHA-256 of `environment_lock`."""
    return digest_bytes(environment_lock().encode())
