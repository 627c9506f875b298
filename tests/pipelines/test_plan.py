from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.documents import Document
from studio.core.errors import BadInput, Problems
from studio.core.workspace import Workspace
from studio.pipelines.plan import make_plan
from studio.pipelines.plan_order import _circles, _sorted
from studio.pipelines.specification import Retries, pipeline_of_notebook
from tests.conftest import Place, notebook
from tests.pipelines.churn import make_churn, plan, planned, problems, with_steps, write_notebook

PARTS = ["train[model=logistic]", "train[model=forest]", "train[model=boosting]"]


@pytest.fixture
def churn(place: Place) -> Place:
    make_churn(place)
    return place


def test_the_order_follows_from_the_datasets(churn: Place) -> None:
    found = plan(churn)
    assert [step.key for step in found.steps] == ["ingest", "spending", "support", *PARTS, "evaluate"]
    needs = {step.key: step.needs for step in found.steps}
    assert needs["ingest"] == ()
    assert needs["train[model=forest]"] == ("spending", "support")
    assert needs["evaluate"] == ("ingest", *PARTS)
    assert found.sources == ("telco",)
    assert found.writers["scores"] == tuple(PARTS)
    assert found.notebook is None


def test_the_order_of_the_file_does_not_matter(churn: Place) -> None:
    with_steps(
        churn,
        "".join(
            f"  {name}: {{notebook: notebooks/{name}.ipynb}}\n"
            for name in ("evaluate", "train", "support", "spending", "ingest")
        ),
    )
    assert [step.key for step in plan(churn).steps] == ["ingest", "support", "spending", "train", "evaluate"]


def test_what_a_planned_step_holds(churn: Place) -> None:
    step = planned(churn, "train[model=forest]")
    assert (step.name, step.part) == ("train", "model=forest")
    assert step.values == {"folds": 5, "model": "forest", "seed": 7}
    assert step.given == {"folds": 5, "model": "forest", "seed": 7}
    assert planned(churn, "train[model=logistic]").given == {"folds": 5, "seed": 7}  # the default is not injected
    assert (step.loads, step.saves) == (("spending", "support"), ("scores",))
    assert (step.timeout, step.cell_timeout, step.retries) == (1800.0, None, Retries(limit=2, delay=5.0))
    assert any(part.label == "contract of scores" for part in step.fingerprint.parts)


def test_a_part_name_does_not_depend_on_the_order_of_the_matrix(churn: Place) -> None:
    with_steps(churn, "  train: {notebook: notebooks/train2.ipynb, matrix: {seed: [1, 2], model: ['a,b', 'c=d']}}\n")
    write_notebook(churn, "train2", "seed: int = 0  # s\nmodel: str = 'x'  # m")
    assert [step.part for step in plan(churn).steps] == [
        "model=a%2Cb,seed=1", "model=c%3Dd,seed=1", "model=a%2Cb,seed=2", "model=c%3Dd,seed=2",
    ]  # fmt: skip


def test_values_of_one_kind_have_one_name(churn: Place) -> None:
    write_notebook(churn, "typed", "rate: float = 0.5  # r\nsince: date = date(2024, 1, 1)  # s")
    with_steps(churn, "  typed: {notebook: notebooks/typed.ipynb, matrix: {rate: [1, 0.50], since: [2024-02-01]}}\n")
    assert [step.part for step in plan(churn).steps] == ["rate=1.0,since=2024-02-01", "rate=0.5,since=2024-02-01"]


