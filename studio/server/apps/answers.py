"""What the server of the apps answers: the list, pages, their progress, whether they are alive, and files.

Who asks was let in. Every answer forbids the browser to load anything from elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import jinja2
from jupyter_server.base.handlers import FileFindHandler
from tornado.web import HTTPError, RequestHandler
from voila.static_file_handler import MultiStaticFileHandler  # type: ignore[import-untyped]

from studio.server.apps import access
from studio.server.apps.kernels import AppKernels, Full
from studio.server.apps.pages import Page, Pages
from studio.server.apps.rendering import Look
from studio.server.apps.security_headers import security_headers
from studio.workflows.apps import faults
from studio.workflows.apps.listing import App

_WORDS = {
    400: "This address cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not answer that.",
}
_AGAIN = 20
"""Seconds after which a browser or a program that met a full server may try again."""


class Answer(RequestHandler):
    """What all answers have in common."""

    shows_app = False

    @property
    def pages(self) -> Pages:
        """The pages of this server."""
        found: Pages = self.settings["pages"]
        return found

    @property
    def kernels(self) -> AppKernels:
        """The kernels of this server."""
        return self.pages.kernels

    @property
    def look(self) -> Look:
        """The frame of the pages."""
        return self.pages.look

    def set_default_headers(self) -> None:
        """Headers of every answer, errors included."""
        for name, value in security_headers(self, app=self.shows_app).items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "no-store")

    def address(self, *words: str) -> str:
        """An address of this server."""
        return self.look.base_url + "/".join(quote(word, safe="") for word in words)

    def show(self, template: str, title: str, **values: Any) -> None:
        """Answer one of the pages that are no app."""
        environment: jinja2.Environment = self.settings["templates"]
        home = values.pop("home", self.look.base_url)
        project = values.pop("project", self.look.project)
        page = environment.get_template(template).render(
            title=title, project=project, home=home, static=self.look.static_url, **values
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page)

    def say(self, title: str, *lines: str, status: int = 200, number: str = "", again: str = "") -> None:
        """Answer a page with a few sentences."""
        self.set_status(status)
        again_text = "Try again" if number or status == 503 else "To the apps"
        self.show("message.html", title, lines=lines, number=number, again=again, again_text=again_text)

    def write_error(self, status_code: int, **given: Any) -> None:
        """Say in plain words what went wrong; what nobody foresaw has a number."""
        error = given["exc_info"][1] if "exc_info" in given else None
        if status_code < 500 or error is None:
            words = _WORDS.get(status_code, "This could not be answered.")
            self.say("This did not work", words, status=status_code, again=self.look.base_url)
            return
        number = faults.note(self.kernels.workspace, "the server", error)
        self.pages.log.error("error %s in the server of the apps", number)
        self.say("This did not work", *_TOLD, status=status_code, number=number, again=self.look.base_url)


_TOLD = ("The page could not be shown.", "Tell the people who run it the number below; they find out more with it.")


class Refusal(Answer):
    """Nobody else gets to see a request that is refused; whoever sent it learns nothing of what is here."""

    def initialize(self, found: access.Access) -> None:
        """Take what was decided of the request."""
        self.found = found

    def prepare(self) -> None:
        """Refuse, whatever was asked."""
        title, *lines = _REFUSALS[self.found]
        style = self.look.style
        # The style sheet is kept from strangers as all files are, so the page brings it along.
        digest = base64.b64encode(sha256(style.encode()).digest()).decode()
        forbidding = str(security_headers(self, app=False)["Content-Security-Policy"])
        self.set_header(
            "Content-Security-Policy", forbidding.replace("style-src 'self'", f"style-src 'sha256-{digest}'")
        )
        self.set_status(403)
        self.show("message.html", title, lines=lines, home="", project="", style=style)


_REFUSALS: Mapping[str, tuple[str, ...]] = {
    "host": (
        "Not at this address",
        "This server is not known by the name that was asked for.",
        "Whoever runs it can add the name: studio apps serve --host NAME",
    ),
    "token": (
        "Please open the complete address",
        "The apps are open to those who have their complete address, with the token at its end.",
        "Ask the people who run them for it; the program printed it when it started.",
    ),
}


class Entry(Answer):
    """The token was in the address: the browser gets its cookie, and goes on without the token."""

    def prepare(self) -> None:
        """Answer, whatever was asked."""
        rules: access.AccessRules = self.settings["access"]
        self.set_cookie(
            rules.name,
            rules.cookie(),
            path=self.look.base_url,
            max_age=rules.cookie_age(),
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.redirect(access.without_token(self.request))


class List(Answer):
    """The apps as a list; the only app where there is one."""

    def get(self) -> None:
        """Answer the list."""
        apps = list(self.pages.apps.values())
        if len(apps) == 1:
            self.redirect(self.address("app", apps[0].name))
            return
        cards = [
            {"title": app.title, "description": app.description, "address": self.address("app", app.name)}
            for app in apps
        ]
        self.show("apps.html", "Apps", apps=cards, home="")


class AppPage(Answer):
    """One app."""

    shows_app = True

    async def get(self, name: str) -> None:
        """Answer the app's page, or one that waits for it, or one that says why there is none."""
        app = self.pages.apps.get(name)
        if app is None:
            raise HTTPError(404)
        ticket = self.get_query_argument("page", "")
        page = self.pages.fetch(ticket) if ticket else self.pages.take(app)
        if page is None:
            await self._wait(app)
        elif page.html is None:
            self.say(app.title, *_TOLD, status=500, number=page.number, again=self.address("app", app.name))
        else:
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(page.html)

    async def _wait(self, app: App) -> None:
        try:
            page = await self.pages.begin(app)
        except Full:
            self.set_header("Retry-After", str(_AGAIN))
            lines = (
                "As many people as this server has room for are using the apps at the moment.",
                "Please try again in a little while. Nothing was started.",
            )
            self.say("All places are taken", *lines, status=503, again=self.address("app", app.name))
            return
        opened = f"{self.address('app', app.name)}?page={quote(page.ticket, safe='')}"
        self.show("waiting.html", app.title, ask=self.address("wait", page.ticket), open=opened)


