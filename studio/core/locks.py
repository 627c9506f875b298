"""Locks between processes: held through an open file, so the system frees them when their holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.files import CannotWrite


class Locked(StudioError):
    """Another process holds what this one needs."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(
            f"{path} is held by another Studio process and was not released within {seconds:g} s. "
            "Next: wait for that process to end, then repeat the command."
        )


def try_lock(path: Path) -> int | None:
    """The descriptor of a lock now held on `path` (close it to release), or None when another holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise CannotWrite(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on `path`; never keeps it from anybody for long, and makes no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe is not waited for
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, so that two who look do not see each other
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def lock(path: Path, *, seconds: float = 60.0) -> Iterator[None]:
    """Hold the lock on `path` for the block; Locked when it is not free within `seconds`."""
    end = time.monotonic() + seconds
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= end:
            raise Locked(path, seconds)
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(descriptor)
