"""A workspace: the folder that holds ``studio.toml``, and where everything in it lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from studio.core import files
from studio.core.errors import BadInput
from studio.core.settings import Settings, load_settings

FILE = "studio.toml"
VARIABLE = "STUDIO_WORKSPACE"
SAMPLED = "STUDIO_SAMPLED"
"""In a kernel's environment: it works on sample data, in the state that is kept apart for it."""
_CHOSEN: ContextVar[Path | None] = ContextVar("workspace", default=None)


class NoWorkspace(BadInput):
    """There is no studio.toml here or in any folder above."""

    def __init__(self, start: Path) -> None:
        super().__init__(
            f"No {FILE} was found in {start} or in any folder above it, so this is no Studio workspace. "
            "Next: change into a workspace, or make one here with: studio init"
        )


@dataclass(frozen=True)
class Workspace:
    """The root of a workspace and its settings; every other room asks it where things are.

    Attributes
    ----------
    root : Path
        The folder that holds studio.toml.
    sampled : bool
        Whether sources are replaced by their samples, and everything that is made lies apart in ``.studio/sample/``
        (snapshots, runs, cache, MLflow store), so that functional tests never touch real results.
    """

    root: Path
    sampled: bool = False

    @cached_property
    def settings(self) -> Settings:
        """What studio.toml says, read once."""
        return load_settings(self.root / FILE)

    @property
    def state(self) -> Path:
        """``.studio/``: everything that is made here and not committed."""
        own = self.root / ".studio"
        return own / "sample" if self.sampled else own

    @property
    def environment(self) -> dict[str, str]:
        """What a kernel's environment says of the workspace."""
        return {VARIABLE: str(self.root), SAMPLED: "1" if self.sampled else "0"}

    @property
    def approvals(self) -> Path:
        """The folder of the approvals, committed with the code."""
        return self.pipelines / "approvals"

    @property
    def reviews(self) -> Path:
        """The folder of the submissions and their review packets."""
        return self.root / ".studio" / "reviews"

    @property
    def ledger(self) -> Path:
        """The file of the embedded ledger; one for the workspace, sampled or not."""
        return self.root / ".studio" / "ledger.db"

    @property
    def pipelines(self) -> Path:
        """The folder of the pipeline files."""
        return self.root / "pipelines"

    @property
    def catalog(self) -> Path:
        """The catalog's file."""
        return self.pipelines / "catalog.yml"

    @property
    def contracts(self) -> Path:
        """The folder of the contracts."""
        return self.pipelines / "contracts"

    @property
    def snapshots(self) -> Path:
        """The folder of the dataset snapshots."""
        return self.state / "snapshots"

    @property
    def runs(self) -> Path:
        """The folder of the run records: one folder a run."""
        return self.state / "runs"

    @property
    def cache(self) -> Path:
        """The folder of the reuse index and of remembered digests; may be deleted at any time."""
        return self.state / "cache"

    def inside(self, path: str | Path, what: str) -> Path:
        """`path` relative to the root, resolved; BadInput when it leads outside."""
        return files.inside(self.root, path, what)

    def shown(self, path: Path) -> str:
        """`path` as a user of this workspace would name it."""
        return files.shown(self.root, path)


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """While the block lasts, `find_workspace` in this context (thread, asyncio coroutine) starts from `folder`.

    For a server, whose current folder is nobody's.
    """
    token = _CHOSEN.set(folder)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace of `start`, of `working_in`, of ``$STUDIO_WORKSPACE``, or of the current folder: there or above.

    Raises
    ------
    NoWorkspace
        When there is none.
    """
    start = start or _CHOSEN.get()
    named = os.environ.get(VARIABLE)
    if start is None and named:
        root = Path(named)
        if (root / FILE).is_file():
            return Workspace(root.resolve(), sampled=os.environ.get(SAMPLED) == "1")
        raise NoWorkspace(root)
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE).is_file():
            return Workspace(candidate)
    raise NoWorkspace(folder)
