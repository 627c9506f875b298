"""The page where MLflow's will be: it says that MLflow starts, or why it cannot, and looks again by itself."""

from __future__ import annotations

import contextlib
import html
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1.5rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid #8886; border-radius: 4px }
p.next { border-left: 3px solid #0a7; padding-left: 1rem }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>MLflow</title>{refresh}<style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""


class WaitingPage:
    """Answers on the socket `front` while the block lasts.

    Parameters
    ----------
    front : Path
        The socket; what is there is replaced, and what replaces it meanwhile is left alone.
    """

    def __init__(self, front: Path) -> None:
        self._front = front
        self._asked = threading.Event()
        self._content = ""
        self._status = 503
        self.starting()

    def starting(self) -> None:
        """Say that MLflow starts."""
        body = "<p>This takes a quarter of a minute. The page goes on by itself.</p>"
        self._show("MLflow is starting", body, 2, status=202)

    def tell(self, reason: str, detail: str = "") -> None:
        """Say why there is no MLflow: an error's sentence, and what helps to mend it."""
        fact, _, following = reason.partition(" Next: ")
        body = f"<p>{html.escape(fact)}</p>"
        body += f'<p class="next">Next: {html.escape(following)}</p>' if following else ""
        body += f"<p>What it said last:</p><pre>{html.escape(detail)}</pre>" if detail else ""
        self._show("MLflow cannot be shown", f"{body}<p>This page looks again by itself.</p>", 10)

    def refer(self, address: str) -> None:
        """Say that the runs are kept by a server that shows them itself."""
        from studio.tracking.client import shown_uri

        shown = html.escape(shown_uri(address), quote=True)
        link = f'<a href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a>'
        self._show("MLflow is elsewhere", f"<p>The runs of this workspace are recorded at {link}.</p>", 0, status=200)

    def wait_until_asked(self, seconds: float) -> None:
        """Wait `seconds`, and then for somebody who looks at the page."""
        threading.Event().wait(seconds)
        self._asked.clear()
        self._asked.wait()

    def __enter__(self) -> WaitingPage:
        self._front.unlink(missing_ok=True)
        self._server = _Server(str(self._front), self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self) -> tuple[int, bytes]:
        """What somebody who looks is answered; they make whoever waits try again."""
        self._asked.set()
        return self._status, self._content.encode()

    def _show(self, title: str, body: str, again: int, *, status: int = 503) -> None:
        refresh = f'<meta http-equiv="refresh" content="{again}">' if again else ""
        self._content = _PAGE.format(title=html.escape(title), body=body, refresh=refresh, style=_STYLE)
        self._status = status


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, page: WaitingPage) -> None:
        self.page = page
        super().__init__(path, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer with the page, whatever was asked for."""
        status, content = self.server.page.answer()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # whoever asked did not wait
            self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  http.server's name

    def address_string(self) -> str:
        return "proxy"  # a Unix socket has no address to tell

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  http.server's name
        del format, arguments
