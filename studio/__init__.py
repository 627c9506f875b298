"""The doorway for notebooks: few names, imported when first used.

``import studio`` must stay cheap (it is the first line of every notebook), so nothing
heavy is imported here; each name is fetched from its room on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.data.doorway import load, save
    from studio.data.testing.marks import contract
    from studio.notebooks.secrets import secret

__version__ = "0.1.0"

__all__ = ["contract", "load", "save", "secret"]

_HOMES = {
    "contract": "studio.data.testing.marks",
    "load": "studio.data.doorway",
    "save": "studio.data.doorway",
    "secret": "studio.notebooks.secrets",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'studio' has no attribute {name!r}. It offers: {', '.join(__all__)}.")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
