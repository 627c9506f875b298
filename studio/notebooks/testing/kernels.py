"""What the tests of a notebook ask of a kernel; the rooms above give one (`studio.pipelines.session`).

The room of notebooks starts no process, so that the same tests can run in whatever kernel a caller has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

MIME = "application/vnd.studio.tests+json"
"""What `studio.notebooks.testing.inside` publishes its answers as."""


@dataclass(frozen=True)
class Reply:
    """What came of a piece of source.

    Attributes
    ----------
    status : str
        ``ok``; ``error`` it raised; ``timeout`` it was interrupted and stopped, so the kernel can go on;
        ``died`` the kernel is gone, or was ended since it did not stop.
    seconds : float
        How long it took.
    message : str
        Why the kernel is gone, as a sentence; empty otherwise.
    ename, evalue : str
        The exception, where there was one.
    traceback : str
        As the kernel showed it.
    output : str
        What was printed, bounded.
    answers : tuple
        What was published as `MIME`.
    """

    status: Literal["ok", "error", "timeout", "died"]
    seconds: float
    message: str = ""
    ename: str = ""
    evalue: str = ""
    traceback: str = ""
    output: str = ""
    answers: tuple[Any, ...] = ()


class Kernel(Protocol):
    """A running kernel."""

    def run(self, source: str, seconds: float | None, *, quiet: bool = False) -> Reply:
        """Execute `source` within `seconds`; `quiet` leaves no trace in the notebook's history."""

    def interrupt(self) -> None:
        """Interrupt what is running; may be called from a signal's handler."""

    def close(self) -> None:
        """End the kernel and everything that it started; a second call changes nothing."""


class KernelDidNotStart(Exception):
    """No kernel came up; the message is a sentence."""


class Kernels(Protocol):
    """Where kernels come from."""

    def start(self, folder: Path, environment: Mapping[str, str]) -> Kernel:
        """A fresh kernel.

        Parameters
        ----------
        folder : Path
            Its working folder.
        environment : Mapping[str, str]
            What its environment has besides the caller's.

        Raises
        ------
        KernelDidNotStart
            When none came up.
        """
