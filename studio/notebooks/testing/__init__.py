"""Tests in notebooks: which cells they need, how they run in a kernel as pytest would run them, what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.notebooks.testing.cases import test_notebook

__all__ = ["test_notebook"]


def __getattr__(name: str) -> Any:
    # Fetched when asked for: kernels import a part of this room, and shall not pay for the rest.
    if name != "test_notebook":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from studio.notebooks.testing.cases import test_notebook

    return test_notebook
