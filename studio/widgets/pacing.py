"""Calls that are wanted more often than anybody can see: the first is made at once, those that follow soon as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Calls `call` at most once in `interval` seconds, and always once after the last wish; from every thread."""

    def __init__(self, call: Callable[[], None], interval: float = 0.1) -> None:
        self._call = call
        self._interval = interval
        self._guard = threading.Lock()
        self._last = -interval
        self._timer: threading.Timer | None = None

    def wish(self) -> None:
        """Make the call soon."""
        with self._guard:
            if self._timer is not None:
                return
            rest = self._last + self._interval - time.monotonic()
            if rest > 0:
                self._timer = threading.Timer(rest, self.now)
                self._timer.daemon = True
                self._timer.start()
                return
        self.now()

    def now(self) -> None:
        """Make the call, and with it every one that was wanted before."""
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._last = time.monotonic()
        self._call()
