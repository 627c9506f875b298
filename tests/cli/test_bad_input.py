"""Every kind of bad input against the command line: status 2, one clear paragraph, nothing started, nothing lost.

Most cases call the command's own entry point in this process, which takes milliseconds; what has to do with
processes, permissions or streams has a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.cli.main import main
from tests.conftest import METADATA, Answer, Place, notebook

SETTINGS = "version = 1\n"
CATALOG = (
    "version: 1\ndatasets:\n  numbers: {description: n}\n  squares: {description: s}\n"
    "  people: {location: data/people.csv, contract: people}\n"
)
TWO = "version: 1\nsteps:\n  make: {notebook: notebooks/make.ipynb}\n  square: {notebook: notebooks/square.ipynb}\n"
CONTRACT = (
    "version: 1\ncolumns:\n  id: {dtype: int64, unique: true}\n  name: {dtype: str}\n"
    "  age: {dtype: float64, ge: 0}\nstrict: true\n"
)
PEOPLE = "id,name,age\n1,Ann,30\n2,Bob,40\n"
MAKE = notebook(
    "import pandas as pd\nimport studio",
    ("parameters", "count: int = 5  # how many\nlabel: str = 'x'  # a text\nratio: float = 0.5  # a share"),
    "studio.save('numbers', pd.DataFrame({'number': range(count)}))",
)
SQUARE = notebook("import studio", "frame = studio.load('numbers')", "studio.save('squares', frame)")
READ = notebook(
    "from pathlib import Path",
    ("parameters", "source: Path = Path('../data/people.csv')  # a file"),
    "print(source.stat().st_size)",
)
Shell = Callable[..., Answer]
Content = str | bytes | dict[str, Any] | None


@pytest.fixture
def workspace(place: Place) -> Place:
    """A workspace in which everything is right."""
    place.write("studio.toml", SETTINGS)
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/contracts/people.yml", CONTRACT)
    place.write("pipelines/two.yml", TWO)
    place.write(
        "pipelines/checked.yml",
        "version: 1\ninputs: {source: {contract: people}}\nsteps:\n  read: {notebook: notebooks/read.ipynb}\n",
    )
    place.write("pipelines/sourced.yml", "version: 1\nsteps:\n  read: {notebook: notebooks/sourced.ipynb}\n")
    place.write("notebooks/make.ipynb", MAKE)
    place.write("notebooks/square.ipynb", SQUARE)
    place.write("notebooks/read.ipynb", READ)
    place.write("notebooks/sourced.ipynb", notebook("import studio", "people = studio.load('people')"))
    place.write("data/people.csv", PEOPLE)
    return place


@pytest.fixture
def shell(workspace: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Types words in the workspace, in this process."""

    def type_words(*words: str) -> Answer:
        monkeypatch.chdir(workspace.root)
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, said.out, said.err)

    return type_words


@dataclass(frozen=True)
class Case:
    """What is done to the workspace, what is typed, and what the answer must hold."""

    name: str
    words: tuple[str, ...]
    said: tuple[str, ...]
    files: dict[str, Content] = field(default_factory=dict)


def cases(*found: Case) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", found, ids=lambda case: case.name)


def lay(place: Place, path: str, content: Content) -> None:
    """Put `content` at `path`; None removes what is there."""
    target = place.root / path
    target.unlink(missing_ok=True)
    if isinstance(content, bytes):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    elif content is not None:
        place.write(path, content)


def files_of(place: Place) -> dict[str, bytes | str]:
    """Everything that is the user's own, with its content."""
    found: dict[str, bytes | str] = {}
    for path in sorted(place.root.rglob("*")):
        name = path.relative_to(place.root).as_posix()
        if name.startswith(".studio"):
            continue
        found[name] = path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else "not a file"
    return found


def runs_of(place: Place) -> list[str]:
    folder = place.root / ".studio" / "runs"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def check_refused(answer: Answer, *said: str) -> None:
    """Status 2 and one clear paragraph on standard error."""
    assert answer.status == 2, (answer.status, answer.out, answer.err)
    assert answer.err.startswith(("Error: ", "Usage: ")), answer.err
    assert "Traceback" not in answer.err
    assert "\n\n" not in answer.err.strip() or answer.err.startswith("Usage: ")
    assert len(answer.err) < 3000
    for part in said:
        assert part in answer.err, answer.err


