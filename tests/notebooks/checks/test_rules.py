"""Each rule finds what it is for, where it is, and leaves alone what only looks like it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from studio.core.errors import Problems
from studio.notebooks.checks import RULES, check_documents, checking
from studio.notebooks.checks.ruff import NoRuff

DOCS = Path(__file__).parents[3] / "docs" / "checks.md"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
AWS = "AKIA" + "Q7ZT3M5K8XWPLR2N"


def output(text):
    return [{"output_type": "stream", "name": "stdout", "text": [text]}]


def executed(checker, *counts, sources=None):
    return [
        checker.cell(f"print({number})", execution_count=count, outputs=output("x") if count else [])
        for number, count in enumerate(counts)
    ]


def test_every_rule_is_documented_and_no_other():
    text = DOCS.read_text()
    assert set(re.findall(r"^### (\S+)$", text, re.MULTILINE)) == set(RULES)
    always = text.partition("## Rules that always hold")[2]
    assert set(re.findall(r"^### (\S+)$", always, re.MULTILINE)) == {
        rule.name for rule in RULES.values() if not rule.silenceable
    }


# --- execution ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        ((1, 2, 3), []),
        ((3, 5, 9), []),
        ((None, None), []),
        ((1, 5, 2), [(3, 0)]),
        ((4, 1, 2), [(2, 0)]),
        ((1, 2, 2), [(3, 0)]),
    ],
)
def test_counts_rise_from_top_to_bottom(checker, counts, places):
    assert checker.places("execution-order", *executed(checker, *counts)) == places


def test_what_was_left_out_amid_executed_cells_is_stale(checker):
    cells = executed(checker, 1, None, 2)
    assert checker.places("stale-execution", *cells) == [(3, 0)]
    for tag in ("test", "scratch", "skip-execution"):
        cells[1] = checker.cell("x = 1", tag)
        assert checker.places("stale-execution", *cells) == []
    assert checker.places("stale-execution", *executed(checker, 1, 2, None)) == []
    assert checker.places("stale-execution", checker.cell("1", outputs=output("1"))) == [(2, 0)]


def test_large_outputs_are_measured_by_the_setting(checker):
    cell = checker.cell("print()", outputs=output("x" * 5_000), execution_count=1)
    assert checker.places("large-output", cell) == []
    checker.settings("[checks]\noutput_limit = 4000\n")
    (finding,) = checker.findings(cell)
    assert finding.message == "The cell's stored output is 5 kB, and the limit is 4 kB."


# --- names -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "places"),
    [
        (["print(x)", "x = 1"], [(2, 1)]),
        (["x = x + 1"], [(2, 1)]),
        (["x = 0\nx += 1", "y = x"], []),
        (["total += 1", "total = 0"], [(2, 1)]),
        (["def f():\n    return later\n", "later = 1\nf()"], []),
        (["print([x for x in range(3)], lambda y: y)\nclass A:\n    z = 1\n    w = z", "x = y = z = 1"], []),
        (["try:\n    x\nexcept NameError:\n    x = 1", "x = 2"], []),
        (["for i in range(3):\n    pass\nprint(i)", "i = 1"], []),
        (["with open('a') as f, f:\n    import json as j\nprint(f, j)", "f = j = 1"], []),
        (["match {}:\n    case {'a': b, **c}:\n        print(b, c)", "b = c = 1"], []),
        (["%run other.py\nprint(x)", "x = 1"], []),
        (["%%time\nprint(x)", "x = 1"], [(2, 2)]),
        (["display(Out, _, _3, In)", "Out = 1"], []),
        (["def f[T](a: T) -> T:\n    return a\n", "T = 1"], []),
    ],
)
def test_names_are_defined_above(checker, cells, places):
    if "[T]" in cells[0] and sys.version_info < (3, 12):
        pytest.skip("generic functions came with Python 3.12")
    assert checker.places("hidden-state", *cells) == places


@pytest.mark.parametrize("tag", ["scratch", "test", "skip-execution"])
def test_a_name_from_a_cell_that_is_left_out_is_hidden_state(checker, tag):
    cells = [checker.cell("def helper():\n    return 1", tag), "helper()", "def f():\n    return helper()"]
    found = [finding for finding in checker.findings(*cells) if finding.rule == "hidden-state"]
    assert [(finding.cell, finding.line) for finding in found] == [(3, 1), (4, 2)]
    assert f"in cell 2, which is tagged '{tag}'" in found[0].message
    assert checker.places("undefined-name", *cells) == []


def test_a_test_may_use_what_stands_below_and_not_what_is_scratch(checker):
    test = checker.cell("def test_a():\n    assert helper() == only", "test")
    cells = [test, "def helper():\n    return 1", checker.cell("only = 1", "scratch")]
    assert checker.places("hidden-state", *cells) == [(2, 2)]


def test_undefined_names_are_told_once_a_cell(checker):
    assert checker.places("undefined-name", "def f():\n    return nowhere + nowhere\nnowhere") == [(2, 2)]
    assert checker.places("undefined-name", "display(1)\nget_ipython()\n_ + __ + _i3\nIn, Out") == []
    assert checker.places("undefined-name", "from os import *\ngetcwd()") == []
    assert checker.places("undefined-name", "%%capture out\nprint()", "out.show()") == []
    assert checker.findings(checker.cell("nowhere", "raises-exception")) == []
    given = checker.cell("day: str  # the day", "parameters")
    assert checker.places("undefined-name", given, "print(day)") == []


@pytest.mark.parametrize(
    ("cells", "places"),
    [
        (["import os"], [(2, 1)]),
        (["import os, sys", "sys.path"], [(2, 1)]),
        (["import numpy as np", "%timeit np.ones(3)"], []),
        (["from sklearn.experimental import enable_iterative_imputer"], []),
        (["import hvplot.pandas"], []),
        (["import numpy as np", "frame = 1\nframe.query('a > @np.pi')"], []),
        (["x = (", "import os"], [(3, 1)]),
        (["import os  # noqa: F401"], [(2, 1)]),
        (["%%bash\nls", "import os"], [(3, 1)]),
    ],
)
def test_imports_are_used(checker, cells, places):
    assert checker.places("unused-import", *cells) == places


def test_imports_that_only_scratch_or_tests_use_are_used(checker):
    for tag in ("scratch", "test"):
        assert checker.places("unused-import", "import os", checker.cell("os.getcwd()", tag)) == []
    assert checker.places("unused-import", checker.cell("import os", "scratch")) == []


def test_mistakes(checker):
    assert checker.places("probable-mistake", "'%s %s' % (1,)\nx = 'a'\nx is 'a'") == [(2, 1), (2, 3)]


# --- paths, secrets, random numbers -------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "open('/home/ada/x.csv')",
        "p = '~/x.csv'",
        "p = r'C:\\Users\\ada'",
        "p = r'\\\\server\\share'",
        "p = 'file:///x'",
        "open(f'/data/x/{1}')",
        "open('/project42/own/x.csv')",
        "%cd /home/ada",
        "!cat /mnt/x/y.txt",
    ],
)
def test_absolute_paths(checker, source):
    assert checker.places("absolute-path", source) == [(2, 1)]


@pytest.mark.parametrize(
    "source",
    [
        "x = '/'",
        "get('/api/v1/users')",
        "base = 'https://a.org/home/x'",
        "p = 'data/x.csv'",
        "'''/home/ada is told of'''",
        "base = 1\nbase / '/tmp/x'",
        "print(f'{1}/home/x')",
        "x = '/dev/null'",
        "print('a/b: C:')",
        "!pip install x",
    ],
)
def test_what_is_no_absolute_path(checker, source):
    assert checker.places("absolute-path", source) == []


def test_paths_in_links_and_other_languages(checker):
    assert checker.places("absolute-path", checker.cell("a\n![x](/home/ada/x.png)", kind="markdown")) == [(2, 2)]
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    assert checker.places("absolute-path", "x <- read.csv('/home/ada/x.csv')", metadata=metadata) == [(2, 1)]


@pytest.mark.parametrize(
    "source",
    [
        f"x = '{TOKEN}'",
        f"# {AWS}",
        "password = 'hunter2!'",
        "connect(password='hunter2!')",
        "settings = {'db_password': 'hunter2!'}",
        "import os\nos.environ['API_KEY'] = 'Zm9vYmFyMTIzNDU2Nzg5MGFi'",
        "url = 'postgresql://ada:hunter2@db/x'",
        "key = '''-----BEGIN RSA PRIVATE KEY-----'''",
    ],
)
def test_secrets_in_code_are_found_and_never_shown(checker, source):
    found = [finding for finding in checker.findings(source) if finding.rule == "exposed-secret"]
    assert len(found) == 1
    assert found[0].cell == 2
    for secret in (TOKEN, AWS, "hunter2", "Zm9v"):
        assert secret not in str(found[0].as_dict())


@pytest.mark.parametrize(
    "source",
    [
        "password = ''",
        "password = 'change-me'",
        "password = '<your password>'",
        "password = 'DB_PASSWORD'",
        "token = '[CLS]'",
        "token = 'a' * 30",
        "password_column = 'abc12345'",
        "digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "url = 'postgresql://ada:{password}@db/x'",
        "key = 'AKIAIOSFODNN7EXAMPLE'",
        "x = 'sk-learn-contrib is a family of projects'",
    ],
)
def test_what_is_no_secret(checker, source):
    assert checker.places("exposed-secret", source) == []


def test_secrets_in_texts_outputs_and_other_languages(checker):
    assert checker.places("exposed-secret", checker.cell(f"a\n{TOKEN}", kind="markdown")) == [(2, 2)]
    assert checker.places("exposed-secret", checker.cell("1", outputs=output(f"got {TOKEN}"))) == [(2, 0)]
    table = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": [f"<b>{TOKEN}</b>"], "image/png": "x"},
    }
    assert checker.places("exposed-secret", checker.cell("1", outputs=[table])) == [(2, 0)]
    assert checker.places("exposed-secret", checker.cell("1", outputs=output("x" * 3_000_000 + f" {TOKEN}"))) == [
        (2, 0)
    ]
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    assert checker.places("exposed-secret", "x <- 1\npassword <- 'hunter2!'", metadata=metadata) == [(2, 2)]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import random\nrandom.shuffle([1])", [2]),
        ("import random\nrandom.seed(1)\nrandom.shuffle([1])", []),
        ("import random\nrandom.seed()\nrandom.shuffle([1])", [3]),
        ("import numpy as np\nnp.random.normal()\nnp.random.seed(1)", [2]),
        ("import numpy as np\ndef f():\n    return np.random.normal()\nnp.random.seed(1)\nf()", []),
        ("import numpy as np\nnp.random.default_rng()\nnp.random.default_rng(None)\nnp.random.default_rng(3)", [2, 3]),
        ("from numpy.random import RandomState as R\nR()\nR(1)\nR(seed=1)", [2]),
        ("import numpy as np\nrandom = np.random.default_rng(1)\nrandom.random()", []),
        (
            "frame = 1\nframe.sample(5)\nframe.sample(frac=1)\nframe.sample(5, random_state=1)\nframe.sample(frame)",
            [2, 3],
        ),
        (
            "from sklearn.ensemble import RandomForestClassifier as F\nF()\nF(random_state=1)\nF(random_state=None)",
            [2, 4],
        ),
        ("import sklearn.model_selection as m\nm.KFold(5)\nm.KFold(5, shuffle=True)", [3]),
        ("from sklearn.model_selection import train_test_split as t\nt(1)\nt(1, shuffle=False)\nt(1, **{})", [2]),
        ("from sklearn.linear_model import LogisticRegression as L\nL()\nL(solver='saga')", [3]),
        ("from sklearn.ensemble import RandomForestClassifier as F\nimport numpy as np\nnp.random.seed(1)\nF()", []),
        ("from scipy import stats\nstats.norm.rvs(size=3)\nstats.norm.rvs(size=3, random_state=1)", [2]),
        ("import torch\ntorch.rand(3)\ntorch.manual_seed(1)\ntorch.rand(3)", [2]),
        ("import secrets\nsecrets.token_hex()\nmine.random()", []),
    ],
)
def test_random_numbers_have_a_seed(checker, source, lines):
    assert checker.places("unseeded-random", source) == [(2, line) for line in lines]


def test_a_seed_in_an_earlier_cell_counts(checker):
    cells = ["import random", "random.seed(1)", "random.random()"]
    assert checker.places("unseeded-random", *cells) == []
    assert checker.places("unseeded-random", *cells[::2], cells[1]) == [(3, 1)]


# --- the notebook as a whole ---------------------------------------------------


def test_explanation_parameters_and_ids(checker):
    document = checker.document("import studio\nstudio.load('a')")
    found = check_documents(checker.workspace, [document], known_datasets={"a"})
    assert [(finding.rule, finding.cell) for finding in found] == [("missing-parameters", 0), ("no-explanation", 0)]
    assert checker.places("missing-parameters", "x = 1") == []
    assert checker.places("missing-parameters", "x = 1", steps=("notebooks/a.ipynb",)) == [(0, 0)]
    assert checker.places("missing-cell-id", checker.cell("1", id="a"), checker.cell("1", id="a")) == [(0, 0)]


def test_other_languages_have_rules_without_language(checker):
    metadata = {"kernelspec": {"name": "julia", "display_name": "Julia", "language": "julia"}}
    cells = [checker.cell("x = rand(", execution_count=3), checker.cell("import Plots", execution_count=1)]
    assert [finding.rule for finding in checker.findings(*cells, metadata=metadata)] == ["execution-order"]
    (finding,) = checker.findings(checker.cell("x <- 1", "parameters"), metadata=metadata)
    assert "in julia cannot be read" in finding.message


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [("unused-imports", "Did you mean 'unused-import'?"), ("not-python", "cannot be ignored")],
)
def test_only_rules_that_there_are_can_be_ignored(checker, setting, sentence):
    checker.settings(f'[checks]\nignore = ["{setting}"]\n')
    with pytest.raises(Problems, match=re.escape(sentence)):
        checker.findings("x = 1")


def test_ignored_rules_find_nothing(checker):
    checker.settings('[checks]\nignore = ["unused-import"]\n')
    assert checker.findings("import os  # studio: ignore[unused-import] kept for later") == []


def test_without_ruff_the_other_rules_are_checked(checker, monkeypatch):
    def missing(documents):
        raise NoRuff("it is not installed")

    monkeypatch.setattr(checking, "ask_ruff", missing)
    found = checker.findings("import os  # studio: ignore[unused-import] why\nprint(later)", "later = 1")
    assert [finding.rule for finding in found] == ["incomplete-check", "hidden-state"]
    assert "it is not installed. So undefined-name, unused-import and probable-mistake" in found[0].message


def test_ruff_that_cannot_be_started_is_said(checker, monkeypatch, tmp_path):
    broken = tmp_path / "ruff"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setattr("studio.notebooks.checks.ruff.shutil.which", lambda *_, **__: str(broken))
    (finding,) = checker.findings("x = 1")
    assert "exit status 7: broken" in finding.message
    broken.chmod(0o644)
    (finding,) = checker.findings("x = 1")
    assert "cannot be started" in finding.message


def test_nobodys_settings_of_ruff_change_what_is_found(checker, monkeypatch, tmp_path):
    checker.write("ruff.toml", 'exclude = ["*.ipynb"]\n')
    folder = tmp_path / "build" / "tmp"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n*.ipynb\n")
    (tmp_path / "ruff.toml").write_text("[lint]\nselect = []\n")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("RUFF_OUTPUT_FILE", str(tmp_path / "out"))
    assert checker.places("unused-import", "import os") == [(2, 1)]
    assert list(folder.iterdir()) == []
