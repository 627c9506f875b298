"""Servers that tests start and end themselves: a PostgreSQL cluster in a temporary folder, `mlflow server`, Jupyter."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "p@ss/w0rd:%7e"
QUOTED = "p%40ss%2Fw0rd%3A%257e"
MISSING = "PostgreSQL's server programs are not on this machine. Install them with: apt-get install -y postgresql"


def postgres_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest where there are several."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    folders = [*reversed(debian), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL cluster on a free loopback port; yields the URI of its administrator, without a database's name.

    Skips the test where the server programs are missing.
    """
    programs = postgres_programs()
    if programs is None:
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="studio-pg-"))  # not below pytest's folder, which only we may enter
    try:
        account = _account(folder)
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if account:
            shutil.chown(secret, account["user"], account["group"])
        words = [programs / "initdb", "-D", folder / "data", "-U", "studio", "--auth=scram-sha-256"]
        words += [f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run(words, check=True, capture_output=True, cwd=folder, **account)
        port = free_port()
        words = [programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder]
        words += ["-c", "fsync=off", "-c", "max_connections=200"]
        with _running(words, folder / "log", polite=True, cwd=folder, **account) as server:
            uri = f"postgresql://studio:{QUOTED}@127.0.0.1:{port}"
            _wait(server, folder / "log", lambda: _answers(uri))
            yield uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(uri: str, name: str) -> str:
    """Make a database in the cluster; returns its URI."""
    import psycopg

    with psycopg.connect(f"{uri}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{uri}/{name}"


@contextlib.contextmanager
def mlflow_server(store: str, folder: Path, port: int | None = None) -> Iterator[str]:
    """`mlflow server` on a (free) loopback port, its runs in `store`, its artifacts in `folder`; yields its address."""
    port = port or free_port()
    driver = store.replace("postgresql://", "postgresql+psycopg://", 1)
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    environment |= {"MLFLOW_BACKEND_STORE_URI": driver, "PYTHONWARNINGS": "ignore"}
    with _running(words, folder / "server.log", polite=False, cwd=folder, env=environment) as server:
        address = f"http://127.0.0.1:{port}"
        _wait(server, folder / "server.log", lambda: _healthy(address))
        yield address


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _account(folder: Path) -> dict[str, Any]:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _running(words: list[Any], log: Path, *, polite: bool, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        server = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **settings,
        )
    try:
        yield server
    finally:
        # PostgreSQL's first process tells its children itself; MLflow's does not.
        server.send_signal(signal.SIGINT) if polite else os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], log: Path, ready: Any, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{server.args} is not up:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)


def _answers(uri: str) -> bool:
    import psycopg

    try:
        psycopg.connect(f"{uri}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass(frozen=True)
class Jupyter:
    """A running Jupyter server: its address, its token, and the folder of its log."""

    address: str
    token: str
    log: Path

    def url(self, path: str = "lab") -> str:
        """An address on it that is let in."""
        return f"{self.address}/{path}{'&' if '?' in path else '?'}token={self.token}"


@contextlib.contextmanager
def jupyter(
    root: Path, state: Path, *, actor: str = "", program: str = "lab", words: Sequence[str] = (), **environment: str
) -> Iterator[Jupyter]:
    """``jupyter lab`` (or ``jupyter server``) on the folder `root`, as the person `actor`, on a free loopback port.

    Everything that it keeps of its own lies in the folder `state`, so that no setting of the caller's counts.
    """
    state.mkdir(parents=True, exist_ok=True)
    port, token = free_port(), secrets.token_hex(16)
    config = state / "config"
    (config / "labconfig").mkdir(parents=True, exist_ok=True)
    # Lab asks whether it may fetch news, which would leave the machine.
    (config / "labconfig" / "page_config.json").write_text(
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}', encoding="utf-8"
    )
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "STUDIO_"))}
    settings |= {"JUPYTER_CONFIG_DIR": str(config), "JUPYTER_DATA_DIR": str(state / "data")}
    settings |= {"JUPYTER_RUNTIME_DIR": str(state / "runtime"), "JUPYTERLAB_SETTINGS_DIR": str(state / "settings")}
    settings |= {"JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"), "IPYTHONDIR": str(state / "ipython")}
    settings |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"} | environment
    settings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{settings.get('PATH', '')}"
    if actor:
        settings["STUDIO_ACTOR"] = actor
    command: list[Any] = [sys.executable, "-m", "jupyter", program, "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={root}", "--ServerApp.allow_root=True", *words]
    if program == "lab":
        command += ["--LabApp.expose_app_in_browser=True"]
    log = state / "jupyter.log"
    with _running(command, log, polite=False, cwd=root, env=settings) as server:
        address = f"http://127.0.0.1:{port}"
        _wait(server, log, lambda: _lets_in(f"{address}/api/status?token={token}"))
        yield Jupyter(address, token, log)


def _lets_in(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
