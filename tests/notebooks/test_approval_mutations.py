"""The proof about fingerprints: over real notebooks, every edit that changes what runs ends an approval, no other does.

Single edits are drawn at random (seeded), applied to the example's and the starter's notebooks, and judged by the same
`state` that guards a run. Nothing here knows how a fingerprint is made.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.governance.people import stranger
from studio.notebooks.approval import ApprovalState, state
from studio.notebooks.approval_file import Evidence
from studio.notebooks.approval_writing import Reviewed, write_approval
from studio.notebooks.document import parse_notebook, read_notebook
from studio.notebooks.fingerprint import Fingerprint, fingerprint

ROOT = Path(__file__).parents[2]
CONTRACTS, ENVIRONMENT = {"telco_customers": "c" * 64}, "e" * 64
EDITS_A_NOTEBOOK = 60
SEED = 20260303


@dataclass
class Draft:
    """A notebook about to be edited: its data, how it will be written, and modules that will be written beside it."""

    workspace: Workspace
    path: str
    content: dict[str, Any]
    modules: tuple[str, ...]
    dump: Callable[[Any], str] = json.dumps

    def cells(self, *tags: str, kind: str = "code") -> list[int]:
        """The places of the cells of `kind` that have one of `tags`; of code that runs, where no tag is given."""
        return [
            index
            for index, cell in enumerate(self.content["cells"])
            if cell["cell_type"] == kind and self.source(index).strip() and self.fits(cell, tags)
        ]

    @staticmethod
    def fits(cell: dict[str, Any], tags: tuple[str, ...]) -> bool:
        found = set(cell["metadata"].get("tags", ()))
        return bool(found.intersection(tags)) if tags else not found.intersection({"parameters", "test", "scratch"})

    def source(self, index: int) -> str:
        return "".join(self.content["cells"][index]["source"])

    def put(self, index: int, source: str) -> None:
        self.content["cells"][index]["source"] = source

    def insert(self, index: int, source: str, *tags: str, kind: str = "code") -> None:
        cell = {"cell_type": kind, "id": f"new-{index}", "metadata": {"tags": list(tags)}, "source": source}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        self.content["cells"].insert(index, cell)

    def make(self, index: int, kind: str) -> None:
        cell = self.content["cells"][index]
        cell["cell_type"] = kind
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)

    def retag(self, index: int, *tags: str) -> None:
        self.content["cells"][index]["metadata"]["tags"] = list(tags)

    def tags(self, index: int) -> list[str]:
        return list(self.content["cells"][index]["metadata"].get("tags", ()))


class NotHere(Exception):
    """The notebook offers no place for this edit."""


Names = set[str]
"""What a state may say of the edit: beginnings of the names of changes."""


def some(rng: random.Random, places: list[Any]) -> Any:
    if not places:
        raise NotHere
    return rng.choice(places)


def cell(*indices: int) -> Names:
    return {f"cell {index + 1} (" for index in indices}


# Edits that change what runs, each returning what must be named.


def token(rng: random.Random, draft: Draft) -> Names:
    return edit_token(rng, draft, some(rng, draft.cells()), {tokenize.NAME, tokenize.STRING})


def number(rng: random.Random, draft: Draft) -> Names:
    return edit_token(rng, draft, some(rng, draft.cells()), {tokenize.NUMBER})


def operator(rng: random.Random, draft: Draft) -> Names:
    return edit_token(rng, draft, some(rng, draft.cells()), {tokenize.OP})


def edit_test(rng: random.Random, draft: Draft) -> Names:
    kinds = {tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING}
    return edit_token(rng, draft, some(rng, draft.cells("test")), kinds)


def edit_token(rng: random.Random, draft: Draft, index: int, kinds: set[int]) -> Names:
    source = draft.source(index)
    draft.put(index, change_token(rng, source, kinds))
    return cell(index)


def change_token(rng: random.Random, source: str, kinds: set[int]) -> str:
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type in kinds]
    except (tokenize.TokenError, IndentationError) as error:
        raise NotHere from error
    chosen = some(rng, tokens)
    text = chosen.string
    if chosen.type == tokenize.NUMBER:
        new = text + "1" if text.isdigit() else f"({text} + 1)"
    elif chosen.type == tokenize.STRING:
        new = text[:-1] + "~" + text[-1] if not text.endswith(('"""', "'''")) else text[:-3] + "~" + text[-3:]
    elif chosen.type == tokenize.OP:
        new = some(rng, [word for word in ("+", "-", "*", "==", "<", ">=", "|") if word != text])
    else:
        new = text + "_x"
    lines = source.splitlines(keepends=True)
    (row, start), (end_row, end) = chosen.start, chosen.end
    before = "".join(lines[: row - 1]) + lines[row - 1][:start]
    return before + new + lines[end_row - 1][end:] + "".join(lines[end_row:])


