"""Jupyter finds the extension by itself, and pays next to nothing for it before somebody asks."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from studio import server

ROOT = Path(__file__).parents[2]
HEAVY = ("pydantic", "pandas", "mlflow", "sqlalchemy", "papermill", "studio.core.settings", "studio.workflows")


def test_jupyter_is_told_which_module_it_is() -> None:
    file = ROOT / "extensions" / "server" / "jupyter_server_config.d" / "notebook-studio.json"
    assert json.loads(file.read_text()) == {"ServerApp": {"jpserver_extensions": {server.__name__: True}}}
    (point,) = server._jupyter_server_extension_points()
    assert point["module"] == server.__name__
    assert point["app"].name == "studio"


def test_nothing_heavy_is_imported_with_jupyter() -> None:
    # What Jupyter has imported already costs nothing more.
    code = (
        "import sys, jupyter_server.serverapp, jupyter_server.extension.application\n"
        "before = set(sys.modules)\n"
        "import studio.server; studio.server._jupyter_server_extension_points()\n"
        "from studio.server.mlflow_ui import proxied; proxied()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not [name for name in done.stdout.split() if name.startswith(HEAVY)], done.stdout


def test_the_proxy_is_told_how_to_start_mlflow() -> None:
    (point,) = [one for one in entry_points(group="jupyter_serverproxy_servers") if one.name == "mlflow"]
    told = point.load()()
    assert told["unix_socket"] is True, "no port, which others on the machine could reach"
    assert told["absolute_url"] is False
    assert told["timeout"] >= 60
