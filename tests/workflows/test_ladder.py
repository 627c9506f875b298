"""`studio test`: what each rung finds, what the report says, and that the real state is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from studio.core.errors import BadInput
from studio.core.report import Report
from studio.core.workspace import Workspace, find_workspace
from studio.workflows.climb_ladder import Climbed, LadderRequest, Watching, climb_ladder
from tests.conftest import Place, notebook

pytestmark = pytest.mark.heavy

CATALOG = """version: 1
datasets:
  orders:
    location: data/orders.csv
    sample: data/orders-sample.csv
    contract: orders
  totals:
    contract: totals
"""
ORDERS = "version: 1\ncolumns:\n  customer: {dtype: str}\n  amount: {dtype: float, ge: 0, le: 1000}\n"
TOTALS = "version: 1\ncolumns:\n  customer: {dtype: str, unique: true}\n  amount: {dtype: float, ge: 0}\n"
SUM = (
    ("markdown", "# Totals"),
    "import studio",
    "def summed(orders):\n    return orders.groupby('customer', as_index=False)['amount'].sum()",
    ("test", "def test_summed():\n    orders = studio.load('orders')\n    assert len(summed(orders)) == 2"),
    "totals = summed(studio.load('orders'))",
    "studio.save('totals', totals)",
)


def make(place: Place) -> Place:
    """A workspace whose source is a thousand times its sample."""
    sample = "customer,amount\na,1.5\nb,2.5\na,3.0\n"
    place.write("data/orders-sample.csv", sample)
    place.write("data/orders.csv", sample + "".join(f"c{n},1.0\n" for n in range(1000)))
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/contracts/orders.yml", ORDERS)
    place.write("pipelines/contracts/totals.yml", TOTALS)
    place.write("pipelines/sums.yml", "version: 1\nsteps:\n  sum:\n    notebook: notebooks/sum.ipynb\n")
    place.write("notebooks/sum.ipynb", notebook(*SUM))
    return place


@pytest.fixture(scope="module")
def climbed_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Climbed]:
    """A sound workspace, tested once as a whole."""
    place = make(Place(tmp_path_factory.mktemp("ladder") / "workspace"))
    place.write("studio.toml", "version = 1\n")
    return place, climbing(place)


def climbing(place: Place, *names: str, rungs: tuple[str, ...] = (), junit: Path | None = None) -> Climbed:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.root)
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        request = LadderRequest(names=names, base=place.root, rungs=frozenset(rungs), junit=junit)
        return climb_ladder(request)


def failures(report: Report) -> list[tuple[str, str]]:
    return [(case.subject, case.name) for case in report.cases if not case.ok]


def test_a_sound_workspace_passes_every_rung(climbed_once: tuple[Place, Climbed]) -> None:
    _, climbed = climbed_once
    assert failures(climbed.report) == []
    names = {(case.rung, case.subject, case.name) for case in climbed.report.cases}
    assert ("pipeline", "pipelines/sums.yml", "step sum") in names
    assert ("pipeline", "pipelines/sums.yml", "dataset totals") in names
    assert ("code", "notebooks/sum.ipynb", "test_summed") in names
    assert any(rung == "data" and "mutation" in name for rung, _, name in names)


def test_it_ran_on_the_sample_and_left_the_real_state_alone(climbed_once: tuple[Place, Climbed]) -> None:
    place, climbed = climbed_once
    (totals,) = [case for case in climbed.report.cases if case.name == "dataset totals"]
    assert totals.values["rows"] == 2
    left = {path.name for path in (place.root / ".studio").iterdir()}
    assert not left & {"snapshots", "runs", "mlflow.db", "artifacts"}


def test_tested_content_may_run_in_staging_and_no_other(climbed_once: tuple[Place, Climbed]) -> None:
    from studio.workflows.guard_run import RunRefused
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    place, _ = climbed_once

    def run() -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(place.root)
            request = RunRequest("sums", base=place.root, environment="staging")
            return run_pipeline(request, lambda _: None).record.status

    assert run() == "completed"
    text = (place.root / "notebooks/sum.ipynb").read_text()
    place.write("notebooks/sum.ipynb", text.replace("totals = summed", "totals = 1 * 0 or summed"))
    with pytest.raises(RunRefused, match=r"no passed test report is kept of notebooks/sum\.ipynb"):
        run()
    place.write("notebooks/sum.ipynb", text)


def test_junit_holds_one_case_each(climbed_once: tuple[Place, Climbed], tmp_path: Path) -> None:
    place, _ = climbed_once
    climbed = climbing(place, "notebooks/sum.ipynb", junit=tmp_path / "out" / "junit.xml")
    root = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    cases = list(root.iter("testcase"))
    assert len(cases) == len(climbed.report.cases) == int(root.attrib["tests"])
    assert any(case.attrib["name"] == "test_summed (cell 4)" for case in cases)


Change = Callable[[Place], object]


def edited(old: str, new: str, path: str = "notebooks/sum.ipynb") -> Change:
    def change(place: Place) -> None:
        text = (place.root / path).read_text()
        assert old in text
        place.write(path, text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "expected", "told"),
    [
        (edited("== 2", "== 3"), ("notebooks/sum.ipynb", "test_summed"), "assert 2 == 3"),
        (edited("['amount'].sum()", "['amount'].sum() / 0"), ("pipelines/sums.yml", "step sum"), "totals"),
        (
            edited("totals = summed(", "raise ValueError('no'); totals = summed("),
            ("pipelines/sums.yml", "step sum"),
            "ValueError",
        ),
        (
            edited("le: 1000", "le: 2", "pipelines/contracts/orders.yml"),
            ("pipelines/contracts/orders.yml", "sample of orders"),
            "amount",
        ),
        (edited("sum.ipynb", "none.ipynb", "pipelines/sums.yml"), ("pipelines/sums.yml", "runs on samples"), "none"),
        (
            edited("    sample: data/orders-sample.csv\n", "", "pipelines/catalog.yml"),
            ("pipelines/sums.yml", "runs on samples"),
            "sample",
        ),
        (
            edited("totals = summed(studio.load('orders'))", "totals = summed(studio.load('orders')).head(0)"),
            ("pipelines/sums.yml", "step sum"),
            "no rows",
        ),
    ],
    ids=[
        "a test",
        "a broken result",
        "an error",
        "a sample that breaks its contract",
        "no notebook",
        "no sample",
        "empty",
    ],
)
def test_what_is_broken_is_found_and_named(
    climbed_once: tuple[Place, Climbed], tmp_path: Path, change: Change, expected: tuple[str, str], told: str
) -> None:
    import shutil

    place = Place(tmp_path / "workspace")
    shutil.copytree(climbed_once[0].root, place.root)
    change(place)
    report = climbing(place).report
    assert expected in failures(report)
    (case,) = [case for case in report.cases if (case.subject, case.name) == expected]
    assert told in case.message + case.detail


def test_a_test_without_end_and_one_that_kills_its_kernel_leave_the_rest(
    climbed_once: tuple[Place, Climbed], tmp_path: Path
) -> None:
    import shutil

    place = Place(tmp_path / "workspace")
    shutil.copytree(climbed_once[0].root, place.root)
    place.write("studio.toml", "version = 1\n[tests]\ntimeout = 3\n")
    cells = (
        *SUM,
        ("test", "def test_ends_never():\n    while True:\n        pass"),
        ("test", "def test_kills():\n    import os\n    os._exit(3)"),
        ("test", "def test_after():\n    assert summed is not None"),
    )
    place.write("notebooks/sum.ipynb", notebook(*cells))
    report = climbing(place, "notebooks/sum.ipynb", rungs=("code",)).report
    statuses = {case.name: case.status for case in report.cases if case.rung == "code"}
    assert statuses == {
        "test_summed": "passed",
        "test_ends_never": "failed",
        "test_kills": "failed",
        "test_after": "passed",
    }


def test_one_rung_alone_is_no_evidence(climbed_once: tuple[Place, Climbed]) -> None:
    from studio.workflows.content_states import contents_named
    from studio.workflows.kept_reports import kept

    place, _ = climbed_once
    workspace = find_workspace(place.root)
    text = (place.root / "notebooks/sum.ipynb").read_text()
    place.write("notebooks/sum.ipynb", text.replace("import studio", "import studio  # again"))
    climbing(place, rungs=("code",))
    contents = contents_named(workspace, ["notebooks/sum.ipynb"], place.root)
    assert kept(workspace, contents[0]) is None
    place.write("notebooks/sum.ipynb", text)


def test_the_command_prints_json_and_says_where_a_test_failed(
    climbed_once: tuple[Place, Climbed], tmp_path: Path
) -> None:
    import shutil

    place = Place(tmp_path / "workspace")
    shutil.copytree(climbed_once[0].root, place.root)
    edited("== 2", "== 3")(place)
    answer = place.studio("test", "notebooks/sum.ipynb", "--rung", "code", "--json")
    assert answer.status == 1
    (case,) = [case for case in answer.json["cases"] if case["status"] == "failed"]
    assert (case["cell"], case["name"]) == (4, "test_summed")
    text = place.studio("test", "notebooks/sum.ipynb", "--rung", "code").out
    assert "FAILED test_summed" in text
    assert "notebooks/sum.ipynb: cell 4, line 3" in text
    assert "assert 2 == 3" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [(("nothing",), "There is no pipeline 'nothing'"), (("--rung", "cod"), "There is no rung 'cod'")],
)
def test_what_does_not_exist_is_bad_input(place: Place, words: tuple[str, ...], told: str) -> None:
    answer = place.studio("test", *words)
    assert answer.status == 2
    assert told in answer.err


def test_an_empty_workspace_says_what_to_write(place: Place) -> None:
    answer = place.studio("test")
    assert answer.status == 0
    assert "Nothing to test" in answer.out


def test_sampled_and_real_state_are_apart(place: Place) -> None:
    workspace = Workspace(place.root)
    sampled = replace(workspace, sampled=True)
    assert sampled.state == workspace.state / "sample"
    assert sampled.ledger == workspace.ledger
    assert json.loads(json.dumps(sampled.environment))["STUDIO_SAMPLED"] == "1"


def test_single_tests_are_run_alone(climbed_once: tuple[Place, Climbed], tmp_path: Path) -> None:
    import shutil

    place = Place(tmp_path / "workspace")
    shutil.copytree(climbed_once[0].root, place.root)
    tests = "def test_a():\n    pass\ndef test_b():\n    assert False\ndef test_c():\n    pass"
    place.write("notebooks/n.ipynb", notebook(("test", tests)))
    place.write("notebooks/sum.ipynb", notebook(*SUM, ("test", "def test_a():\n    pass")))

    def report(*tests: str) -> list[tuple[str, str, str]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(place.root)
            names = ("notebooks/n.ipynb", "notebooks/sum.ipynb")
            request = LadderRequest(names=names, base=place.root, rungs=frozenset({"data"}), tests=tests)
            cases = climb_ladder(request).report.cases
        return [(case.subject, case.name, case.status) for case in cases]

    assert report("test_b") == [("notebooks/n.ipynb", "test_b", "failed")]
    assert [name for _, name, _ in report("test_a", "test_summed")] == ["test_a", "test_summed", "test_a"]
    with pytest.raises(BadInput, match=r"There is no test test_nowhere in notebooks/n\.ipynb, notebooks/sum\.ipynb"):
        report("test_nowhere")


def test_notebooks_tested_side_by_side_say_the_same(climbed_once: tuple[Place, Climbed], tmp_path: Path) -> None:
    import shutil

    place = Place(tmp_path / "workspace")
    shutil.copytree(climbed_once[0].root, place.root)
    for number in range(3):
        cells = ("import studio", f"number = {number}", ("test", f"def test_{number}():\n    assert number != 1"))
        place.write(f"notebooks/n{number}.ipynb", notebook(*cells))
    paths = tuple(f"notebooks/n{number}.ipynb" for number in range(3))
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.root)
        request = LadderRequest(names=paths, base=place.root, rungs=frozenset({"code"}), jobs=3)
        report = climb_ladder(request, Watching(case=lambda case: told.append(case.subject))).report
    assert [(case.subject, case.status) for case in report.cases] == [
        (paths[0], "passed"),
        (paths[1], "failed"),
        (paths[2], "passed"),
    ]
    assert sorted(told) == list(paths)
