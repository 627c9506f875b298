from __future__ import annotations

import copy
import json

import pytest

from studio.core.errors import Problems
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import Fingerprint, canonical_source, difference, fingerprint
from studio.notebooks.text_notebooks import parse_text_notebook


@pytest.fixture
def base(notebooks):
    notebooks.write("lib.py", "import deep\n\ndef f():\n    return 1\n")
    notebooks.write("deep.py", "x = 1\n")
    return notebooks.notebook(
        notebooks.cell("# Title", kind="markdown"),
        "import lib\nimport studio",
        notebooks.cell("horizon: int = 24  # hours\nrate: float = 0.5", "parameters"),
        "a = 1",
        "b = a\nprint(b)",
        notebooks.cell("explore(", "scratch"),
        notebooks.cell("def test_a():\n    assert a == 1", "test"),
        notebooks.cell("raw", kind="raw"),
        "studio.save('out', b)",
    )


@pytest.fixture
def digest(notebooks):
    def take(content, **more):
        notebooks.write("notebooks/a.ipynb", json.dumps(content))
        document = read_notebook(notebooks.workspace, "notebooks/a.ipynb")
        return fingerprint(notebooks.workspace, document, **more)

    return take


def test_a_fingerprint_says_its_format_and_parts_and_goes_through_json(base, digest):
    found = digest(base, contracts={"out": "c" * 64})
    assert found.digest.startswith("f1:")
    assert len(found.digest) == 3 + 64
    assert [part.label for part in found.parts] == [
        "kernel",
        "cell 2 (code)",
        "cell 3 (parameters)",
        "cell 4 (code)",
        "cell 5 (code)",
        "cell 7 (test)",
        "cell 9 (code)",
        "parameter horizon",
        "parameter rate",
        "contract of out",
        "module deep.py",
        "module lib.py",
    ]
    assert Fingerprint.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_the_digest_of_a_given_notebook_stays_what_it_is(notebooks):
    # A change here changes every approval and every reuse: raise FORMAT with it.
    document = notebooks.document("a = 1", notebooks.cell("x: int = 1  # help", "parameters"))
    assert fingerprint(notebooks.workspace, document, contracts={"d": "0"}).digest == (
        "f1:e7548e14f6ad0162bf7d9d4b5bf1ddb8d353b90898b54e00f0af48d6a5e34a84"
    )


OUTPUT = {"output_type": "stream", "name": "stdout", "text": "1"}


def _new(source, *tags):
    cell = {"cell_type": "code", "id": "z", "metadata": {"tags": list(tags)}, "source": source}
    return cell | {"outputs": [], "execution_count": None}


def _tag(index, *tags):
    return lambda nb: nb["cells"][index]["metadata"].update(tags=list(tags))


def _source(index, source):
    return lambda nb: nb["cells"][index].update(source=source)


def _type(index, kind):
    def change(nb):
        cell = nb["cells"][index]
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        cell.update({"cell_type": kind} | ({"outputs": [], "execution_count": None} if kind == "code" else {}))

    return change


def _all(*changes):
    return lambda nb: [change(nb) for change in changes]


def _insert(index, cell):
    return lambda nb: nb["cells"].insert(index, cell)


def _drop(index):
    return lambda nb: nb["cells"].pop(index)