def a_comment(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells())
    draft.put(index, draft.source(index) + "  # noqa")
    return cell(index)


def delete(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells() + draft.cells("test"))
    del draft.content["cells"][index]
    return cell(index)


def insert(rng: random.Random, draft: Draft) -> Names:
    index = rng.randrange(len(draft.content["cells"]) + 1)
    draft.insert(index, f"unseen_{rng.randrange(10**6)} = 1", *(["test"] if rng.random() < 0.3 else []))
    return cell(index)


def duplicate(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells() + draft.cells("test"))
    draft.insert(index + 1, draft.source(index), *draft.tags(index))
    return cell(index, index + 1)


def reorder(rng: random.Random, draft: Draft) -> Names:
    places = draft.cells()
    pairs = [(a, b) for a in places for b in places if a < b and draft.source(a).strip() != draft.source(b).strip()]
    one, other = some(rng, pairs)
    cells = draft.content["cells"]
    cells[one], cells[other] = cells[other], cells[one]
    return {"cell "}


def border(rng: random.Random, draft: Draft) -> Names:
    """A line goes from one cell to the next: the joined text stays the same."""
    places = draft.cells()
    pairs = [
        (a, b) for a, b in pairwise(places) if "%%" not in draft.source(a) and len(draft.source(a).split("\n")) > 1
    ]
    one, other = some(rng, pairs)
    head, _, line = draft.source(one).rstrip("\n").rpartition("\n")
    draft.put(one, head)
    draft.put(other, f"{line}\n{draft.source(other)}")
    return cell(one, other)


def joined(rng: random.Random, draft: Draft) -> Names:
    places = draft.cells()
    one, other = some(rng, [(a, b) for a, b in pairwise(places) if b == a + 1])
    draft.put(one, f"{draft.source(one)}\n{draft.source(other)}")
    del draft.content["cells"][other]
    return cell(one, other)


def default(rng: random.Random, draft: Draft) -> Names:
    return edit_parameter(rng, draft, lambda line: change_token(rng, line, {tokenize.NUMBER, tokenize.STRING}))


def annotation(rng: random.Random, draft: Draft) -> Names:
    def change(line: str) -> str:
        name, mark, rest = line.partition(":")
        kind, equals, value = rest.partition("=")
        if not mark or " | None" in kind:
            raise NotHere
        return f"{name}:{kind.rstrip()} | None {equals}{value}"

    return edit_parameter(rng, draft, change)


def edit_parameter(rng: random.Random, draft: Draft, change: Callable[[str], str]) -> Names:
    index = some(rng, draft.cells("parameters"))
    lines = draft.source(index).split("\n")
    place = some(rng, [n for n, line in enumerate(lines) if line[:1].isidentifier() and ":" in line])
    lines[place] = change(lines[place])
    draft.put(index, "\n".join(lines))
    return {f"parameter {lines[place].partition(':')[0]}"}


