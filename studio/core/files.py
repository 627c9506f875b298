"""Files written whole or not at all, digests, and the border of the workspace."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from studio.core.errors import BadInput, StudioError


class CannotWrite(StudioError):
    """The disk, a permission or a limit keeps Studio from writing; earlier content is untouched."""

    exit_status = 2

    def __init__(self, path: Path, error: OSError) -> None:
        reason = error.strerror or str(error)
        super().__init__(
            f"{path} cannot be written: {reason}. What was there before is untouched. "
            "Next: free space or correct the folder's permissions, then repeat the command."
        )


class CannotUse(BadInput):
    """What the operating system refused to do with a file or a folder."""

    def __init__(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        named = f"{short(error.filename)}: {reason}" if error.filename is not None else reason
        super().__init__(f"{named}. Next: correct that file, folder or permission, then repeat the command.")


def short(path: object) -> str:
    """A path for a message, its middle left out where it is longer than any reader's patience."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:120]}…{text[-60:]}"


@contextlib.contextmanager
def writing_atomic(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A binary file that replaces `path` when the block ends well, and leaves no trace when it does not.

    The bytes go to a temporary file in the same folder, are synced to the disk (unless `durable`
    is False) and renamed, so that a reader sees the old content or the new, never a part.

    Raises
    ------
    CannotWrite
        When the file system refuses (full, read-only, no permission).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name[:80]}.{secrets.token_hex(6)}.tmp"
        file = temporary.open("xb")
    except OSError as error:
        raise CannotWrite(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CannotWrite(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all; see `writing_atomic`."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with writing_atomic(path, durable=durable) as file:
        file.write(data)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write `value` as indented UTF-8 JSON with sorted keys and no NaN, whole or not at all."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_atomic(path, text + "\n", durable=durable)


def open_regular(path: Path) -> BufferedReader:
    """A regular file, open for reading; a pipe, a device or a folder is an OSError, and none of them is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "It is no regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def digest_bytes(content: bytes) -> str:
    """SHA-256 of `content` in hexadecimal (64 characters)."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a regular file's bytes in hexadecimal, read in pieces."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def frame(*parts: bytes | str) -> bytes:
    """The parts, each preceded by its length in bytes, so that no two lists of parts look alike.

    >>> frame("ab", "c") != frame("a", "bc")
    True
    """
    framed = bytearray()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        framed += len(data).to_bytes(8, "big") + data
    return bytes(framed)


def canonical_json(value: Any) -> str:
    """One text for one JSON value: sorted keys, no white space, ASCII; NaN is a ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def inside(root: Path, path: str | Path, what: str) -> Path:
    """`path` (taken relative to `root`) resolved, links followed, if it lies inside `root`.

    Raises
    ------
    BadInput
        When it leads outside; `what` names the thing in the message ("notebook", "module", …).
    """
    if "\x00" in str(path):
        raise BadInput(f"The {what} path {str(path)!r} holds a NUL character. Next: correct the path.")
    try:
        resolved = (root / path).resolve()
        resolved.exists()  # a name that is too long, or a folder that may not be entered, is met here
    except (OSError, RuntimeError) as error:
        # A link that leads to itself is a RuntimeError before Python 3.13.
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(
            f"The {what} path {short(path)!r} cannot be followed: {reason}. Next: correct the path or its permissions."
        ) from error
    home = root.resolve()
    if not resolved.is_relative_to(home):
        raise BadInput(
            f"The {what} path {short(path)!r} leads outside the workspace {root}. "
            f"Next: move the {what} into the workspace."
        )
    try:
        str(resolved.relative_to(home)).encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"The {what} path {short(path)!r} is not UTF-8. Next: rename the file or its folder.") from error
    return resolved


def shown(root: Path, path: Path) -> str:
    """`path` as a user of the workspace would name it: relative with '/' where inside, absolute otherwise."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(path)
