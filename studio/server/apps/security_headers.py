"""The headers of every answer: nothing is loaded from elsewhere, and no page of another server sees or shows it."""

from __future__ import annotations

from tornado.web import RequestHandler


def security_headers(answer: RequestHandler, *, app: bool) -> dict[str, str]:
    """The headers that keep a page to itself."""
    return {
        "Content-Security-Policy": policy(str(answer.request.headers.get("Host", "")), app=app),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "studio",
    }


def policy(host: str, *, app: bool) -> str:
    """The content security policy of a page: of an app, whose widgets bring styles and programs, or of another one."""
    directives = {
        "default-src": "'none'",
        # A widget's program reaches the page through the kernel's connection and is loaded as a blob.
        "script-src": "'self' blob:" if app else "'self'",
        "style-src": "'self' 'unsafe-inline'" if app else "'self'",
        "img-src": "'self' data: blob:" if app else "data:",
        "font-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host}" if app else "'self'",
        "media-src": "'self' data: blob:" if app else "'none'",
        "worker-src": "'self' blob:" if app else "'none'",
        "frame-src": "'self'" if app else "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