def new_parameter(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells("parameters"))
    draft.put(index, draft.source(index).rstrip() + "\nundeclared: int = 1")
    return {"parameter undeclared (new)"}


def parameters_moved(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells("parameters"))
    draft.retag(index)
    draft.insert(index + 1, "moved: int = 1", "parameters")
    return cell(index)


def parameters_below(rng: random.Random, draft: Draft) -> Names:
    """The cell of the parameters changes its place, so that values reach the notebook later."""
    index = some(rng, draft.cells("parameters"))
    after = some(rng, [place for place in draft.cells() if place > index])
    draft.content["cells"].insert(after, draft.content["cells"].pop(index))
    return {"cell "}


def a_tag(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells())
    words = ["skip-execution", "raises-exception", "test", "scratch", "injected-parameters", "papermill-error-cell-tag"]
    draft.retag(index, *draft.tags(index), rng.choice(words))
    return cell(index)


def a_test_tag(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells("test"))
    draft.retag(index, *([] if rng.random() < 0.5 else ["test", "skip-execution"]))
    return cell(index)


def made_raw(rng: random.Random, draft: Draft) -> Names:
    index = some(rng, draft.cells() + draft.cells("test"))
    draft.make(index, rng.choice(["raw", "markdown"]))
    return cell(index)


def kernel(rng: random.Random, draft: Draft) -> Names:
    draft.content["metadata"]["kernelspec"]["name"] += rng.choice(["-2", "x", " "])
    return {"kernel"}


def module(rng: random.Random, draft: Draft) -> Names:
    path = some(rng, list(draft.modules))
    file = draft.workspace.root / path
    kinds = {tokenize.NUMBER, tokenize.OP} if rng.random() < 0.5 else set()
    text = file.read_text()
    file.write_text(change_token(rng, text, kinds) if kinds else f"unseen = 1\n{text}")
    try:
        fingerprint(draft.workspace, parse_notebook(json.dumps(draft.content), draft.path))
    except Problems:  # no Python any more: refused before anybody asks for an approval
        file.write_text(f"unseen = 1\n{text}")
    return {f"module {path}"}


CHANGING = (token, number, operator, edit_test, a_comment, delete, insert, duplicate, reorder, border, joined)
CHANGING += (default, annotation, new_parameter, parameters_moved, parameters_below, a_tag, a_test_tag, made_raw)
CHANGING += (kernel, module)


# Edits that change nothing of what runs.


def executed(rng: random.Random, draft: Draft) -> None:
    for place in draft.content["cells"]:
        if place["cell_type"] == "code":
            text = str(rng.random())
            place["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": text},
                {"output_type": "display_data", "data": {"text/html": f"<b>{text}</b>"}, "metadata": {}},
            ]
            place["execution_count"] = rng.randrange(1, 500)


def ids(rng: random.Random, draft: Draft) -> None:
    for place in draft.content["cells"]:
        place["id"] = f"{rng.randrange(16**12):012x}"


def older_format(rng: random.Random, draft: Draft) -> None:
    draft.content["nbformat_minor"] = rng.randrange(1, 5)
    for place in draft.content["cells"]:
        place.pop("id", None)


def markdown(rng: random.Random, draft: Draft) -> None:
    index = some(rng, draft.cells(kind="markdown"))
    if rng.random() < 0.3:
        del draft.content["cells"][index]
    elif rng.random() < 0.5:
        draft.put(index, draft.source(index) + f"\n\nimport os  {rng.random()}")
    else:
        draft.insert(rng.randrange(len(draft.content["cells"])), "# New\n\n`a = 1`", "mine", kind="markdown")


def cell_metadata(rng: random.Random, draft: Draft) -> None:
    noise = {
        "collapsed": True,
        "scrolled": "auto",
        "slideshow": {"slide_type": "skip"},
        "jupyter": {"source_hidden": True, "outputs_hidden": True},
        "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"},
        "papermill": {"duration": 1.5, "status": "failed"},
        "trusted": False,
        "editable": False,
        "deletable": False,
        "vscode": {"languageId": "r"},
    }
    for place in draft.content["cells"]:
        name = rng.choice(list(noise))
        place["metadata"][name] = noise[name]


