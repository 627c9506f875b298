"""The graph of a pipeline with 200 steps in JupyterLab: how long a frame takes while it is panned and updated live."""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.timing import Table
from tests.benchmarks.workspaces import notebook
from tests.browser.conftest import CHROMIUM, FLAGS, SIZE
from tests.servers import jupyter

LAYERS, WIDTH = 20, 10
AT_ONCE = 4
FRAMES = 150
PIPELINE = "wide"
# A wheel event in each frame, as from a trackpad: to the right and back, over all of the graph.
PAN = """async ([frames, pixels]) => {
    const pane = document.querySelector('.studio-Graph .react-flow__pane');
    const box = pane.getBoundingClientRect();
    const times = [];
    let last = await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < frames; frame++) {
        if (pixels) {
            const deltaX = frame < frames / 2 ? pixels : -pixels;
            const at = {clientX: box.x + box.width / 2, clientY: box.y + box.height / 2};
            pane.dispatchEvent(new WheelEvent('wheel', {deltaX, deltaY: 0, bubbles: true, cancelable: true, ...at}));
        }
        const now = await new Promise(requestAnimationFrame);
        times.push((now - last) / 1000);
        last = now;
    }
    return times;
}"""


def measure(runs: int) -> list[Table]:
    """Frames of a still graph, of one that is panned, and of one that is panned while its run goes on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = make_layers(folder / "workspace")
        with jupyter(root, folder / "jupyter") as server, _page() as page:
            page.goto(server.url("lab?reset"))
            page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=120_000)
            page.evaluate("window.jupyterapp.restored")
            page.evaluate(f"window.jupyterapp.commands.execute('studio:open-pipeline', {{pipeline: '{PIPELINE}'}}); 0")
            page.wait_for_selector(".studio-Step", timeout=120_000)
            page.wait_for_timeout(3000)
            watch = _Watch(page)
            for _ in range(runs):
                watch.frames("still", 0)
                watch.frames("panned", 60)
            with LiveRun(root) as live:
                page.evaluate("window.jupyterapp.commands.execute('studio:refresh'); 0")
                page.click(f".studio-RunRow-main[title*='{live.run}']", timeout=60_000)
                page.wait_for_selector(".studio-RunBar-progress.studio-mod-running", timeout=60_000)
                for _ in range(runs):
                    watch.frames("updated live", 0)
                    watch.frames("panned and updated live", 60)
    goals = {name: "median under 33 ms (30 frames a second)" for name in watch.frame if name != "still"}
    return [
        Table(f"A frame of a graph with {LAYERS * WIDTH} steps", watch.frame, goals),
        Table("Of it, work of the page (the processor's time, whatever else the machine does)", watch.work, goals),
    ]


class _Watch:
    """How long frames take, and how much of that the page works."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.frame: dict[str, list[float]] = {}
        self.work: dict[str, list[float]] = {}

    def frames(self, name: str, pixels: int) -> None:
        """Watch some frames, each panned by so many pixels."""
        before = self._worked()
        self.frame.setdefault(name, []).extend(self._page.evaluate(PAN, [FRAMES, pixels]))
        self.work.setdefault(name, []).append((self._worked() - before) / FRAMES)

    def _worked(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def make_layers(root: Path) -> Path:
    """A pipeline of 20 layers of 10 steps; each loads two datasets of the layer before it."""
    (root / "notebooks").mkdir(parents=True)
    (root / "pipelines").mkdir()
    (root / "studio.toml").write_text('version = 1\n[project]\nname = "bench"\n')
    names = [f"d{number}" for number in range(LAYERS * WIDTH)]
    lines = "".join(f"  {name}: {{description: One of many.}}\n" for name in names)
    (root / "pipelines" / "catalog.yml").write_text(f"version: 1\ndatasets:\n{lines}")
    steps = []
    for number, name in enumerate(names):
        layer, place = divmod(number, WIDTH)
        loads = sorted({place, (place + 1) % WIDTH}) if layer else []
        source = ["import studio", *(f"studio.load('d{(layer - 1) * WIDTH + one}')" for one in loads)]
        source.append(f"studio.save({name!r}, None)")
        (root / "notebooks" / f"step{number}.ipynb").write_text(json.dumps(notebook("\n".join(source))))
        steps.append(f"  step{number}: {{notebook: notebooks/step{number}.ipynb}}\n")
    (root / "pipelines" / f"{PIPELINE}.yml").write_text("version: 1\nsteps:\n" + "".join(steps))
    return root


class LiveRun:
    """A run of which nothing runs but its record: ten steps end in each second, four go on at the same time."""

    def __init__(self, root: Path, pause: float = 0.1) -> None:
        self._root, self._pause = root, pause
        self._over = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self.run = ""

    def __enter__(self) -> LiveRun:
        self._thread.start()
        if not self._ready.wait(60):
            raise RuntimeError("the record of a run could not be made")
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _live(self) -> None:
        from studio.core import clock
        from studio.core.identifiers import new_run_id
        from studio.core.workspace import find_workspace
        from studio.pipelines.plan import make_plan
        from studio.pipelines.records import RunRecord, RunStore
        from studio.workflows.choose_pipeline import choose_pipeline

        workspace = find_workspace(self._root)
        plan = make_plan(workspace, choose_pipeline(workspace, PIPELINE, self._root), {}, base=self._root)
        record = RunRecord(id=new_run_id(), pipeline=PIPELINE, name=PIPELINE, started=clock.to_text(clock.now()))
        record = record.awaiting(plan.steps)
        store = RunStore(workspace)
        store.create(record)
        with store.holding(record):
            steps = list(record.steps.values())
            self.run = record.id
            for turn in itertools.count():
                for number, step in enumerate(steps):
                    place = (turn - number) % (2 * len(steps))
                    step.status = "running" if place < AT_ONCE else "completed" if place < len(steps) else "waiting"
                    step.started = record.started if step.status != "waiting" else None
                    step.attempt, step.seconds = 1, 1.5 if step.status == "completed" else None
                store.save(record)
                self._ready.set()
                if self._over.wait(self._pause):
                    break
            record.status = "killed"
            store.save(record)


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        browser.close()