def test_the_command_line_wins_over_the_file_and_a_step_over_all(churn: Place) -> None:
    found = plan(churn, {"train.seed": "9", "seed": "8", "evaluate.limit": "0.25"})
    values = {step.key: step.values for step in found.steps}
    assert values["support"]["seed"] == 8
    assert values["train[model=forest]"]["seed"] == 9
    assert values["evaluate"]["limit"] == 0.25


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"sede": "1"}, "-p sede: No step of churn has a parameter 'sede'. Did you mean 'seed'?"),
        ({"trian.seed": "1"}, "-p trian.seed: There is no step 'trian'. Did you mean 'train'?"),
        ({"train.sede": "1"}, "-p train.sede: notebooks/train.ipynb has no parameter 'sede'. Did you mean 'seed'?"),
        (
            {"ingest.seed": "1"},
            "-p ingest.seed: notebooks/ingest.ipynb has no parameters, so it cannot be given 'seed'",
        ),
        ({"seed": "many"}, "-p seed: 'many'"),
        ({"model": "forest"}, "-p model: The step 'train' fans out over 'model'"),
        ({"train.model": "forest"}, "-p train.model: The step 'train' fans out over 'model'"),
        ({"": "1"}, "No step of churn has a parameter ''"),
        ({".": "1"}, "There is no step ''"),
    ],
)
def test_what_the_command_line_may_not_give(churn: Place, given_: dict[str, str], words: str) -> None:
    assert any(problem.startswith(words) or words in problem for problem in problems(churn, given_)), problems(
        churn, given_
    )


def test_everything_wrong_is_told_at_once_with_file_and_line(churn: Place) -> None:
    with_steps(
        churn,
        "  ingest:\n"
        "    notebook: notebooks/ingest.ipynb\n"
        "    parameters: {seed: 1}\n"
        "    after: [ingset]\n"
        "  again: {notebook: notebooks/ingest.ipynb}\n"
        "  gone: {notebook: notebooks/gone.ipynb}\n"
        "  outside: {notebook: ../x.ipynb}\n"
        "  train:\n"
        "    notebook: notebooks/train.ipynb\n"
        "    parameters: {folds: five, model: forest}\n"
        "    matrix:\n"
        "      model: [logistic, logistic]\n"
        "      sede: [1]\n"
        "  spending: {notebook: notebooks/spending.ipynb}\n"
        "  broken: {notebook: notebooks/broken.ipynb}\n",
        "inputs:\n  source: {contract: nonesuch}\n",
    )
    churn.write("notebooks/broken.ipynb", "{")
    found = "\n".join(problems(churn))
    for words in (
        "pipelines/churn.yml:3: inputs.source.contract: There is no contract pipelines/contracts/nonesuch.yml",
        "pipelines/churn.yml:7: steps.ingest.parameters.seed: notebooks/ingest.ipynb has no parameters",
        "pipelines/churn.yml:8: steps.ingest.after.0: There is no step 'ingset'.",
        "pipelines/churn.yml:9: steps.again: Two steps save the dataset 'customers': "
        "'ingest' (notebooks/ingest.ipynb, cell 3)",
        "pipelines/churn.yml:10: steps.gone.notebook: The notebook notebooks/gone.ipynb does not exist",
        "pipelines/churn.yml:11: steps.outside.notebook:",
        "pipelines/churn.yml:14: steps.train.parameters.folds: 'five'",
        "pipelines/churn.yml:14: steps.train.parameters.model: The step 'train' fans out over 'model'",
        "pipelines/churn.yml:17: steps.train.matrix.sede: notebooks/train.ipynb has no parameter 'sede'. "
        "Did you mean 'seed'?",
        "broken.ipynb",
    ):
        assert words in found, found


def test_a_notebook_of_another_language_is_refused_before_anything_starts(churn: Place) -> None:
    r = {"name": "ir", "display_name": "R", "language": "R"}
    churn.write("notebooks/evaluate.ipynb", notebook("x <- 1", kernelspec=r))
    (found,) = problems(churn)
    assert found.startswith("notebooks/evaluate.ipynb: The notebook asks for a r kernel, and only Python notebooks")


def test_a_circle_is_named_by_its_path_and_its_datasets(churn: Place) -> None:
    write_notebook(churn, "ingest", "", loads=["report"], saves=["customers"])
    (found,) = problems(churn)
    assert found.startswith("pipelines/churn.yml:4: steps.ingest: The steps wait for each other in a circle")
    assert "ingest → evaluate → ingest" in found
    assert "'ingest' loads 'report', which 'evaluate' saves" in found
    assert "'evaluate' is declared to come after 'ingest'" in found


