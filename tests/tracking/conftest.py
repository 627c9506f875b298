"""A workspace with its own store, one template of a migrated database for all, and the two servers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from tests import servers


@pytest.fixture(scope="session")
def template_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(template_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(template_folder))


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    def make(name: str = "work", uri: str = "") -> Workspace:
        root = tmp_path / name
        root.mkdir()
        tracking = f'\n[tracking]\nuri = "{uri}"\n' if uri else ""
        (root / "studio.toml").write_text(f'version = 1\n\n[project]\nname = "test"\n{tracking}', encoding="utf-8")
        return Workspace(root)

    return make


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    with servers.postgres() as uri:
        yield uri


@pytest.fixture
def database(cluster: str, request: pytest.FixtureRequest) -> str:
    return servers.make_database(cluster, f"t{abs(hash(request.node.nodeid)):x}")


@pytest.fixture(scope="session")
def server(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = servers.make_database(cluster, "server")
    with servers.mlflow_server(store, tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in a process of its own; its environment is the test's, plus what is given."""

    def run(script: str, *words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), *words],
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run
