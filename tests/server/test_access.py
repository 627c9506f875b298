"""Who is let in: a token, Jupyter's rights, the roles of the policy; and no file outside of the workspace is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.server.place import Place as Root
from studio.server.routing import Route, all_routes
from tests.conftest import Place
from tests.server.asking import PREFIX, Client, jupyter_server_at

pytestmark = pytest.mark.slow
ROUTES = all_routes()
REFUSING = """
from jupyter_server.auth import Authorizer


class Refusing(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "studio"
"""
OUTSIDE = (
    "../secret.ipynb",
    "notebooks/../../secret.ipynb",
    "notebooks/%2e%2e/%2e%2e/secret.ipynb",
    "..%2fsecret.ipynb",
    "/etc/passwd",
    "//etc/passwd",
    "RTC:../secret.ipynb",
    "link.ipynb",
    "folder/secret.ipynb",
    "notebooks/make.ipynb\0.txt",
    "file:///etc/passwd",
    "http://127.0.0.1/secret.ipynb",
)


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_without_a_token_every_route_answers_403(anna: Client, route: Route) -> None:
    for token in (None, "", "wrong"):
        stranger = Client(anna.server, token)
        body = b"{}" if route.method == "POST" else None
        answer = stranger.ask(route.method, route.path, body)
        assert answer.status == 403
        assert set(answer.json) == {"message", "next", "rule", "problems", "number"}
        assert answer.json["message"]


def test_a_foreign_name_is_refused_as_such_also_with_the_token(anna: Client) -> None:
    for method in ("GET", "POST"):
        answer = anna.ask(method, "session", b"{}" if method == "POST" else None, Host="evil.example")
        assert (answer.status, answer.json["rule"]) == (403, "Host")
        assert answer.json["message"] == "Jupyter does not answer under the name by which it was asked."
        assert "local_hostnames" in answer.json["next"]
    assert Client(anna.server, "wrong").get("session").json["rule"] == "NotLoggedIn"


@pytest.mark.parametrize("path", ["", "nothing/here", "session/more"])
def test_without_a_token_nobody_learns_which_routes_there_are(anna: Client, path: str) -> None:
    assert Client(anna.server, None).get(path).status == 403


def test_a_cookie_alone_does_not_post(anna: Client) -> None:
    # A page of somebody else's can make a browser send its cookies, and cannot read the one that has to be repeated.
    import http.client
    import urllib.parse

    address = urllib.parse.urlsplit(anna.server.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request("GET", f"{PREFIX}session?token={anna.server.token}")
    first = connection.getresponse()
    first.read()
    cookies = "; ".join(value.partition(";")[0] for name, value in first.getheaders() if name.lower() == "set-cookie")
    assert cookies
    connection.request("GET", f"{PREFIX}session", headers={"Cookie": cookies})
    second = connection.getresponse()
    second.read()
    assert second.status == 200  # the cookie is one that is let in
    for headers in ({}, {"Origin": "https://evil.example"}):
        connection.request("POST", f"{PREFIX}activities/run", b'{"name": "small"}', {"Cookie": cookies, **headers})
        third = connection.getresponse()
        assert third.status in {403, 404}  # Jupyter hides from other origins that there is anything
        third.read()
    connection.close()


@pytest.fixture(scope="module")
def refused(small: Place, tmp_path_factory: pytest.TempPathFactory):
    state = tmp_path_factory.mktemp("refused")
    (state / "refusing.py").write_text(REFUSING, encoding="utf-8")
    config = state / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(
        'c.ServerApp.authorizer_class = "refusing.Refusing"\n', encoding="utf-8"
    )
    with jupyter_server_at(small.root, state, PYTHONPATH=str(state)) as client:
        yield client


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_whom_jupyter_gives_no_right_is_told_why(refused: Client, route: Route) -> None:
    answer = refused.ask(route.method, route.path, b"{}" if route.method == "POST" else None)
    assert answer.status == 403
    action = "write" if route.method == "POST" else "read"
    assert f"not authorized to {action} on resource: studio" in answer.json["message"]
    assert answer.json["rule"] == "NotAuthorized"
    assert answer.json["next"]


def test_another_role_is_told_which_rule_refused_and_what_to_do(small: Place, tmp_path: Path) -> None:
    with jupyter_server_at(small.root, tmp_path, actor="bob") as bob:
        assert bob.ok(bob.get("session"))["roles"] == ["analyst"]
        answer = bob.post("activities/submit", names=["notebooks/sum.ipynb"])
        assert answer.status == 403
        assert answer.json["rule"] == "roles"
        assert "bob" in answer.json["message"]
        assert "data scientist" in answer.json["message"]
        assert answer.json["next"]
        assert bob.ok(bob.get("activities"))["activities"] == []


@pytest.fixture(scope="module")
def traps(small: Place) -> Place:
    outside = small.root.parent
    (outside / "secret.ipynb").write_text('{"secret": "hidden from everybody"}', encoding="utf-8")
    (small.root / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (small.root / "folder").symlink_to(outside)
    return small


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_outside_the_workspace_is_read(anna: Client, traps: Place, path: str) -> None:
    asked = [
        anna.get("notebooks/state", path=path),
        anna.post("notebooks/parameters", path=path, source="count: int = 3", values={"count": 4}),
        anna.post("notebooks/fix", path=path),
        anna.post("notebooks/new", template="exploration", folder=path),
        anna.post("activities/run", name=path),
        anna.post("activities/test", names=[path]),
        anna.post("activities/submit", names=[path]),
    ]
    for answer in asked:
        assert "hidden from everybody" not in answer.body.decode()
        assert "root:" not in answer.body.decode()
        if answer.status == 200 and "path" in answer.json:  # a new folder of that very name
            assert (traps.root / answer.json["path"]).is_file()
        elif answer.status == 200:  # a name that is taken literally, and is there no more than any other
            assert answer.json["problem"], answer.json
    assert {one.name for one in traps.root.parent.iterdir()} == {"workspace", "secret.ipynb"}, (
        "nothing was written there"
    )


def test_a_file_of_the_workspace_that_jupyter_does_not_show_is_not_read(place: Place) -> None:
    place.notebook("notebooks/a.ipynb", "1")
    place.notebook("other/b.ipynb", "1")
    root = Root(place.root / "notebooks")
    assert root.subject("a.ipynb") == "notebooks/a.ipynb"
    with pytest.raises(BadInput, match="outside of the folder that Jupyter shows"):
        root.subject("../other/b.ipynb")
    assert root.lab_path("notebooks/a.ipynb") == "a.ipynb"
    assert root.lab_path("other/b.ipynb") is None


def test_a_folder_without_a_workspace_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with jupyter_server_at(tmp_path / "empty", tmp_path / "state") as client:
        answer = client.get("session")
        assert answer.status == 404
        assert answer.json["rule"] == "NoWorkspace"
        assert answer.json["next"] == "change into a workspace, or make one here with: studio init"