def test_two_circles_are_both_told(churn: Place) -> None:
    for name, loads, saves in (
        ("a", "report", "scores"),
        ("b", "scores", "report"),
        ("c", "spending", "support"),
        ("d", "support", "spending"),
    ):
        write_notebook(churn, name, "", loads=[loads], saves=[saves])
    with_steps(churn, "".join(f"  {name}: {{notebook: notebooks/{name}.ipynb}}\n" for name in "abcd"))
    found = problems(churn)
    assert len(found) == 2
    assert "a → b → a" in found[0]
    assert "c → d → c" in found[1]


def test_after_can_make_a_circle_too(churn: Place) -> None:
    with_steps(
        churn,
        "  ingest: {notebook: notebooks/ingest.ipynb, after: [spending]}\n"
        "  spending: {notebook: notebooks/spending.ipynb, after: [spending]}\n",
    )
    found = problems(churn)
    assert any("'spending' is declared to come after itself" in problem for problem in found)
    assert any("'ingest' is declared to come after 'spending'" in problem for problem in found)


def test_a_dataset_loaded_and_saved_by_one_step(churn: Place) -> None:
    write_notebook(churn, "spending", "", loads=["customers", "spending"], saves=["spending"])
    (found,) = problems(churn)
    assert "loads the dataset 'spending' and saves it too (notebooks/spending.ipynb, cells 3 and 4)" in found
    assert found.startswith("pipelines/churn.yml:5: steps.spending")


def test_a_dataset_that_nobody_saves(churn: Place) -> None:
    with_steps(churn, "  spending: {notebook: notebooks/spending.ipynb}\n")
    (found,) = problems(churn)
    assert found.startswith("pipelines/churn.yml:3: steps.spending: The step 'spending' loads the dataset 'customers'")
    assert "no step of this pipeline saves" in found


def test_a_dataset_that_is_a_source_and_saved(churn: Place) -> None:
    write_notebook(churn, "ingest", "", saves=["customers", "telco"])
    (found,) = problems(churn)
    assert "'ingest' saves the dataset 'telco', which pipelines/catalog.yml reads from a file" in found


def test_a_dataset_that_the_catalog_does_not_hold(churn: Place) -> None:
    write_notebook(churn, "ingest", "", loads=["telko"], saves=["customers"])
    (found,) = problems(churn)
    assert found.startswith("notebooks/ingest.ipynb: cell 2, line 1: There is no dataset 'telko'")
    assert "Did you mean 'telco'?" in found


def test_two_steps_that_save_one_dataset_and_the_parts_of_one_that_may(churn: Place) -> None:
    with_steps(
        churn,
        "  one: {notebook: notebooks/ingest.ipynb}\n  two: {notebook: notebooks/other.ipynb}\n",
    )
    write_notebook(churn, "other", "", saves=["customers"])
    (found,) = problems(churn)
    assert "'one' (notebooks/ingest.ipynb, cell 3) and 'two' (notebooks/other.ipynb, cell 2)" in found
    assert "another name" in found


def test_problems_of_the_catalog_and_of_notebooks(churn: Place) -> None:
    churn.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  telco: {loaction: x.csv}\n")
    write_notebook(churn, "train", "folds: int = 'x'  # bad")
    write_notebook(churn, "ingest", "", "studio.load(name)")
    found = "\n".join(problems(churn))
    assert "pipelines/catalog.yml:3" in found
    assert "notebooks/train.ipynb: cell 2, line 1: folds" in found
    assert "notebooks/ingest.ipynb: cell 2, line 1" in found


