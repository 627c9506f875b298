"""Imports without what a library loads on the side and does not need here."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

NOTEBOOK_LIBRARIES_DO_WITHOUT = ("rfc3987_syntax", "isoduration", "pyarrow", "boto3", "azure", "gcsfs", "github")
"""What nbformat and papermill try to import and Studio makes no use of.

rfc3987_syntax builds a grammar (0.8 s) for a check of JSON Schema's format "iri", isoduration for "duration"; the
schema of notebooks uses no format. The others serve papermill's reading from addresses; Studio gives it documents.
"""


class _Absent:
    """Says of some modules that they are not installed, to one thread, as long as it stands in ``sys.meta_path``."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.thread = threading.get_ident()

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the signature of finders
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Refuse the names; leave all else to the finders that follow."""
        if name in self.names and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(f"{name} is left out here", name=name)
        return None


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """Let this thread's imports within the block behave as if the modules `names` were not installed.

    For libraries that guard an optional import with ``except ImportError``. A module that is loaded already
    stays usable, other threads notice nothing, and ``sys.modules`` is not touched: after the block the
    modules can be imported as ever.
    """
    absent = _Absent(names)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


def notebook_libraries() -> contextlib.AbstractContextManager[None]:
    """The block in which to import nbformat, papermill or nbconvert for the first time: a third of the cost.

    >>> with notebook_libraries():
    ...     import nbformat
    """
    return without(*NOTEBOOK_LIBRARIES_DO_WITHOUT)
