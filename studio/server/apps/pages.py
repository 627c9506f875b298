"""The pages of the apps: some are made before anybody asks for them, the others while their visitor looks on."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import StudioError
from studio.core.files import digest_file
from studio.server.apps.kernels import AppKernels, Full
from studio.server.apps.rendering import AppRenderer, Broken, Look
from studio.workflows.apps import faults
from studio.workflows.apps.listing import App

_AGE = 600.0
"""Seconds after which a page that was made ahead is made anew: it may show what has changed since."""
_AFTER = 2.0
"""Seconds after a page was given away before the next one is made, so that the visitor's browser has the machine."""
_RETRY = 60.0
"""Seconds before an app whose page could not be made is tried again without anybody asking."""


@dataclass
class Page:
    """One page, from the wish for it until it is sent.

    Attributes
    ----------
    ticket : str
        With which its visitor fetches it.
    app : App
        The app.
    content : str
        Digest of the notebook that it is made from.
    ahead : bool
        Whether nobody has asked for it yet.
    kernel_id : str
        Its kernel's identifier.
    done, total : int
        Cells that have run, and all cells; 0 while the kernel starts.
    html : str or None
        The page, once it is ready.
    number : str
        The number of the error that kept it from being made; empty where there was none.
    """

    ticket: str
    app: App
    content: str
    ahead: bool
    kernel_id: str
    done: int = 0
    total: int = 0
    html: str | None = None
    number: str = ""
    made: float = field(default_factory=time.monotonic)

    @property
    def ready(self) -> bool:
        """Whether it can be sent, or the error page in its place."""
        return self.html is not None or bool(self.number)

    @property
    def text(self) -> str:
        """How far it is, for its visitor."""
        if self.ready:
            return "The page is ready."
        if not self.total:
            return "The program behind the page is starting …"
        return f"The page is being prepared: part {min(self.done + 1, self.total)} of {self.total} …"


class Pages:
    """All pages of one server that nobody has fetched yet.

    Parameters
    ----------
    apps : mapping
        The apps by name.
    kernels : AppKernels
        Whose kernels the pages get.
    look : Look
        The frame.
    ahead : int
        How many pages of each app are kept ready.
    log : logging.Logger
        For the operator.
    """

    def __init__(
        self, apps: Mapping[str, App], kernels: AppKernels, look: Look, *, ahead: int, log: logging.Logger
    ) -> None:
        self.apps, self.kernels, self.look, self.ahead, self.log = apps, kernels, look, ahead, log
        self.waiting: dict[str, Page] = {}
        self._making: set[asyncio.Task[None]] = set()
        self._next = dict.fromkeys(apps, 0.0)
        self._render: Callable[..., Any] = AppRenderer

    def take(self, app: App) -> Page | None:
        """A page of `app` that is ready; None where there is none."""
        content = digest_file(app.file)
        for page in list(self.waiting.values()):
            if page.app.name == app.name and page.ahead and page.html is not None and self._is_good(page, content):
                self._next[app.name] = time.monotonic() + _AFTER
                return self.fetch(page.ticket)
        return None

    async def begin(self, app: App) -> Page:
        """Begin to make a page of `app` for somebody who waits for it.

        Raises
        ------
        Full
            When the cap is reached.
        """
        content = digest_file(app.file)
        for page in self.waiting.values():
            if page.app.name == app.name and page.ahead and not page.ready and page.content == content:
                page.ahead = False  # it is on its way already
                return page
        await self._make_room()
        return self._begin(app, content, ahead=False)

    def find(self, ticket: str) -> Page | None:
        """The page with this ticket, while it was not fetched."""
        return self.waiting.get(ticket)

    def fetch(self, ticket: str) -> Page | None:
        """The page with this ticket, which is its visitor's now; None where it is not ready or was fetched."""
        page = self.waiting.get(ticket)
        if page is None or not page.ready:
            return None
        del self.waiting[ticket]
        if page.html is not None:
            self.kernels.give(page.kernel_id)
        return page

    def tend(self) -> None:
        """Give up old pages and make new ones ahead; to be called every second or so."""
        now = time.monotonic()
        for page in list(self.waiting.values()):
            lost = page.html is not None and page.kernel_id not in self.kernels.kept
            unclaimed = not page.ahead and page.ready and now - page.made > self.kernels.patience.arrival
            old = page.ahead and page.ready and not self._is_good(page, None)
            if lost or unclaimed or old:
                self._drop(page)
        for name, app in self.apps.items():
            kept = sum(page.app.name == name and page.ahead for page in self.waiting.values())
            room = len(self.kernels.kept) < self.kernels.limit
            # One at a time: pages that are made side by side are each made slowly.
            if kept < self.ahead and room and now >= self._next[name] and not self._making:
                try:
                    self._begin(app, digest_file(app.file), ahead=True)
                except (OSError, Full) as error:
                    self.log.warning("no page of %s could be made ahead: %s", name, error)
                    self._next[name] = now + _RETRY

    async def close(self) -> None:
        """Give up all that is being made."""
        for making in list(self._making):
            making.cancel()
        await asyncio.gather(*self._making, return_exceptions=True)
        self.waiting.clear()

    def _is_good(self, page: Page, content: str | None) -> bool:
        if page.number:
            return False
        if content is None:
            try:
                content = digest_file(page.app.file)
            except OSError:
                return False
        young = time.monotonic() - page.made < _AGE
        return young and page.content == content and page.kernel_id in self.kernels.kept

    def _begin(self, app: App, content: str, *, ahead: bool) -> Page:
        # The kernel's place is taken now, and not only when the coroutine gets its turn.
        page = Page(secrets.token_urlsafe(18), app, content, ahead, self.kernels.reserve(app.name))
        self.waiting[page.ticket] = page
        making = asyncio.get_running_loop().create_task(self._make(page))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        return page

    async def _make(self, page: Page) -> None:
        def progress(done: int, total: int) -> None:
            page.done, page.total = done, total

        try:
            await self.kernels.open(page.kernel_id, page.app.file.parent)
            kernel = self.kernels.get_kernel(page.kernel_id)
            page.html = await self._render(page.app, self.look, self.log, progress).page(page.kernel_id, kernel)
        except asyncio.CancelledError:
            self.kernels.end_soon(page.kernel_id)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, its visitor gets a number and the operator the rest
            self.kernels.end_soon(page.kernel_id)
            what: str | BaseException = str(error) if isinstance(error, Broken | StudioError) else error
            page.number = faults.note(self.kernels.workspace, page.app.name, what)
            self.log.error("the page of %s could not be made: error %s", page.app.name, page.number)
            self._next[page.app.name] = time.monotonic() + _RETRY
        finally:
            page.made = time.monotonic()

    async def _make_room(self) -> None:
        """Where the cap is reached, give up a page that nobody has asked for, and wait until its kernel is gone."""
        if len(self.kernels.kept) < self.kernels.limit:
            return
        spare = next((page for page in self.waiting.values() if page.ahead and page.ready), None)
        if spare is not None:
            self._drop(spare)
            await self.kernels.end(spare.kernel_id)

    def _drop(self, page: Page) -> None:
        self.waiting.pop(page.ticket, None)
        self.kernels.end_soon(page.kernel_id)