class TestFiles:
    @pytest.fixture
    def reading(self, churn: Place) -> Place:
        write_notebook(churn, "read", "source: Path | None = None  # a file\nother: Path = Path('made.csv')  # o")
        with_steps(churn, "  read: {notebook: notebooks/read.ipynb}\n", "inputs:\n  source: {contract: scores}\n")
        return churn

    def test_a_path_of_the_command_line_starts_at_the_callers_folder(self, reading: Place, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("a\n")
        found = plan(reading, {"source": "x.csv"}, base=tmp_path)
        assert found.steps[0].values["source"] == tmp_path / "x.csv"
        assert [(item.step, item.parameter, item.path, item.contract) for item in found.inputs] == [
            ("read", "source", tmp_path / "x.csv", "scores")
        ]

    def test_a_path_of_the_file_starts_at_the_workspace(self, reading: Place) -> None:
        reading.write(
            "pipelines/churn.yml",
            (reading.root / "pipelines/churn.yml").read_text() + "parameters: {source: data/telco.csv}\n",
        )
        assert plan(reading, base=Path("/")).steps[0].values["source"] == reading.root / "data/telco.csv"

    def test_none_is_no_file(self, reading: Place) -> None:
        found = plan(reading)
        assert found.inputs == ()
        assert found.steps[0].values["source"] is None

    def test_a_missing_file(self, reading: Place) -> None:
        (found,) = problems(reading, {"source": "nonesuch.csv"})
        assert found.startswith("-p source: The file ")
        assert "nonesuch.csv does not exist" in found

    def test_an_unreadable_file(self, reading: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            os, "access", lambda path, mode: mode == os.F_OK or Path(path).name != "secret.csv"
        )  # tests may run as root
        reading.write("secret.csv", "a\n")
        (found,) = problems(reading, {"source": "secret.csv"})
        assert "secret.csv cannot be read: permission denied" in found

    def test_what_is_no_path_has_no_contract(self, churn: Place) -> None:
        churn.write(
            "pipelines/churn.yml",
            (churn.root / "pipelines/churn.yml").read_text()
            + "inputs:\n  seed: {contract: scores}\n  sauce: {contract: scroes}\n",
        )
        found = "\n".join(problems(churn))
        assert "inputs.seed: The parameter 'seed' is no Path" in found
        assert "inputs.sauce: No step has a parameter 'sauce'" in found
        assert "Did you mean 'scores'?" in found

    def test_a_fan_out_over_files(self, reading: Place) -> None:
        reading.write("data/b.csv", "b\n")
        with_steps(
            reading, "  read: {notebook: notebooks/read.ipynb, matrix: {source: [data/telco.csv, data/b.csv]}}\n"
        )
        assert [step.part for step in plan(reading).steps] == ["source=data%2Ftelco.csv", "source=data%2Fb.csv"]


def test_a_required_parameter(churn: Place) -> None:
    write_notebook(churn, "ingest", "region: str  # which", loads=["telco"], saves=["customers"])
    (found,) = problems(churn)
    assert found.startswith("pipelines/churn.yml:4: steps.ingest: The step 'ingest' needs a value of 'region'")
    assert plan(churn, {"region": "north"}).steps[0].given == {"region": "north"}


def test_secrets_are_names_of_variables(churn: Place) -> None:
    write_notebook(churn, "ingest", "token: SecretStr  # t", loads=["telco"], saves=["customers"])
    os.environ["TOKEN_OF_TEST"] = "hush"
    try:
        step = plan(churn, {"token": "TOKEN_OF_TEST"}).steps[0]
        assert step.json_values == {"token": {"secret": "TOKEN_OF_TEST"}}
        assert "hush" not in repr(step)
    finally:
        del os.environ["TOKEN_OF_TEST"]


def test_combinations_that_cannot_be_told_apart(churn: Place) -> None:
    write_notebook(churn, "typed", "rate: float = 0.5  # r")
    with_steps(churn, "  typed:\n    notebook: notebooks/typed.ipynb\n    matrix:\n      rate: [1, 1.0]\n")
    assert problems(churn) == [
        "pipelines/churn.yml:5: steps.typed.matrix: The matrix names rate=1.0 twice. Next: keep one of the two."
    ]


class TestOneNotebook:
    def test_it_works_on_the_snapshots_that_are_there(self, churn: Place) -> None:
        import pandas as pd

        from studio.data.snapshots import SnapshotStore

        workspace = Workspace(churn.root)
        pipeline = pipeline_of_notebook(workspace, "notebooks/spending.ipynb")
        with pytest.raises(Problems, match=r"notebooks/spending.ipynb: cell 2, line 1: .* no snapshot yet"):
            make_plan(workspace, pipeline, base=churn.root)
        SnapshotStore(workspace).save("customers", pd.DataFrame({"a": [1]}))
        found = make_plan(workspace, pipeline, base=churn.root)
        assert found.notebook == "notebooks/spending.ipynb"
        assert [step.key for step in found.steps] == ["spending"]
        assert found.sources == ()

    def test_values_for_a_notebook_without_parameters(self, churn: Place) -> None:
        workspace = Workspace(churn.root)
        pipeline = pipeline_of_notebook(workspace, "notebooks/ingest.ipynb")
        with pytest.raises(BadInput, match=r"notebooks/ingest\.ipynb has no parameters, so 'x' cannot be given"):
            make_plan(workspace, pipeline, {"x": "1"}, base=churn.root)


graphs = st.integers(1, 8).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            f"s{i}": st.lists(
                st.sampled_from([f"s{j}" for j in range(size) if j != i] or ["s0"]), max_size=3, unique=True
            )
            for i in range(size)
        }
    )
)