class Waiting(Answer):
    """How far a page is."""

    def get(self, ticket: str) -> None:
        """Answer as JSON."""
        page: Page | None = self.pages.find(ticket)
        if page is None:
            raise HTTPError(404)
        self.finish({"ready": page.ready, "done": page.done, "total": page.total, "text": page.text})


class Alive(Answer):
    """Whether a page's kernel is there and what went wrong in it; posted to, when the page is left."""

    def get(self, kernel_id: str) -> None:
        """Answer what the page has to say to who looks at it."""
        kept = self.kernels.shown(kernel_id)
        if kept is None:
            raise HTTPError(404)
        told, kept.faults = kept.faults, []
        self.finish({"notices": [faults.said(number) for number in told[-1:]]})

    def post(self, kernel_id: str) -> None:
        """End the kernel: its page is left."""
        if not access.same_origin(self.request):
            raise HTTPError(403)
        if self.kernels.shown(kernel_id) is not None:
            self.kernels.end_soon(kernel_id)
        self.set_status(204)


class KernelModel(Answer):
    """What Voila's program asks of a kernel before it connects."""

    def get(self, kernel_id: str) -> None:
        """Answer as Jupyter does."""
        if self.kernels.shown(kernel_id) is None or kernel_id not in self.kernels:
            raise HTTPError(404)
        self.finish(self.kernels.kernel_model(kernel_id))  # type: ignore[no-untyped-call]


class _File(RequestHandler):
    """A file that belongs to the pages."""

    def set_default_headers(self) -> None:
        """Headers of every file."""
        for name, value in security_headers(self, app=False).items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **_: Any) -> None:
        """No page: nobody looks at it."""
        self.finish(f"{status_code}\n")


class Static(_File, MultiStaticFileHandler):  # type: ignore[misc]  # Voila is not typed
    """Styles and programs of the pages."""

    def set_extra_headers(self, path: str) -> None:
        """A browser asks whether a file is still the same; answering that costs nothing."""
        del path
        self.set_header("Cache-Control", "no-cache")


class Extension(_File, FileFindHandler):
    """Programs of widgets, which are extensions of JupyterLab."""
