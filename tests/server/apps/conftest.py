"""A workspace with a few small apps, and a server on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Place, notebook
from tests.server.apps.serving import Apps, serving

BOOM = """from IPython import get_ipython

def opened(comm, message):
    def heard(message):
        verb = message["content"]["data"]["verb"]
        if verb == "raise":
            raise ValueError("words of the engineers")
        elif verb == "fail":
            try:
                raise ValueError("words of the engineers")
            except ValueError:
                get_ipython().showtraceback()
        elif verb == "write":
            import sys
            print("to all"); print("to nobody", file=sys.stderr)
        comm.send({"did": verb})
    comm.on_msg(heard)

get_ipython().kernel.comm_manager.register_target("test", opened)
print("hello", "<b>there</b>")"""


def small_apps(place: Place) -> Place:
    """Three apps: one that works, one that fails as it opens, one that talks."""
    place.write("studio.toml", 'version = 1\n\n[project]\nname = "Tests & <b>more</b>"\n')
    place.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n")
    place.write(
        "notebooks/apps/hello.ipynb",
        notebook(
            ("markdown", "# Hello *you*\n\nSome text."),
            "secret_source = 'not to be seen'",
            "print('shown', 6 * 7)",
            "import sys\nprint('a warning', file=sys.stderr)",
            ("test", "def test_nothing():\n    raise SystemExit"),
            title="Hello <script>",
            description="A page & more",
        ),
    )
    place.write(
        "notebooks/apps/broken.ipynb", notebook("x = 1", "raise ValueError('words of the engineers')", title="Broken")
    )
    place.write("notebooks/apps/talk.ipynb", notebook(BOOM, title="Talk"))
    place.write("notebooks/apps/headed.ipynb", notebook(("markdown", "# What if?\n\nMove it."), "print('moved')"))
    return place


@pytest.fixture(scope="module")
def apps_workspace(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The workspace."""
    return small_apps(Place(tmp_path_factory.mktemp("apps") / "workspace"))


@pytest.fixture(scope="module")
def apps(apps_workspace: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """A server that makes no page ahead, with a visitor who has the cookie."""
    words = ("--ahead", "0", "--kernels", "3", "--host", "apps.example.org")
    with serving(apps_workspace, tmp_path_factory.mktemp("server"), *words) as server:
        server.enter()
        yield server
