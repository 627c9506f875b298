"""What is known of one notebook: each part of it, and that a broken part leaves the others."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.core.workspace import Workspace, working_in
from studio.workflows import notebook_lineage, notebook_state
from studio.workflows.content_states import contents_named
from studio.workflows.fix_notebook import FileChanged, fix_notebook
from studio.workflows.kept_reports import keep
from studio.workflows.notebook_state import NotebookState, ShownState
from tests.conftest import Place, notebook
from tests.workflows.reviewing import NOTEBOOK, new_team

SUBJECT = "notebooks/middle.ipynb"
CELLS = (
    ("markdown", "Some words.\n\n# The middle #\n\nMore."),
    "import numpy\nimport studio",
    ("parameters", "limit: int = 3  # rows\nname: str = 'a'  # of it"),
    'frame = studio.load("raw")',
    ("scratch", "frame.head()"),
    '@studio.contract(takes="raw")\ndef prepare(frame):\n    return frame\n\n\nstudio.save("out", prepare(frame))',
    (
        "test",
        "import pytest\n\n\ndef test_a():\n    pass\n\n\n"
        "@pytest.mark.parametrize('x', [1, 2])\ndef test_b(x):\n    pass",
    ),
)


@pytest.fixture
def workspace(place: Place) -> Workspace:
    place.write(
        "pipelines/catalog.yml",
        "version: 1\ndatasets:\n  raw: {description: x, location: data/raw.csv, contract: raw}\n"
        "  out: {description: y}\n",
    )
    place.write("pipelines/contracts/raw.yml", "version: 1\ncolumns:\n  a: {dtype: int64}\n")
    place.write("data/raw.csv", "a\n1\n")
    place.write("pipelines/flow.yml", f"version: 1\nsteps:\n  middle: {{notebook: {SUBJECT}}}\n")
    place.write("pipelines/other.yml", "version: 1\nsteps:\n  last: {notebook: notebooks/last.ipynb}\n")
    place.notebook(SUBJECT, *CELLS)
    place.notebook("notebooks/first.ipynb", 'import studio\nstudio.save("raw", None)')
    place.notebook("notebooks/last.ipynb", 'import studio\nframe = studio.load("out")')
    return Workspace(place.root)


def look(workspace: Workspace, subject: str = SUBJECT) -> NotebookState:
    with working_in(workspace.root):
        return notebook_state.notebook_state(workspace, subject)


def test_all_parts(workspace: Workspace) -> None:
    found = look(workspace)
    assert found.problems == {}
    assert (found.problem, found.title, found.pipelines) == ("", "The middle", ("flow",))
    assert found.state is not None
    assert (found.state.approval.status, found.state.waits, found.state.submission) == ("draft", False, "")
    assert found.schema is not None
    assert list(found.schema.parameters) == ["limit", "name"]
    raw, out = found.datasets
    assert (raw.verb, raw.use.name, raw.up, raw.down) == ("load", "raw", ("notebooks/first.ipynb",), ())
    assert raw.overview is not None
    assert raw.overview.contract == "raw"
    assert (out.verb, out.use.name, out.up, out.down) == ("save", "out", (), ("notebooks/last.ipynb",))
    assert {finding.rule for finding in found.findings} >= {"unused-import"}
    assert [(test.name, test.cell, test.line, test.case) for test in found.tests.tests] == [
        ("contract: prepare takes raw", 6, 2, None),
        ("test_a", 7, 4, None),
        ("test_b", 7, 9, None),
    ]
    assert found.tests.tested is None


def test_results_count_for_exactly_this_content(workspace: Workspace, place: Place) -> None:
    content = contents_named(workspace, [SUBJECT], workspace.root)[0]
    cases = [
        Case("code", SUBJECT, "test_b[1]", "passed", 0.1, cell=7, line=9),
        Case("code", SUBJECT, "test_b[2]", "failed", 0.2, "no", cell=7, line=9),
        Case("data", "pipelines/contracts/raw.yml", "source", "passed"),
    ]
    keep(workspace, content, Report.of(cases))
    found = look(workspace).tests
    assert found.tested is not None
    assert [(test.name, test.case.status if test.case else "not run") for test in found.tests] == [
        ("contract: prepare takes raw", "not run"),
        ("test_a", "not run"),
        ("test_b[1]", "passed"),
        ("test_b[2]", "failed"),
        ("source", "passed"),
    ]
    place.notebook(SUBJECT, *CELLS, "changed = 1")
    assert look(workspace).tests.tested is None


def test_the_cells_that_end_an_approval_are_named_by_their_ids(workspace: Workspace) -> None:
    document = look(workspace).document
    assert document is not None
    changes = [
        "kernel",
        "cell 4 (code)",
        "cell 6 (code) (new)",
        "cell 9 (code) (gone)",
        "cell 7 (test) (moved)",
        "parameter limit",
        "parameter name (gone)",
        "module lib.py",
    ]
    assert notebook_state._changed(document, changes) == ["cell-3", "cell-5", "cell-6", "cell-2"]


@pytest.mark.parametrize(
    ("path", "content", "parts"),
    [
        ("pipelines/catalog.yml", "version: 7\n", {"state", "datasets"}),
        ("pipelines/contracts/raw.yml", "columns: [", {"state"}),
        ("pipelines/flow.yml", "steps: [", set()),
        ("pipelines/approvals/notebooks/middle.json", "{", set()),
        ("studio.toml", "nonsense", {"state", "findings"}),
        (".studio/ledger.db", "this is no database", {"state"}),
        (".studio/snapshots/out/latest.json", "{", set()),
        ("notebooks/last.ipynb", "{", set()),
    ],
)
def test_what_is_broken_around_it_costs_its_own_part(
    workspace: Workspace, place: Place, path: str, content: str, parts: set[str]
) -> None:
    place.write(path, content)
    found = look(Workspace(workspace.root))
    assert set(found.problems) == parts
    assert all("Next" in text or "." in text for text in found.problems.values())
    assert found.title == "The middle"
    assert found.schema is not None
    assert [test.name for test in found.tests.tests][1:] == ["test_a", "test_b"]


def test_a_heading_of_the_second_level_is_a_title_too(workspace: Workspace, place: Place) -> None:
    place.notebook(SUBJECT, ("markdown", "```\n# a comment\n```\n## The second"), "1")
    assert look(workspace).title == "The second"
    place.notebook(SUBJECT, "1")
    assert look(workspace).title == "Middle"


def test_a_broken_cell_costs_what_needs_it(workspace: Workspace, place: Place) -> None:
    place.notebook(SUBJECT, ("parameters", "for x in y: pass"), 'import studio\nframe = studio.load("raw")', "def (")
    found = look(workspace)
    assert "A parameters cell holds nothing but" in found.problems["parameters"]
    assert [one.use.name for one in found.datasets] == ["raw"]
    assert {"invalid-parameters", "not-python"} <= {finding.rule for finding in found.findings}


def test_an_unknown_dataset_is_told_beside_it(workspace: Workspace, place: Place) -> None:
    place.notebook(SUBJECT, 'import studio\nframe = studio.load("rwa")')
    (found,) = look(workspace).datasets
    assert found.overview is None
    assert "Did you mean 'raw'?" in found.problem


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', json.dumps({"nbformat": 4, "cells": []})])
def test_a_notebook_that_cannot_be_read(workspace: Workspace, place: Place, content: str) -> None:
    place.write(SUBJECT, content)
    found = look(workspace)
    if found.document is None:
        assert found.problem
        assert found.problems == {}
        assert [finding.rule for finding in found.findings] == ["unreadable-notebook"] * len(found.findings)
    else:
        assert found.problem == ""


def test_a_notebook_that_is_not_there(workspace: Workspace) -> None:
    found = look(workspace, "notebooks/none.ipynb")
    assert found.problem == "The notebook notebooks/none.ipynb does not exist. Next: correct the path."
    assert found.findings == ()


def test_what_nobody_foresaw_costs_its_part_and_is_logged(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*words: object) -> None:
        raise ZeroDivisionError("the inner reason")

    monkeypatch.setattr(notebook_state, "dataset_uses", fail)
    found = look(workspace)
    assert set(found.problems) == {"datasets"}
    assert "inner reason" not in found.problems["datasets"]
    number = found.problems["datasets"].partition("error number ")[2][:8]
    assert number in caplog.text
    assert "the inner reason" in caplog.text
    assert found.tests.tests


def test_lineage_is_read_again_only_where_a_file_changed(
    workspace: Workspace, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook_lineage.dataset_uses(workspace)
    read: list[str] = []
    real = notebook_lineage.read_notebook

    def counted(workspace: Workspace, path: object) -> object:
        read.append(str(path))
        return real(workspace, path)  # type: ignore[arg-type]

    monkeypatch.setattr(notebook_lineage, "read_notebook", counted)
    notebook_lineage.dataset_uses(workspace)
    assert read == []
    place.notebook("notebooks/last.ipynb", 'import studio\nframe = studio.load("raw")')
    os.utime(workspace.root / "notebooks/last.ipynb", (time.time() + 5, time.time() + 5))
    uses = notebook_lineage.dataset_uses(workspace)
    assert len(read) == 1
    assert uses["notebooks/last.ipynb"].loads == {"raw"}


def test_fix_mends_by_all_rules_or_by_some(workspace: Workspace, place: Place) -> None:
    content = notebook(*CELLS)
    content["cells"][3] |= {"execution_count": 9, "outputs": []}
    content["cells"][5] |= {"execution_count": 2, "outputs": []}
    place.write(SUBJECT, content)
    with working_in(workspace.root):
        done = fix_notebook(workspace, SUBJECT, ["execution-order"])
        assert {one.rule for one in done} == {"execution-order"}
        assert "import numpy" in (workspace.root / SUBJECT).read_text()
        done = fix_notebook(workspace, SUBJECT)
        assert [(one.rule, one.cell) for one in done] == [("unused-import", 2)]
        assert "import numpy" not in (workspace.root / SUBJECT).read_text()
        assert fix_notebook(workspace, SUBJECT) == ()
        with pytest.raises(BadInput, match=r"There is no rule 'unused-imports'\. Did you mean 'unused-import'"):
            fix_notebook(workspace, SUBJECT, ["unused-imports"])


def test_a_notebook_that_somebody_saves_meanwhile_is_left_alone(
    workspace: Workspace, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.notebooks.checks import fixing

    real = fixing.check_documents

    def saved_meanwhile(*words: object, **more: object) -> object:
        found = real(*words, **more)  # type: ignore[arg-type]
        place.notebook(SUBJECT, *CELLS, f"later = {time.time()}")
        return found

    monkeypatch.setattr(fixing, "check_documents", saved_meanwhile)
    with working_in(workspace.root), pytest.raises(FileChanged, match="saved by somebody else"):
        fix_notebook(workspace, SUBJECT)
    assert "import numpy" in (workspace.root / SUBJECT).read_text()


@pytest.mark.slow
def test_the_way_of_an_approval_is_shown_as_the_content_changes(tmp_path: Path) -> None:
    team = new_team(tmp_path / "team")
    workspace = Workspace(team.root)

    def state() -> ShownState:
        found = look(Workspace(workspace.root), NOTEBOOK)
        assert found.problems == {}
        assert found.state is not None
        return found.state

    assert (state().approval.status, state().waits, state().submission) == ("draft", False, "")
    submission = team.submit(NOTEBOOK).submissions[0].id
    assert (state().approval.status, state().waits, state().submission) == ("draft", True, submission)
    team.execute()
    assert state().waits, "it was only executed"
    team.commit("chore: executed")
    team.decide("approve", NOTEBOOK)
    assert (state().approval.status, state().waits) == ("approved", False)
    assert state().approval.approvers == ("bob",)
    team.edit(4, "+ 10", "+ 11")
    lapsed = state()
    assert (lapsed.approval.status, lapsed.waits, lapsed.changed) == ("lapsed", False, ("cell-3",))
    team.edit(2, "= 3", "= 4")
    assert set(state().changed) == {"cell-1", "cell-3"}
    again = team.submit(NOTEBOOK).submissions[0].id
    assert (state().waits, state().submission) == (True, again)
    team.decide("reject", NOTEBOOK, message="not so")
    assert (state().approval.status, state().waits) == ("lapsed", False)
