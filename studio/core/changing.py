"""A change to a workspace's files: one after the other, a new file over no other, and taken back where it fails."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.files import CannotWrite, write_atomic
from studio.core.locks import lock
from studio.core.workspace import Workspace

PATIENCE = 20.0
"""Seconds to wait for the change of another."""


class Change:
    """Writes files, and remembers what there was; made by `changing`."""

    def __init__(self, undo: contextlib.ExitStack) -> None:
        self._undo = undo

    def make_folder(self, folder: Path) -> None:
        """Make `folder` and the folders above it where they do not exist; CannotWrite when the file system refuses."""
        try:
            for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
                one.mkdir(exist_ok=True)
                self._undo.callback(_suppressed, one.rmdir)
        except OSError as error:
            raise CannotWrite(folder, error) from error

    def create(self, path: Path, content: str) -> None:
        """Write a new file (text as UTF-8), whole or not at all.

        Raises
        ------
        FileExistsError
            When there is something of that name, also when somebody else made it in this moment.
        CannotWrite
            When the file system refuses.
        """
        self.make_folder(path.parent)
        temporary = path.parent / f".{path.name[:80]}.{secrets.token_hex(6)}.new"
        write_atomic(temporary, content)
        try:
            _place(temporary, path)
        except FileExistsError:
            raise
        except OSError as error:
            raise CannotWrite(path, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        self._undo.callback(_suppressed, path.unlink)

    def replace(self, path: Path, content: str) -> None:
        """Write a file (text as UTF-8), new or in place of what is there; CannotWrite when the file system refuses."""
        try:
            before = path.read_bytes()
        except FileNotFoundError:
            self.create(path, content)
            return
        except OSError as error:
            raise CannotWrite(path, error) from error
        write_atomic(path, content)
        self._undo.callback(_suppressed, lambda: _put_back(path, before, content))


@contextlib.contextmanager
def changing(workspace: Workspace) -> Iterator[Change]:
    """The one change to the workspace for the block; it is taken back, files and folders, when the block raises.

    Whatever decides the change is read in the block: nobody else, of any process, changes anything through here then.

    Raises
    ------
    Locked
        When another's change does not end.
    """
    with lock(workspace.root / ".studio" / "changes.lock", seconds=PATIENCE), contextlib.ExitStack() as undo:
        yield Change(undo)
        undo.pop_all()  # it is done, and stays


def _place(temporary: Path, path: Path) -> None:
    """Give a finished file its name, which nothing may have yet."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, and filled then
        path.open("xb").close()
        temporary.replace(path)


def _put_back(path: Path, before: bytes, content: str) -> None:
    if path.read_bytes() == content.encode():  # else somebody else has saved it since
        write_atomic(path, before)


def _suppressed(undo: Callable[[], object]) -> None:
    """What cannot be taken back is left, and the error that led here is told."""
    with contextlib.suppress(OSError, CannotWrite):
        undo()