SAME = {
    "re-executed": lambda nb: nb["cells"][3].update(execution_count=9, outputs=[OUTPUT]),
    "markdown edited": lambda nb: nb["cells"][0].update(source="# Other"),
    "markdown taken out": lambda nb: nb["cells"].pop(0),
    "markdown tagged": lambda nb: nb["cells"][0]["metadata"].update(tags=["test", "raises-exception"]),
    "scratch edited": lambda nb: nb["cells"][5].update(source="import antigravity"),
    "scratch taken out": lambda nb: nb["cells"].pop(5),
    "scratch also tagged": lambda nb: nb["cells"][5]["metadata"].update(tags=["scratch", "test", "parameters"]),
    "raw edited": lambda nb: nb["cells"][7].update(source="other"),
    "raw taken out": lambda nb: nb["cells"].pop(7),
    "ids changed": lambda nb: [cell.update(id=f"new-{i}") for i, cell in enumerate(nb["cells"])],
    "cell metadata": lambda nb: nb["cells"][3]["metadata"].update(collapsed=True, slideshow={"slide_type": "x"}),
    "meaningless tags": lambda nb: nb["cells"][3]["metadata"].update(tags=["remove-cell", "hide-input", "mine"]),
    "order of tags": lambda nb: nb["cells"][2]["metadata"].update(tags=["mine", "parameters", "parameters"]),
    "notebook metadata": lambda nb: nb["metadata"].update(language_info={"version": "3.99"}, title="x", widgets={}),
    "kernel's display name": lambda nb: nb["metadata"]["kernelspec"].update(display_name="other"),
    "line endings": lambda nb: nb["cells"][4].update(source="b = a\r\nprint(b)\r\n"),
    "old line endings": lambda nb: nb["cells"][4].update(source="b = a\rprint(b)\r"),
    "lines as a list": lambda nb: nb["cells"][4].update(source=["b = a\n", "print(b)"]),
    "white space at the end": lambda nb: nb["cells"][4].update(source="b = a\nprint(b)  \n\n \t\n"),
    "blank lines at the start": lambda nb: nb["cells"][4].update(source="\n  \nb = a\nprint(b)"),
    "an empty cell": lambda nb: nb["cells"].append(_new(" \n")),
    "older nbformat": lambda nb: (nb.update(nbformat_minor=4), [cell.pop("id") for cell in nb["cells"]]),
    "leftover of an earlier run": lambda nb: nb["cells"].insert(3, _new("horizon = 99", "injected-parameters")),
}


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_change_what_runs_does_not_change_the_fingerprint(base, digest, name):
    other = copy.deepcopy(base)
    SAME[name](other)
    assert other != base
    before, after = digest(base), digest(other)
    assert after.digest == before.digest
    assert difference(before.parts, after.parts) == []