@given(graphs)
def test_order_or_circles(needs: dict[str, list[str]]) -> None:
    if needs == {"s0": ["s0"]}:
        return
    frozen = {name: tuple(others) for name, others in needs.items()}
    found = _sorted(list(frozen), frozen)
    assert all(need in found[: found.index(name)] for name in found for need in frozen[name])
    left = [name for name in frozen if name not in found]
    circles = list(_circles(left, frozen))
    assert bool(circles) == bool(left)
    for circle in circles:
        assert circle[0] == circle[-1]
        assert len(circle) == len(set(circle)) + 1 >= 3
        assert all(before in frozen[after] for before, after in itertools.pairwise(circle))


def test_a_thousand_combinations_read_the_notebook_once(churn: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.pipelines import plan_notebooks

    reads = []
    original = plan_notebooks.read_notebook

    def counted(workspace: Workspace, path: str) -> object:
        reads.append(path)
        return original(workspace, path)

    monkeypatch.setattr(plan_notebooks, "read_notebook", counted)
    numbers = list(range(1000))
    write_notebook(churn, "wide", "number: int = 0  # which")
    with_steps(churn, f"  wide: {{notebook: notebooks/wide.ipynb, matrix: {{number: {numbers}}}}}\n")
    found = plan(churn)
    assert len(found.steps) == 1000
    assert reads == ["notebooks/wide.ipynb"]


def test_a_long_chain_is_no_trouble(churn: Place) -> None:
    datasets = "".join(f"  d{number}: {{}}\n" for number in range(300))
    churn.write("pipelines/catalog.yml", f"version: 1\ndatasets:\n{datasets}")
    for number in range(300):
        write_notebook(churn, f"n{number}", "", loads=[f"d{number - 1}"] if number else [], saves=[f"d{number}"])
    with_steps(
        churn, "".join(f"  n{number}: {{notebook: notebooks/n{number}.ipynb}}\n" for number in reversed(range(300)))
    )
    assert [step.key for step in plan(churn).steps] == [f"n{number}" for number in range(300)]


def test_planning_and_deciding_import_nothing_heavy(churn: Place) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from studio.core.workspace import Workspace\n"
        "from studio.core.environment import environment_digest\n"
        "from studio.pipelines.specification import read_pipeline\n"
        "from studio.pipelines.plan import make_plan\n"
        "from studio.pipelines.cache import foresee\n"
        "from studio.pipelines.graph import plan_as_dict, to_mermaid, to_tree\n"
        "from studio.pipelines.records import RunStore\n"
        "w = Workspace(Path.cwd()); p = make_plan(w, read_pipeline(w, 'churn'), {}, base=Path.cwd())\n"
        "v = foresee(w, p, environment_digest()); to_tree(p, v); to_mermaid(p, v); plan_as_dict(p, v)\n"
        "RunStore(w).list()\n"
        "heavy = set('mlflow pandas numpy pyarrow pandera nbformat papermill nbclient jupytext fsspec'.split())\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=churn.root, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_a_document_without_lines_still_names_its_file() -> None:
    assert str(Document("a.ipynb", {}).problem(("steps", "a"), "Wrong.")) == "a.ipynb: steps.a: Wrong."