def check_says_what_next(answer: Answer) -> None:
    assert re.search(r"Next: |Did you mean |Known: |expected here|[Aa]llowed|Write |such as|is missing", answer.err), (
        answer.err
    )


def refuse(place: Place, case: Case, shell: Shell) -> None:
    """Make the case, type its words, and see it refused with nothing started and nothing lost."""
    for path, content in case.files.items():
        lay(place, path, content)
    before = files_of(place)
    answer = shell(*case.words)
    check_refused(answer, *case.said)
    check_says_what_next(answer)
    assert answer.out == ""
    assert files_of(place) == before
    assert runs_of(place) == []
    assert not (place.root / ".studio" / "mlflow.db").exists()


ONE = "notebooks/one.ipynb"
GOOD = json.dumps(notebook(("parameters", "count: int = 5  # how many"), "print(count)"))


def of_notebook(name: str, content: Content, *said: str) -> Case:
    return Case(name, ("run", ONE), (ONE, *said), {ONE: content})


@cases(
    of_notebook("truncated", GOOD[:-30], "cut off"),
    of_notebook("empty", "", "is empty"),
    of_notebook("no JSON", "hello", "is not JSON", "line 1, column 1"),
    of_notebook("another JSON", "[1]", "no notebook"),
    of_notebook("UTF-16", GOOD.encode("utf-16"), "not UTF-8"),
    of_notebook("nbformat 3", {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}, "nbconvert"),
    of_notebook("nbformat 5", {**json.loads(GOOD), "nbformat": 5}, "newer"),
    of_notebook("two keys", GOOD.replace('"cells":', '"cells": [], "cells":', 1), "'cells' stands twice"),
    of_notebook("NaN", GOOD.replace('"tags"', '"x": NaN, "tags"', 1), "cell 1", "NaN"),
    of_notebook("unknown cell", GOOD.replace('"code"', '"sql"', 1), "cell 1", "'sql'"),
    of_notebook("half a character", GOOD.replace("print(count)", "print('\\ud800')"), "surrogate"),
    of_notebook("deep", '{"metadata": ' + "[" * 100_000, "nested too deeply"),
    of_notebook(
        "huge number", GOOD.replace('"execution_count": null', '"execution_count": ' + "9" * 5000, 1), "digits"
    ),
    of_notebook("tags", GOOD.replace('["parameters"]', '"parameters"'), "cell 1", "list of texts"),
    of_notebook("no cells", {"nbformat": 4, "nbformat_minor": 5, "metadata": METADATA}, "no list of cells"),
    of_notebook("syntax", notebook("x = 1", "def ("), "cell 2, line 1", "not Python"),
    of_notebook(
        "another language",
        {**notebook("x <- 1"), "metadata": {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}},
        "Python",
    ),
    of_notebook("unknown dataset", notebook("import studio\nstudio.load('nubmers')"), "cell 1, line 2", "'numbers'"),
    of_notebook("dataset by variable", notebook("import studio\nx = 'a'\nstudio.load(x)"), "cell 1, line 3"),
    of_notebook("dataset not made", notebook("import studio\nstudio.load('numbers')"), "no snapshot yet"),
    Case("text notebook", ("run", "notebooks/a.py"), ("notebooks/a.py", "# %%"), {"notebooks/a.py": "print(1)\n"}),
    Case(
        "text notebook with two parameters cells",
        ("run", "notebooks/a.py"),
        ("notebooks/a.py", "two parameters cells"),
        {"notebooks/a.py": '# %% tags=["parameters"]\na: int = 1\n# %% tags=["parameters"]\nb: int = 1\n'},
    ),
)
def test_notebooks(workspace: Place, case: Case, shell: Shell) -> None:
    refuse(workspace, case, shell)


def of_cell(name: str, source: str, *said: str) -> Case:
    return of_notebook(name, notebook(("parameters", source)), "cell 1", *said)


