"""The examples of docs/widgets.md as a page of Voila, in this repository's workspace after two runs.

With ``STUDIO_PICTURES`` naming a folder, the pictures of the page are left there, in the light and in the dark theme.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from studio.core.workspace import Workspace
from studio.workflows import activities
from tests.browser.conftest import Seen
from tests.browser.stage import THEMES
from tests.browser.voila import voila
from tests.conftest import notebook
from tests.docs.test_widgets import BLOCKS

pytestmark = [pytest.mark.slow, pytest.mark.heavy, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]
PICTURES = os.environ.get("STUDIO_PICTURES", "")
LONG = 240_000
MARGIN = 6


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of this repository's workspace; what it ran differs in two values."""
    folder = tmp_path_factory.mktemp("widgets") / "churn"
    for name in ("notebooks", "pipelines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(ROOT / "studio.toml", folder)
    small = ("-p", "customers=1500", "-p", "months=12")
    for values in ((), ("-p", "campaign_share=0.1", "-p", "resamples=200")):
        words = [sys.executable, "-m", "studio.cli", "run", "churn", *small, *values]
        subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=800)
    return Workspace(folder.resolve())


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.set_default_timeout(30_000)
    seen = Seen(page)
    yield page
    page.close()
    assert (seen.errors, seen.outside) == ([], [])


def taken(page: Page, name: str, element: Locator, width: int = 1000) -> None:
    """Keep a picture of the element in both themes: the dark one is Lab's own style sheet over the light one."""
    if not PICTURES:
        return
    folder = Path(PICTURES) / "widgets"
    folder.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": width, "height": 900})
    for theme in ("light", "dark"):
        dark = theme == "dark"
        css = (THEMES / f"theme-{theme}-extension" / "index.css").read_text(encoding="utf-8")
        page.evaluate(
            """([css, dark]) => {
              document.querySelector('#picture')?.remove();
              const style = Object.assign(document.createElement('style'), {id: 'picture', textContent: css});
              document.head.append(style);
              document.body.dataset.jpThemeLight = String(!dark);
              document.body.style.background = 'var(--jp-layout-color0)';
            }""",
            [css, dark],
        )
        page.emulate_media(color_scheme="dark" if dark else "light")
        expect(element).to_have_attribute("data-theme", theme)
        element.scroll_into_view_if_needed()
        page.wait_for_timeout(400)
        box = element.bounding_box()
        assert box is not None
        clip = {
            "x": max(0, box["x"] - MARGIN),
            "y": max(0, box["y"] - MARGIN),
            "width": box["width"] + 2 * MARGIN,
            "height": box["height"] + 2 * MARGIN,
        }
        page.set_viewport_size({"width": width, "height": int(clip["y"] + clip["height"]) + MARGIN})
        page.screenshot(path=str(folder / f"{name}-{theme}.png"), clip=clip)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
    page.set_viewport_size({"width": 1000, "height": 900})


def written(workspace: Workspace, name: str, *sources: str) -> Path:
    path = workspace.root / "notebooks" / name
    path.write_text(json.dumps(notebook(*sources)), encoding="utf-8")
    return path


def test_a_run_is_followed_live(workspace: Workspace, page: Page, tmp_path: Path) -> None:
    form, values, graph, live = BLOCKS[:4]
    # All of the pipeline, and anew: there is something to see.
    assert '"only": "ingest"' in live
    sources = [form, values, graph, live.replace('"only": "ingest"', '"force": True')]
    with voila(written(workspace, "followed.ipynb", *sources), tmp_path / "state") as server:
        page.goto(server.url(""), timeout=LONG)
        shown = page.locator(".studio-graph")
        expect(shown.get_by_role("button", name="ingest completed")).to_be_visible(timeout=LONG)
        expect(shown.get_by_role("button", name="features running")).to_be_visible(timeout=LONG)
        shown.get_by_role("button", name="features").click()
        expect(shown.get_by_role("region", name="About features")).to_contain_text("prepared")
        taken(page, "pipeline-graph", shown, 1360)
        (going,) = [one for one in activities.latest(workspace, 5) if one.alive]
        activities.stop(workspace, going.id)
        expect(shown.locator(".studio-head")).to_contain_text("killed", timeout=60_000)


def test_all_examples_are_alive_on_one_page(workspace: Workspace, page: Page, tmp_path: Path) -> None:
    with voila(written(workspace, "examples.ipynb", *BLOCKS), tmp_path / "state") as server:
        page.goto(server.url(""), timeout=LONG)
        form = page.locator(".studio-form")
        form.get_by_role("button", name="Use these").click(timeout=LONG)
        expect(form.get_by_text("2,000 customers over 24 months.")).to_be_visible()
        field = form.get_by_label("Customers", exact=True)
        field.fill("200")
        field.blur()
        expect(form.get_by_text("200 is not allowed: it must be at least 500.")).to_be_visible()
        taken(page, "parameter-form", form)

        runs = page.locator(".studio-runs")
        ticks = runs.get_by_role("checkbox")
        count = ticks.count()
        assert count >= 3
        # The two that were made beforehand: the oldest.
        ticks.nth(count - 1).check()
        ticks.nth(count - 2).check()
        expect(runs.get_by_text("2 runs chosen")).to_be_visible()
        taken(page, "run-table", runs)
        comparison = page.locator(".studio-comparison")
        expect(comparison.get_by_role("row", name="evaluate campaign_share 0.2 0.1")).to_be_visible()
        expect(comparison.get_by_role("row", name="evaluate test_leavers_reached")).to_be_visible()
        taken(page, "run-comparison", comparison)

        failures = page.locator(".studio-failures")
        expect(failures.get_by_role("row", name="gender missing column 1")).to_be_visible()
        taken(page, "contract-failures", failures)
        results = page.locator(".studio-tests")
        expect(results.get_by_text("the shares make 0.98")).to_be_visible()
        taken(page, "test-results", results)
        packet = page.locator(".studio-packet")
        expect(
            packet.locator("iframe").content_frame.get_by_role("heading", name="Three kinds of model")
        ).to_be_visible()
        taken(page, "review-packet", packet)
