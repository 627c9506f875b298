"""Nobody is answered without the token, or under a name that the server does not have; not even a file."""

from __future__ import annotations

import re
import socket

import pytest

from tests.server.apps.serving import TOKEN, Apps

pytestmark = pytest.mark.slow

KERNEL = "0" * 8 + "-0000-0000-0000-" + "0" * 12
PATHS = [
    "/",
    "/app/hello",
    "/wait/x",
    f"/alive/{KERNEL}",
    f"/api/kernels/{KERNEL}",
    f"/api/kernels/{KERNEL}/channels",
    f"/voila/api/shutdown/{KERNEL}",
    "/voila/static/studio.css",
    "/voila/static/voila.js",
    "/voila/labextensions/anywidget/package.json",
    "/api/contents",
    "/nothing",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_without_a_token_everything_is_refused(apps: Apps, path: str, method: str) -> None:
    answer = apps.ask(method, path, Cookie="other=1")
    assert answer.status == 403
    assert "set-cookie" not in answer.headers
    if method == "GET":
        assert "Please open the complete address" in answer.text
        assert TOKEN not in answer.text
        assert "Tests" not in answer.text, "a stranger learns nothing of what is here, its name included"
        assert "sha256-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "given",
    [
        {"path": "/?token=wrong"},
        {"path": "/?token="},
        {"path": f"/?token={TOKEN}&token=wrong"},
        {"path": f"/?token={TOKEN[:-1]}"},
        {"path": "/", "Authorization": "token wrong"},
        {"path": "/", "Authorization": f"Basic {TOKEN}"},
        {"path": "/", "Cookie": "{name}=wrong"},
        {"path": "/", "Cookie": "{name}=" + TOKEN},
    ],
)
def test_what_is_wrong_is_refused(apps: Apps, given: dict[str, str]) -> None:
    name = apps.cookie.partition("=")[0]
    headers = {"Cookie": "other=1"} | {
        key: value.replace("{name}", name) for key, value in given.items() if key != "path"
    }
    assert apps.get(given["path"], **headers).status == 403


def test_a_wrong_token_is_refused_also_with_the_cookie(apps: Apps) -> None:
    assert apps.get("/").status == 200
    assert apps.get("/?token=wrong").status == 403


def test_the_token_is_taken_out_of_the_address_and_remembered(apps: Apps) -> None:
    answer = apps.get(f"/app/hello?x=1&token={TOKEN}", Cookie="other=1")
    assert (answer.status, answer.headers["location"]) == (302, "/app/hello?x=1")
    cookie = answer.headers["set-cookie"]
    assert re.search("HttpOnly", cookie)
    assert re.search("SameSite=Lax", cookie)
    assert re.match(rf"studio-apps-{apps.port}=", cookie), "cookies of a host are sent to all of its ports"
    assert TOKEN not in cookie
    odd = apps.get(f"//evil.example/?token={TOKEN}", Cookie="other=1")
    assert odd.headers["location"] == "/evil.example/"


def test_a_program_gives_the_token_in_a_header(apps: Apps) -> None:
    for kind in ("token", "Bearer"):
        assert apps.get("/", Cookie="other=1", Authorization=f"{kind} {TOKEN}").status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST", 200),
        ("localhost.", 200),
        ("[::1]:{port}", 200),
        ("apps.example.org", 200),
        ("Apps.Example.org:8080", 200),
        ("evil.example", 403),
        ("evil.example:{port}", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.2", 403),
        ("user@localhost", 400),
        ("localhost/evil", 400),
        ("a,localhost", 400),
        ("", 400),
    ],
)
def test_the_host_is_one_that_the_server_has(apps: Apps, host: str, status: int) -> None:
    answer = apps.get("/", Host=host.format(port=apps.port))
    # What is no name at all is refused before anybody looks at it, or is a name that nobody has.
    assert answer.status == status or (status, answer.status) == (400, 403)
    if answer.status == 403:
        assert "not known by the name" in answer.text


def test_without_a_host_nobody_is_answered(apps: Apps) -> None:
    with socket.create_connection(("127.0.0.1", apps.port)) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\nCookie: {apps.cookie}\r\n\r\n".encode())
        assert connection.recv(100).split()[1] in (b"403", b"400")


@pytest.mark.parametrize("path", [*PATHS, "/app/none", "/voila/static/../../../studio.toml"])
def test_every_answer_forbids_what_lies_elsewhere(apps: Apps, path: str) -> None:
    for cookie in ({}, {"Cookie": "other=1"}):
        headers = apps.get(path, **cookie).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["server"] == "studio"
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'self'"
        sources = " ".join(policy.values())
        allowed = f"ws://127.0.0.1:{apps.port} wss://127.0.0.1:{apps.port}"
        assert "http" not in sources
        assert "*" not in sources
        assert "eval" not in sources
        assert "unsafe-inline" not in policy["script-src"]
        assert sources.replace(allowed, "").count("ws:") == 0


@pytest.mark.parametrize(
    "path",
    [
        "/voila/static/%2e%2e/%2e%2e/%2e%2e/index.html.j2",
        "/voila/static/../index.html.j2",
        "/voila/static//etc/passwd",
        "/voila/labextensions/../../../etc/passwd",
        "/voila/labextensions/%2e%2e/%2e%2e/kernels/python3/kernel.json",
        "/voila/files/notebooks/apps/hello.ipynb",
        "/voila/render/notebooks/apps/hello.ipynb",
        "/voila/tree",
        "/voila/api/contents",
        "/voila/templates/studio/static/studio.css",
        "/app/../hello",
        "/app/hello.ipynb",
        "/app/%2e%2e%2fother",
        "/login",
    ],
)
def test_nothing_else_is_served(apps: Apps, path: str) -> None:
    assert apps.get(path).status in (403, 404)


def test_the_token_is_in_no_log(apps: Apps) -> None:
    apps.get(f"/nothing?token={TOKEN}", Cookie="other=1")
    apps.get("/nothing?token=wrong-one")
    log = apps.log.read_text()
    assert "403 GET /nothing" in log
    assert TOKEN not in log
    assert "wrong-one" not in log