@cases(
    of_notebook("two", notebook(("parameters", "a: int = 1"), ("parameters", "b: int = 1")), "two parameters cells"),
    of_cell("condition", "if True:\n    a = 1", "A condition"),
    of_cell("call", "a = open('x').read()", "no plain value"),
    of_cell("magic", "%load_ext x", "not plain Python"),
    of_cell("tuple", "a, b = 1, 2", "one name"),
    of_cell("twice", "a: int = 1\na: int = 2", "line 2", "twice"),
    of_cell("default", "a: int = 'x'", "line 1", "'x' does not fit int"),
    of_cell("type", "a: DataFrame = None", "DataFrame", "Allowed"),
    Case(
        "none, and values given",
        ("run", ONE, "-p", "x=1"),
        (ONE, "has no parameters", "'x'"),
        {ONE: notebook("print(1)")},
    ),
)
def test_parameters_cells(workspace: Place, case: Case, shell: Shell) -> None:
    refuse(workspace, case, shell)


def of_value(name: str, value: str, *said: str) -> Case:
    return Case(name, ("run", "two", "-p", value), said)


@cases(
    of_value("unknown", "cuont=3", "-p cuont", "Did you mean 'count'?"),
    of_value("unknown step", "mkae.count=3", "'make'"),
    of_value("ill-typed", "count=1.5", "-p count", "does not fit int"),
    of_value("leading zero", "count=012", "does not fit int"),
    of_value("empty", "count=", "does not fit int"),
    of_value("NaN", "count=NaN", "does not fit int"),
    of_value("huge", "count=" + "9" * 5000, "5000 digits"),
    of_value("code for a name", "__import__('os').system('touch hacked')=1", "no step"),
    of_value("line end in a name", "a\nb=1", "'a\\nb'"),
    of_value("no value", "count", "NAME=VALUE"),
    of_value("no name", "=3", "NAME=VALUE"),
    Case("twice", ("run", "two", "-p", "count=1", "-p", "count=2"), ("given twice",)),
    Case(
        "fanned out",
        ("run", "many", "-p", "count=3"),
        ("steps.make.matrix.count", "pipelines/many.yml"),
        {
            "pipelines/many.yml": "version: 1\nsteps:\n"
            "  make: {notebook: notebooks/make.ipynb, matrix: {count: [1, 2]}}\n"
        },
    ),
    of_value("all at once", "cuont=3", "-p cuont"),
)
def test_values(workspace: Place, case: Case, shell: Shell) -> None:
    refuse(workspace, case, shell)
    assert not list(workspace.root.rglob("hacked"))


def test_a_value_that_is_not_text(workspace: Place) -> None:
    torn = os.fsdecode(b"label=a\xff")
    answer = workspace.studio("run", "two", "-p", torn, "--json")
    assert answer.status == 2
    assert "UTF-8" in answer.err
    assert "UTF-8" in answer.json["error"]["message"]
    assert runs_of(workspace) == []


def of_pipeline(name: str, content: Content, *said: str) -> Case:
    return Case(name, ("run", "two"), ("pipelines/two.yml", *said), {"pipelines/two.yml": content})


def step(rest: str) -> str:
    return f"version: 1\nsteps:\n  make: {{notebook: notebooks/make.ipynb, {rest}}}\n"