OTHER = {
    "code": (_source(4, "b = a + 1\nprint(b)"), ["cell 5 (code)"]),
    "a comment": (_source(4, "b = a  # x\nprint(b)"), ["cell 5 (code)"]),
    "indentation": (_source(4, "b = a\n print(b)"), ["cell 5 (code)"]),
    "default": (_source(2, "horizon: int = 25  # hours\nrate: float = 0.5"), ["parameter horizon"]),
    "type": (_source(2, "horizon: float = 24  # hours\nrate: float = 0.5"), ["parameter horizon"]),
    "new parameter": (_source(2, "horizon: int = 24  # hours\nrate: float = 0.5\nx: int = 1"), ["parameter x (new)"]),
    "parameter gone": (_source(2, "horizon: int = 24  # hours"), ["parameter rate (gone)"]),
    "order of parameters": (_source(2, "rate: float = 0.5\nhorizon: int = 24  # hours"), ["order of the parameters"]),
    "help": (_source(2, "horizon: int = 24  # days\nrate: float = 0.5"), ["cell 3 (parameters)"]),
    "test": (_source(6, "def test_a():\n    assert a"), ["cell 7 (test)"]),
    "test gone": (_drop(6), ["cell 7 (test) (gone)"]),
    "test made code": (_tag(6), ["cell 7 (code)"]),
    "code made test": (_tag(3, "test"), ["cell 4 (test)"]),
    "skip-execution": (_tag(3, "skip-execution"), ["cell 4 (code)"]),
    "raises-exception": (_tag(3, "raises-exception"), ["cell 4 (code)"]),
    "made scratch": (_tag(3, "scratch"), ["cell 4 (code) (gone)"]),
    "scratch made code": (_all(_tag(5), _source(5, "x = 1")), ["cell 6 (code) (new)"]),
    "dropped by papermill": (_tag(3, "papermill-error-cell-tag"), ["cell 4 (code) (gone)"]),
    "made raw": (_type(3, "raw"), ["cell 4 (code) (gone)"]),
    "made markdown": (_type(3, "markdown"), ["cell 4 (code) (gone)"]),
    "raw made code": (_type(7, "code"), ["cell 8 (code) (new)"]),
    "parameters moved": (
        _all(_tag(2), _tag(3, "parameters")),
        ["cell 3 (code)", "parameter horizon (gone)", "parameter rate (gone)", "parameter a (new)"],
    ),
    "order": (lambda nb: nb["cells"].insert(3, nb["cells"].pop(4)), ["cell 4 (code) (moved)"]),
    "borders": (_all(_source(3, "a = 1\nb = a"), _source(4, "print(b)")), ["cell 4 (code)", "cell 5 (code)"]),
    "joined": (_all(_source(3, "a = 1\nb = a\nprint(b)"), _drop(4)), ["cell 4 (code)", "cell 5 (code) (gone)"]),
    "doubled": (_insert(3, _new("a = 1")), ["cell 4 (code) (new)"]),
    "new cell": (_insert(1, _new("z = 1")), ["cell 2 (code) (new)"]),
    "no white space of Python's": (_source(4, "b = a\nprint(b)\xa0"), ["cell 5 (code)"]),
    "kernel": (lambda nb: nb["metadata"]["kernelspec"].update(name="other"), ["kernel"]),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_changes_what_runs_changes_the_fingerprint_and_is_named(base, digest, name):
    other = copy.deepcopy(base)
    change, named = OTHER[name]
    change(other)
    before, after = digest(base), digest(other)
    assert after.digest != before.digest
    assert difference(before.parts, after.parts) == named


def test_an_edited_module_changes_the_fingerprint_however_deep(base, digest, notebooks):
    before = digest(base)
    notebooks.write("deep.py", "x = 2\n")
    after = digest(base)
    assert difference(before.parts, after.parts) == ["module deep.py"]
    assert after.digest != before.digest
    notebooks.write("deep.py", "\ufeffx = 1\r\n\r\n")
    assert digest(base).digest == before.digest
    notebooks.write("lib.py", "def f():\n    return 1\n")
    assert difference(before.parts, digest(base).parts) == ["module deep.py (gone)", "module lib.py"]


def test_a_module_that_comes_to_hide_another_changes_the_fingerprint(base, digest, notebooks):
    before = digest(base)
    notebooks.write("notebooks/deep.py", "x = 1\n")
    assert digest(base).digest == before.digest
    notebooks.write("notebooks/deep.py", "x = 3\n")
    assert digest(base).digest != before.digest


def test_contracts_count(base, digest):
    without, one, other = digest(base), digest(base, contracts={"out": "1"}), digest(base, contracts={"out": "2"})
    assert len({without.digest, one.digest, other.digest, digest(base, contracts={"in": "1"}).digest}) == 4
    assert difference(one.parts, other.parts) == ["contract of out"]
    assert difference(without.parts, one.parts) == ["contract of out (new)"]


def test_where_the_notebook_lies_does_not_count(base, notebooks):
    found = set()
    for path in ("a.ipynb", "notebooks/b.ipynb"):
        notebooks.write(path, json.dumps(base))
        found.add(fingerprint(notebooks.workspace, read_notebook(notebooks.workspace, path)).digest)
    assert len(found) == 1


def test_the_text_form_has_the_fingerprint_of_its_pair(base, digest, notebooks):
    import jupytext

    made = jupytext.reads(json.dumps(base), fmt="ipynb")
    for fmt in ("py:percent", "py:light", "md", "md:myst"):
        text = jupytext.writes(made, fmt=fmt)
        document = parse_text_notebook(text, "." + fmt.partition(":")[0], "notebooks/a")
        assert fingerprint(notebooks.workspace, document).digest == digest(base).digest


def test_broken_parameters_and_modules_have_no_fingerprint(notebooks):
    with pytest.raises(Problems):
        fingerprint(notebooks.workspace, notebooks.with_parameters("a: int = ''"))
    notebooks.write("broken.py", "a b")
    with pytest.raises(Problems):
        fingerprint(notebooks.workspace, notebooks.document("import broken"))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a\r\nb", "a\nb", True),
        ("a\n", "a", True),
        ("\n\na", "a", True),
        ("  a", "a", False),
        ("a\n\nb", "a\nb", False),
        ("%%writefile x\na\n", "%%writefile x\na", True),
        ("%%writefile x\na\n\n", "%%writefile x\na", False),
        ("%%writefile x\na  ", "%%writefile x\na", False),
        ("x = 1 \\\n\n", "x = 1 \\", False),
        ("x = 1 \\ ", "x = 1 \\", False),
    ],
)
def test_white_space_counts_only_where_it_may_matter(first, second, same):
    assert (canonical_source(first) == canonical_source(second)) is same
