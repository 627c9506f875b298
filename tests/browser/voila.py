"""A notebook as a page of Voila, with nothing in it that is asked of another host."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.servers import Jupyter, _lets_in, _running, _wait, free_port

# Voila's own template names two style sheets on another host; all else of it is kept.
TEMPLATE = """\
{%- extends 'voila/templates/lab/index.html.j2' -%}
{%- block notebook_css -%}
{{ resources.include_js("static/voila-style.js") }}
<style>html, body { height: 100%; margin: 0; } .jp-mod-noOutputs.jp-mod-noInput { display: none; }</style>
{{ super.super() }}
{%- endblock notebook_css -%}
"""
DENIED = ("@notebook-studio/lab", "nbdime-jupyterlab", "@jupyterhub/jupyter-server-proxy", "jupyterlab-jupytext")


@contextlib.contextmanager
def voila(notebook: Path, state: Path, *, dark: bool = False) -> Iterator[Jupyter]:
    """Voila on one notebook, on a free loopback port; all that it keeps of its own lies in `state`."""
    template = state / "share" / "voila" / "templates" / "bare"
    template.mkdir(parents=True)
    (template / "conf.json").write_text('{"base_template": "lab"}', encoding="utf-8")
    (template / "index.html.j2").write_text(TEMPLATE, encoding="utf-8")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "STUDIO_"))}
    settings |= {"JUPYTER_PATH": str(state / "share"), "JUPYTER_CONFIG_DIR": str(state / "config")}
    settings |= {"JUPYTER_DATA_DIR": str(state / "data"), "JUPYTER_RUNTIME_DIR": str(state / "runtime")}
    settings |= {"IPYTHONDIR": str(state / "ipython"), "PYTHONWARNINGS": "ignore", "MLFLOW_DISABLE_TELEMETRY": "true"}
    port, token = free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "voila", notebook.name, "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    command += [f"--token={token}", "--template=bare", f"--theme={'dark' if dark else 'light'}"]
    for name in DENIED:
        command += ["--VoilaConfiguration.extension_denylist", name]
    log = state / "voila.log"
    with _running(command, log, polite=False, cwd=notebook.parent, env=settings) as server:
        address = f"http://127.0.0.1:{port}"
        _wait(
            server,
            log,
            lambda: _lets_in(f"{address}/static/voila.js?token={token}") or "is running at" in log.read_text(),
        )
        yield Jupyter(address, token, log)