def notebook_metadata(rng: random.Random, draft: Draft) -> None:
    noise = {
        "title": "x",
        "toc": {"a": [1]},
        "papermill": {"parameters": {"rate": 9}},
        "authors": [{"name": "x"}],
        "execution": {"timeout": 1, "allow_errors": True},
        "vscode": {"interpreter": {"hash": "x"}},
    }
    name = rng.choice(list(noise))
    draft.content["metadata"][name] = noise[name]
    draft.content["metadata"].setdefault("language_info", {"name": "python"})["version"] = "3.99"
    draft.content["metadata"]["kernelspec"]["display_name"] = "Another"


def widgets(rng: random.Random, draft: Draft) -> None:
    held = {"version_major": 2, "version_minor": 0, "state": {f"{rng.random()}": {"model_name": "IntSliderModel"}}}
    draft.content["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": held}


def line_endings(rng: random.Random, draft: Draft) -> None:
    for index in range(len(draft.content["cells"])):
        draft.put(index, draft.source(index).replace("\n", rng.choice(["\r\n", "\r"])))


def as_lines(rng: random.Random, draft: Draft) -> None:
    for index, place in enumerate(draft.content["cells"]):
        text = draft.source(index)
        place["source"] = text.splitlines(keepends=True) if isinstance(place["source"], str) else text


def white_space(rng: random.Random, draft: Draft) -> None:
    index = some(rng, draft.cells() + draft.cells("test") + draft.cells("parameters"))
    before, after = rng.choice(["", "\n", " \n\t\n"]), rng.choice(["\n", "  ", "\n\n\t\n", " \n"])
    if draft.source(index).lstrip().startswith("%%"):
        before, after = "", "\n"
    draft.put(index, before + draft.source(index) + after)


def scratch(rng: random.Random, draft: Draft) -> None:
    source = rng.choice(["import antigravity", "explore(", "%run nowhere.txt", "rate = 99", "%%bash\nrm -r x"])
    draft.insert(rng.randrange(len(draft.content["cells"]) + 1), source, "scratch", *rng.choice([[], ["test"]]))


def indentation(rng: random.Random, draft: Draft) -> None:
    choices: list[dict[str, Any]] = [
        {"indent": 4},
        {"indent": None, "separators": (",", ":")},
        {"sort_keys": True},
        {"ensure_ascii": False, "indent": 2},
        {"indent": "\t"},
    ]
    options = rng.choice(choices)
    draft.dump = lambda content: json.dumps(content, **options) + rng.choice(["", "\n", "\n\n"])


def idle_tags(rng: random.Random, draft: Draft) -> None:
    index = some(rng, draft.cells() + draft.cells("test") + draft.cells("parameters"))
    words = ["hide-input", "remove-cell", "remove-output", "hide-output", "mine", "Test", "SCRATCH", "parameter"]
    draft.retag(index, rng.choice(words), *draft.tags(index), *draft.tags(index))


def empty_cells(rng: random.Random, draft: Draft) -> None:
    index = rng.randrange(len(draft.content["cells"]) + 1)
    kind = rng.choice(["code", "code", "raw"])
    draft.insert(index, rng.choice(["", "\n", "  \n\t"]) if kind == "code" else "anything = 1", kind=kind)


def leftover(rng: random.Random, draft: Draft) -> None:
    index = rng.randrange(len(draft.content["cells"]) + 1)
    draft.insert(index, "rate = 99", rng.choice(["injected-parameters", "papermill-error-cell-tag"]))


def idle_module(rng: random.Random, draft: Draft) -> None:
    """Another module's text, or line endings and the end of one's own."""
    (draft.workspace.root / "notebooks/unrelated.py").write_text(f"x = {rng.random()}\n")
    if draft.modules:
        file = draft.workspace.root / rng.choice(draft.modules)
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")


