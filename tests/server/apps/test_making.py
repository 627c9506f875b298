"""Pages are made or not, and never waited for without end; no kernel is started here."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.server.apps.kernels import AppKernels, Patience
from studio.server.apps.pages import Pages
from studio.workflows.apps import faults
from studio.workflows.apps.listing import App, list_apps
from tests.conftest import Place, notebook

LOG = logging.getLogger("tests.making")


class Kernels(AppKernels):
    """None that runs."""

    async def open(self, kernel_id: str, folder: Path) -> None:
        """Fail as a machine without room does."""
        raise OSError(28, "No space left on device")


def pages_of(place: Place) -> tuple[Pages, App]:
    place.write("notebooks/apps/small.ipynb", notebook("1"))
    workspace = Workspace(place.root)
    (app,) = [one for one in list_apps(workspace) if one.name == "small"]
    look: Any = None
    return Pages({"small": app}, Kernels(workspace, 2, Patience(), {}), look, ahead=1, log=LOG), app


@pytest.mark.parametrize("writable", [True, False])
def test_a_page_that_cannot_be_made_has_a_number(
    place: Place, caplog: pytest.LogCaptureFixture, *, writable: bool
) -> None:
    log = faults.log_file(Workspace(place.root))
    if not writable:
        log.mkdir(parents=True)

    async def ask() -> str:
        pages, app = pages_of(place)
        page = await pages.begin(app)
        while not page.ready:
            await asyncio.sleep(0.01)
        found = pages.fetch(page.ticket)
        assert found is page
        await pages.close()
        await pages.kernels.end_all()
        return page.number

    number = asyncio.run(asyncio.wait_for(ask(), 20))
    assert f"error {number}" in caplog.text
    told = log.read_text() if writable else caplog.text
    assert f"error {number} in small\n" in told
    assert "No space left on device" in told


@pytest.mark.timeout(20)
def test_a_notebook_that_has_become_a_pipe_is_not_waited_for(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        pages, app = pages_of(place)
        app.file.unlink()
        os.mkfifo(app.file)
        with pytest.raises(OSError, match="It is no regular file"):
            pages.take(app)
        with pytest.raises(OSError, match="It is no regular file"):
            await pages.begin(app)
        pages.tend()

    asyncio.run(ask())
    assert "no page of small could be made ahead" in caplog.text
