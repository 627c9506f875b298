"""Blocking work off Jupyter's event loop: a few threads, and a bound on what waits for them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from studio.server.failures import Failure

THREADS = 6
WAITING = 60
Answer = TypeVar("Answer")


class Threads:
    """Threads for the routes' functions.

    Parameters
    ----------
    threads : int
        How many functions run at the same time.
    waiting : int
        How many more may wait before the next one is told that the server is busy.
    """

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="studio")
        self._bound = threads + waiting
        self._under_way = 0
        self._closed = False

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """What `call` returns, in a copy of this context.

        Raises
        ------
        Failure
            When too much waits already, or Jupyter is about to end (503).
        """
        if self._closed:
            raise Failure(503, "Jupyter is stopping.", "start it again, then load the page again.", "Stopping")
        if self._under_way >= self._bound:
            message = f"Studio is busy: {self._under_way} requests wait for an answer."
            raise Failure(503, message, "wait a little, then repeat it.", "Busy", headers={"Retry-After": "2"})
        context = contextvars.copy_context()
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(call))
        future.add_done_callback(self._done)  # also when nobody waits for it any more: the thread goes on
        return await future

    def close(self) -> None:
        """Take on nothing new; what is under way is not waited for."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: asyncio.Future[Answer]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()  # asked for here, so that nothing is logged of an answer nobody waits for