IDLE = (executed, ids, older_format, markdown, cell_metadata, notebook_metadata, widgets, line_endings, as_lines)
IDLE += (white_space, scratch, indentation, idle_tags, empty_cells, leftover, idle_module)


class Proof:
    """The real notebooks in a workspace, all approved."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        skipped = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / "notebooks/churn", root / "notebooks/churn", ignore=skipped)
        shutil.copytree(ROOT / "studio/workflows/starter/notebooks/first", root / "notebooks/first", ignore=skipped)
        (root / "studio.toml").write_text("version = 1\n")
        self.paths = sorted(file.relative_to(root).as_posix() for file in root.rglob("*.ipynb"))
        self.texts = {file: file.read_bytes() for file in (root / "notebooks").rglob("*") if file.is_file()}
        self.approved: dict[str, Fingerprint] = {}
        evidence = Evidence(submission="s", contracts=CONTRACTS, environment=ENVIRONMENT)
        for path in self.paths:
            self.approved[path] = self.content(path)
            reviewed = Reviewed(self.approved[path], evidence)
            write_approval(self.workspace, path, reviewed, reviewer=stranger("mel@example.org"))

    def content(self, path: str) -> Fingerprint:
        return fingerprint(self.workspace, read_notebook(self.workspace, path), contracts=CONTRACTS)

    def draft(self, path: str) -> Draft:
        parts = self.approved[path].parts
        modules = tuple(part.label.removeprefix("module ") for part in parts if part.kind == "module")
        content = json.loads(self.texts[self.workspace.root / path])
        return Draft(self.workspace, path, content, modules)

    def judge(self, draft: Draft) -> ApprovalState:
        """The state once the draft is written; the workspace is as before afterwards."""
        (self.workspace.root / draft.path).write_text(draft.dump(draft.content), encoding="utf-8")
        try:
            found = self.content(draft.path)
            return state(self.workspace, draft.path, found, contracts=CONTRACTS, environment=ENVIRONMENT)
        finally:
            for file, data in self.texts.items():
                if file.read_bytes() != data:
                    file.write_bytes(data)


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    return Proof(tmp_path_factory.mktemp("proof").resolve())


def edits(proof: Proof, kinds: tuple[Callable[..., Any], ...], rng: random.Random) -> Iterator[tuple[Any, Draft, Any]]:
    """Single edits of each notebook, the kinds in turn, those left out that it has no place for."""
    for path in proof.paths:
        made, turn, seen = 0, rng.randrange(len(kinds)), set[str]()
        while made < EDITS_A_NOTEBOOK // 2:
            kind = kinds[turn % len(kinds)]
            turn += 1
            draft = proof.draft(path)
            try:
                named = kind(rng, draft)
            except NotHere:
                continue
            told = kind.__name__ + draft.dump(draft.content)
            if kind not in (module, idle_module) and told in seen:
                continue
            seen.add(told)
            made += 1
            yield kind, draft, named


@pytest.mark.slow
def test_every_edit_that_changes_what_runs_ends_the_approval_and_no_other_does(proof: Proof) -> None:
    rng = random.Random(SEED)
    judged: Counter[str] = Counter()
    wrong = []
    for kind, draft, named in edits(proof, CHANGING, rng):
        try:
            found = proof.judge(draft)
        except Problems:
            judged["refused"] += 1  # before the question comes up, as by every run
            continue
        judged["changing"] += 1
        judged[kind.__name__] += 1
        if found.status != "lapsed" or not any(change.startswith(name) for change in found.changes for name in named):
            wrong.append((kind.__name__, draft.path, found.status, found.changes, named))
        assert all(change in found.reasons[0] for change in found.changes[:5])
    for kind, draft, _ in edits(proof, IDLE, rng):
        found = proof.judge(draft)
        judged["idle"] += 1
        judged[kind.__name__] += 1
        if found.status != "approved":
            wrong.append((kind.__name__, draft.path, found.status, found.changes, ""))
    assert wrong == []
    assert judged["changing"] + judged["idle"] >= 450, judged
    assert judged["changing"] >= 220, judged
    assert judged["idle"] == len(proof.paths) * EDITS_A_NOTEBOOK // 2, judged
    assert judged["refused"] <= 8, judged
    assert {kind.__name__ for kind in (*CHANGING, *IDLE)} <= set(judged), judged
    assert all(proof.judge(proof.draft(path)).approved for path in proof.paths)


TRAIN = "notebooks/churn/train.ipynb"


def _skip(draft: Draft) -> None:
    draft.retag(draft.cells()[1], "skip-execution")


def _raises(draft: Draft) -> None:
    draft.retag(draft.cells()[1], "raises-exception")


def _raw(draft: Draft) -> None:
    draft.make(draft.cells()[1], "raw")


def _undeclared(draft: Draft) -> None:
    new_parameter(random.Random(0), draft)


def _moved(draft: Draft) -> None:
    parameters_moved(random.Random(0), draft)


def _module(draft: Draft) -> None:
    file = draft.workspace.root / draft.modules[0]
    file.write_text(file.read_text() + "\nunseen = 1\n")


def _kernel(draft: Draft) -> None:
    draft.content["metadata"]["kernelspec"]["name"] = "trap"


def _border(draft: Draft) -> None:
    border(random.Random(0), draft)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (_skip, "cell 4 (code)"),
        (_raises, "cell 4 (code)"),
        (_raw, "cell 4 (code) (gone)"),
        (_undeclared, "parameter undeclared (new)"),
        (_moved, "cell 3 (code)"),
        (_module, "module notebooks/churn/"),
        (_kernel, "kernel"),
        (_border, "cell "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_changes_that_a_hash_of_the_source_misses(proof: Proof, edit: Any, named: str) -> None:
    draft = proof.draft(TRAIN)
    edit(draft)
    found = proof.judge(draft)
    assert found.status == "lapsed"
    assert any(change.startswith(named) for change in found.changes), found.changes


def test_what_lies_about_on_the_machine_is_no_part_of_an_approval(
    proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That a run obeys none of these is proved by running, in tests/pipelines/kernels/test_clean_start.py.
    startup = tmp_path / "profile_default/startup/00-trap.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("raise SystemExit")
    specification = tmp_path / "kernels/python3/kernel.json"
    specification.parent.mkdir(parents=True)
    specification.write_text('{"argv": ["false"], "display_name": "trap", "language": "r"}')
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert proof.judge(proof.draft(TRAIN)).approved
    tests = (ROOT / "tests/pipelines/kernels/test_clean_start.py").read_text()
    assert "test_no_configuration_start_up_file_or_specification_from_elsewhere" in tests


def test_a_file_that_hides_an_installed_module_ends_the_approval(proof: Proof) -> None:
    hiding = proof.workspace.root / "notebooks/churn/threadpoolctl.py"
    hiding.write_text("raise SystemExit\n")
    try:
        found = proof.judge(proof.draft(TRAIN))
    finally:
        hiding.unlink()
    assert (found.status, found.changes) == ("lapsed", ("module notebooks/churn/threadpoolctl.py (new)",))
    assert proof.judge(proof.draft(TRAIN)).approved


@pytest.mark.parametrize("ending", ["\xa0", "\u2028", "\x0b", "\x1c"])
def test_characters_that_python_does_not_read_are_no_white_space(proof: Proof, ending: str) -> None:
    draft = proof.draft(TRAIN)
    index = draft.cells()[1]
    draft.put(index, draft.source(index).rstrip() + ending)
    with pytest.raises(SyntaxError):
        compile(draft.source(index), "cell", "exec")
    assert proof.judge(draft).changes == ("cell 4 (code)",)