@cases(
    of_pipeline("tab", "version: 1\nsteps:\n\tmake: {}\n", ":3:", "tab"),
    of_pipeline("twice", TWO + "steps: {}\n", ":5:", "twice"),
    of_pipeline("loop", "version: 1\nsteps: &a\n  make: *a\n", ":2:", "anchors"),
    of_pipeline("bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ":1:", "anchors"),
    of_pipeline("tag", "version: 1\nsteps: !!python/object/apply:os.system ['touch hacked']\n", ":2:", "tag"),
    of_pipeline("deep", "version: 1\nsteps: " + "[" * 5000, ":2:", "nested"),
    of_pipeline("control character", "version: 1\ndescription: \x07\n", ":2:", "U+0007"),
    of_pipeline("two documents", TWO + "---\n" + TWO, ":5:", "another document"),
    of_pipeline("latin-1", TWO.encode() + b"# caf\xe9\n", "not UTF-8"),
    of_pipeline("list", "- a\n", "A mapping"),
    of_pipeline("empty", "", "'steps' is missing"),
    of_pipeline("version", TWO.replace("1", "2", 1), ":1:", "version", "Found: 2"),
    of_pipeline("unknown key", step("notebok: x"), ":3:", "'notebook'"),
    of_pipeline("no notebook", TWO.replace("make.ipynb", "mkae.ipynb"), ":3:", "notebooks/mkae.ipynb"),
    of_pipeline("another file", TWO.replace("notebooks/make.ipynb", "studio.toml"), ":3:", ".ipynb"),
    of_pipeline("name", TWO.replace("make:", "Make It:"), ":3:", "no name for a step"),
    of_pipeline("circle", TWO.replace("make.ipynb}", "make.ipynb, after: [square]}"), "make → square → make"),
    of_pipeline("two writers", TWO + "  third: {notebook: notebooks/make.ipynb}\n", ":5:", "'numbers'"),
    of_pipeline("parameter", step("parameters: {count: many}"), ":3:", "'many' does not fit int"),
    of_pipeline("octal", step("parameters: {count: 012}"), ":3:", "number or as a text"),
    of_pipeline("NaN", step("parameters: {count: .nan}"), ":3:", "nan"),
    of_pipeline("matrix", step("matrix: {cuont: [1]}"), ":3:", "'count'"),
    of_pipeline("time", step("timeout: soon"), ":3:", '"90s"'),
    of_pipeline(
        "all at once", step("timeout: soon, retries: -1, afer: [x]"), "3 problems", "timeout", "retries", "afer"
    ),
    Case(
        "catalog that is a folder",
        ("run", "two"),
        ("pipelines/catalog.yml", "no file"),
        {"pipelines/catalog.yml": None, "pipelines/catalog.yml/x": "x"},
    ),
    Case(
        "catalog",
        ("run", "two"),
        ("pipelines/catalog.yml:3", "'location'"),
        {"pipelines/catalog.yml": "version: 1\ndatasets:\n  numbers: {locaton: a.csv}\n  squares: {}\n"},
    ),
    Case(
        "contract",
        ("run", "checked"),
        ("pipelines/contracts/people.yml:5", "columns.age.gee"),
        {
            "pipelines/contracts/people.yml": CONTRACT.replace(
                "  age: {dtype: float64, ge: 0}", "  age: {dtype: float64, gee: 0}"
            )
        },
    ),
    Case(
        "NaN in a contract",
        ("run", "sourced"),
        ("pipelines/contracts/people.yml:5", "finite"),
        {"pipelines/contracts/people.yml": CONTRACT.replace("ge: 0", "ge: .nan")},
    ),
    Case("settings", ("run", "two"), ("studio.toml", "TOML", "line 2"), {"studio.toml": "version = 1\n[project\n"}),
    Case("setting", ("run", "two"), ("studio.toml", "'running'"), {"studio.toml": "[runing]\njobs = 2\n"}),
    Case("project name", ("run", "two"), ("project.name",), {"studio.toml": '[project]\nname = "a\\u0000b"\n'}),
    Case(
        "no server",
        ("run", "two"),
        ("http://127.0.0.1:1", "no server answers"),
        {"studio.toml": "[tracking]\nuri = 'http://127.0.0.1:1'\n"},
    ),
)
def test_declarations(workspace: Place, case: Case, shell: Shell) -> None:
    refuse(workspace, case, shell)
    assert not list(workspace.root.rglob("hacked"))


@pytest.mark.heavy
def test_a_tracking_address_of_no_known_kind(workspace: Place) -> None:
    case = Case("", ("run", "two"), ("htp://x",), {"studio.toml": "[tracking]\nuri = 'htp://x'\n"})
    refuse(workspace, case, workspace.studio)


@cases(
    Case("unknown pipeline", ("run", "tow"), ("'tow'", "'two'")),
    Case("file's name", ("run", "two.yml"), ("without .yml", "two")),
    Case("unknown step", ("run", "two", "--only", "sqare"), ("'square'",)),
    Case("step not yet made", ("run", "two", "--only", "square"), ("'numbers'", "studio run two")),
    Case("outside", ("run", "../x.ipynb"), ("outside the workspace",)),
    Case("long name", ("run", "a" * 5000 + ".ipynb"), ("too long",)),
    Case("torn name", ("run", os.fsdecode(b"notebooks/\xff.ipynb")), ("UTF-8",)),
    Case("no run", ("runs", "show"), ("no run yet",)),
    Case("runs of no pipeline", ("runs", "list", "--pipeline", "tow"), ("'two'",)),
    Case("unknown dataset", ("data", "show", "peple"), ("'people'",)),
    Case("init in a workspace", ("init",), ("already",)),
    Case("check outside", ("check", "/etc/passwd"), ("outside the workspace",)),
)
def test_names(workspace: Place, case: Case) -> None:
    refuse(workspace, case, workspace.studio)


@pytest.mark.parametrize(
    "words", [("rnu",), ("run",), ("run", "two", "--frce"), ("run", "two", "-j", "0"), ("runs", "list", "-n", "x")]
)
def test_usage(workspace: Place, words: tuple[str, ...]) -> None:
    check_refused(workspace.studio(*words), "Usage: ")
    assert runs_of(workspace) == []


@pytest.mark.parametrize("link", ["notebook", "notebooks", "module", "package", "pipeline"])
def test_what_leads_outside(workspace: Place, link: str, shell: Shell) -> None:
    outside = workspace.root.parent / "outside"
    outside.mkdir()
    root = workspace.root
    if link in ("module", "package"):
        workspace.write("notebooks/make.ipynb", notebook("import library"))
        inner = outside / ("library.py" if link == "module" else "library/__init__.py")
        inner.parent.mkdir(exist_ok=True)
        inner.write_text("x = 1\n")
        name = "library.py" if link == "module" else "library"
        (root / "notebooks" / name).symlink_to(outside / name)
    else:
        moved = {"notebook": "notebooks/make.ipynb", "notebooks": "notebooks", "pipeline": "pipelines/two.yml"}[link]
        (root / moved).rename(outside / Path(moved).name)
        (root / moved).symlink_to(outside / Path(moved).name)
    refuse(workspace, Case(link, ("run", "two"), ("outside the workspace",)), shell)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("path", "spoil", "words", "said"),
    [
        ("notebooks/make.ipynb", pipe, ("run", "two"), "notebooks/make.ipynb is no file"),
        ("notebooks/make.ipynb", loop, ("run", "two"), "cannot be followed"),
        ("pipelines/catalog.yml", pipe, ("run", "two"), "it is no file"),
        ("data/people.csv", pipe, ("run", "sourced"), "it is a pipe"),
        ("data/people.csv", pipe, ("run", "checked"), "it is a pipe"),
        ("data/people.csv", loop, ("run", "checked"), "symbolic links"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    workspace: Place, path: str, spoil: Callable[[Path], None], words: tuple[str, ...], said: str, shell: Shell
) -> None:
    spoil(workspace.root / path)
    refuse(workspace, Case("", words, (said,)), shell)


BAD_ROWS = "id,name,age\n" + "".join(f"{number},x,-1\n" for number in range(300))


DATA = {
    "separator": (b"id;name;age\n1;Ann;30\n", ("';'", "separator")),
    "columns": (b"a,b\n1,2\n", ("missing columns: 'id', 'name', 'age'", "unexpected columns: 'a', 'b'")),
    "encoding": ("id,name,age\n1,Jos\u00e9,30\n".encode("latin-1"), ("not utf-8", "line 2", "latin-1")),
    "no rows": (b"id,name,age\n", ("no rows",)),
    "empty": (b"", ("is empty",)),
    "blank": (b"  \n", ("no header",)),
    "rows": (BAD_ROWS.encode(), ("300 failure cases", "row 1 (-1.0)", "row 10 (-1.0) and 290 more")),
    "ragged": (b"id,name,age\n1,Ann\n", ("people.csv:2", "2 fields")),
    "types": (b"id,name,age\nx,Ann,old\n", ("column 'id'", "row 1 ('x')", "column 'age'", "row 1 ('old')")),
    "missing": (None, ("does not exist",)),
}


@pytest.mark.parametrize("pipeline", ["checked", "sourced"])
@pytest.mark.parametrize("name", DATA)
def test_data(workspace: Place, pipeline: str, name: str, shell: Shell) -> None:
    content, said = DATA[name]
    refuse(workspace, Case(name, ("run", pipeline), ("people.csv", *said), {"data/people.csv": content}), shell)


def unprivileged(place: Place, *words: str) -> Answer:
    """`Place.studio` for a user whom permissions hold back, also where the tests run as root."""
    before = []
    if os.geteuid() == 0:
        kept = "-dac_override,-dac_read_search"
        before = ["setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}"]
    done = subprocess.run(
        [*before, sys.executable, "-m", "studio.cli", *words],
        cwd=place.root,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def closed(workspace: Place) -> Iterator[Callable[[str, int], None]]:
    """Takes permissions from a path, and gives them back at the end."""
    before: dict[Path, int] = {}

    def close(path: str, mode: int) -> None:
        target = workspace.root / path
        if ".studio" in path:
            target.mkdir(parents=True, exist_ok=True)
        before[target] = target.stat().st_mode
        target.chmod(mode)

    yield close
    for path, mode in reversed(before.items()):
        path.chmod(mode)


@pytest.mark.parametrize(
    ("path", "mode", "said"),
    [
        ("notebooks/make.ipynb", 0, "notebooks/make.ipynb cannot be read: Permission denied"),
        ("notebooks", 0, "Permission denied"),
        ("pipelines/two.yml", 0, "pipelines/two.yml cannot be read: Permission denied"),
        ("pipelines", 0, "Permission denied"),
        ("pipelines/catalog.yml", 0, "pipelines/catalog.yml cannot be read: Permission denied"),
        ("studio.toml", 0, "studio.toml cannot be read: Permission denied"),
        (".", 0o555, ".studio cannot be written: Permission denied"),
        (".studio", 0o555, ".studio cannot be written: Permission denied"),
        (".studio", 0, "Permission denied"),
        (".studio/runs", 0o555, ".studio/runs cannot be written: Permission denied"),
        (".studio/snapshots", 0o555, ".studio/snapshots cannot be written: Permission denied"),
        (".studio/cache", 0, ".studio/cache cannot be written: Permission denied"),
    ],
)
@pytest.mark.skipif(not Path("/usr/bin/setpriv").exists() and os.geteuid() == 0, reason="root cannot be held back here")
def test_what_may_not_be_read_or_written(
    workspace: Place, closed: Callable[[str, int], None], path: str, mode: int, said: str
) -> None:
    closed(path, mode)
    answer = unprivileged(workspace, "run", "two")
    (workspace.root / path).chmod(0o755)
    check_refused(answer, said)
    check_says_what_next(answer)
    assert runs_of(workspace) == []
    assert not (workspace.root / ".studio/mlflow.db").exists()


@pytest.mark.parametrize("path", [".studio", ".studio/runs", ".studio/snapshots", ".studio/artifacts"])
def test_a_file_in_a_folders_place(workspace: Place, path: str) -> None:
    workspace.write(path, "mine")
    check_refused(workspace.studio("run", "two"), path, "Next: ")
    assert (workspace.root / path).read_text() == "mine"


def test_a_tracking_store_of_something_else(workspace: Place) -> None:
    workspace.write(".studio/mlflow.db", "not a database" * 100)
    check_refused(workspace.studio("run", "two"), "mlflow.db", "not a database", "Next: ")
    assert runs_of(workspace) == []
    assert (workspace.root / ".studio/mlflow.db").read_text() == "not a database" * 100


def test_a_full_disk(workspace: Place) -> None:
    # A limit on the size of files is refused like a disk or a quota without room, and needs no disk of its own.
    program = (
        "import resource, sys; from studio.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "run", "two"],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    answer = Answer(done.returncode, done.stdout, done.stderr)
    check_refused(answer, ".studio cannot be written: File too large", "free space")
    assert runs_of(workspace) == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8:strict"])
def test_a_terminal_that_cannot_show_a_character(workspace: Place, encoding: str) -> None:
    environment = {"PYTHONIOENCODING": encoding}
    lay(workspace, "pipelines/two.yml", TWO.replace("steps:", "description: größer → 漢字\nsteps:"))
    listed = workspace.studio("pipelines", "list", "--json", environment=environment)
    assert listed.status == 0, listed.err
    named = {item["name"]: item["description"] for item in listed.json["pipelines"]}
    assert named["two"] == "größer → 漢字"
    assert workspace.studio("pipelines", "plan", "two", environment=environment).status == 0
    refused = workspace.studio("run", "漢", "--json", environment=environment)
    assert refused.status == 2
    assert "Traceback" not in refused.err
    assert "pipeline" in refused.json["error"]["message"]


@pytest.fixture
def ran(workspace: Place) -> Place:
    """A workspace in which the pipeline has run once."""
    assert workspace.studio("run", "two").status == 0
    return workspace


def damaged(place: Place, pattern: str, content: bytes | None) -> None:
    found = [path for path in (place.root / ".studio").glob(pattern) if path.is_file()]
    assert found, pattern
    for path in found:
        path.chmod(0o644)
        path.unlink()
        if content is not None:
            path.write_bytes(content)


@pytest.mark.heavy
def test_what_is_deleted_or_damaged_between_runs(ran: Place) -> None:
    """One workspace for all, because each needs a run that went well before it."""
    (run,) = runs_of(ran)
    record = ran.root / ".studio" / "runs" / run / "run.json"
    whole = record.read_bytes()
    for content in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"format": 9}', whole.replace(b"completed", b"happy")):
        record.write_bytes(content)
        for words in (("runs", "show"), ("runs", "resume"), ("runs", "why")):
            check_refused(ran.studio(*words), run, "cannot be read", "Next: ")
        listed = ran.studio("runs", "list", "--json")
        assert listed.status == 0
        assert [item["run"] for item in listed.json["unreadable"]] == [run]
    record.write_bytes(whole)

    damaged(ran, f"runs/{run}/steps/make/*/executed.ipynb", b"{")
    (ran.root / ".studio/runs" / run / "steps/make/attempt-1/executed.html").unlink(missing_ok=True)
    check_refused(ran.studio("runs", "open", run, "make", "--print"), "executed.ipynb is damaged", "--from make")
    damaged(ran, f"runs/{run}/steps/make/*/executed.ipynb", None)
    check_refused(ran.studio("runs", "open", run, "make", "--print"), "executed.ipynb is gone", "--from make")

    damaged(ran, "snapshots/numbers/latest.json", b"{}")
    check_refused(ran.studio("run", "two", "--only", "square", "--force"), "latest.json", "Next: ")
    assert runs_of(ran) == [run]

    # What is damaged in the store is made again, and a cache is never missed.
    damaged(ran, "snapshots/numbers/latest.json", None)
    damaged(ran, "snapshots/numbers/_/*.parquet", b"xx")
    damaged(ran, "cache/reuse/square.json", b"\xff{")
    again = ran.studio("run", "two", "--json")
    assert again.status == 0, again.err
    assert [step["status"] for step in again.json["steps"]] == ["completed", "completed"]
    assert [step["status"] for step in ran.studio("run", "two", "--json").json["steps"]] == ["reused", "reused"]


@pytest.mark.heavy
def test_two_commands_at_once_in_a_new_workspace(workspace: Place) -> None:
    words = [sys.executable, "-m", "studio.cli", "run", "two", "--json"]
    started = [
        subprocess.Popen(words, cwd=workspace.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [(*process.communicate(timeout=240), process.returncode) for process in started]
    assert [status for _, _, status in answers] == [0, 0], answers
    runs = [json.loads(out) for out, _, _ in answers]
    assert sorted(run["run"] for run in runs) == runs_of(workspace)
    outputs = {json.dumps([step["outputs"] for step in run["steps"]]) for run in runs}
    assert len(outputs) == 1
