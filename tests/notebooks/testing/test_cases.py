"""Tests in notebooks, run in real kernels: as pytest runs them, and no worse when one of them never ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.notebooks.document import read_notebook
from studio.notebooks.testing import test_notebook as run_tests
from studio.notebooks.testing.kernels import Kernel, KernelDidNotStart
from studio.pipelines.session import SupervisedKernels
from tests.conftest import Place


class Counting(SupervisedKernels):
    """Counts the kernels it starts, and knows whether they are gone."""

    def __init__(self) -> None:
        super().__init__()
        self.pids: list[int] = []

    def start(self, folder: Path, environment: Mapping[str, str]) -> Kernel:  # type: ignore[override]
        kernel = super().start(folder, environment)
        reply = kernel.run("import os; print(os.getpid(), end='')", 60, quiet=True)
        self.pids.append(int(reply.output))
        return kernel


@pytest.fixture
def kernels() -> Counting:
    return Counting()


@pytest.fixture
def run(place: Place, kernels: Counting):
    def run(*cells: tuple[str, str] | str, **given: object) -> dict[str, Case]:
        place.notebook("notebooks/a.ipynb", *cells)
        workspace = Workspace(place.root)
        document = read_notebook(workspace, "notebooks/a.ipynb")
        told: list[Case] = []
        cases = run_tests(workspace, document, kernels, on_case=told.append, **given)  # type: ignore[arg-type]
        assert told == cases
        assert not [pid for pid in kernels.pids if Path(f"/proc/{pid}").exists()]
        return {case.name: case for case in cases}

    return run


def test_tests_mean_what_they_mean_in_pytest(run, place: Place, kernels: Counting) -> None:
    place.write(
        "conftest.py",
        """
import pytest

@pytest.fixture(scope="session")
def company():
    return "ours"

def pytest_collection_modifyitems(items):
    for item in items:
        if "slow" in item.name:
            item.add_marker(pytest.mark.skip(reason="slow"))
""",
    )
    place.write(
        "notebooks/conftest.py", "import pytest\n\n@pytest.fixture\ndef near(company):\n    return company * 2\n"
    )
    place.write("notebooks/shop.py", "PRICE = 3\n")
    cases = run(
        "import shop\nx = shop.PRICE",
        "def total(values):\n    return sum(values)",
        "raise SystemError('no test needs this cell')",
        (
            "test",
            """import pytest

log = []

@pytest.fixture(scope="module")
def thing():
    log.append("up")
    yield 5
    log.append("down")

@pytest.fixture(params=["a", "b"])
def letter(request):
    return request.param

@pytest.mark.parametrize(("a", "b"), [(0, 7), pytest.param(1.5, 2, id="late")])
def test_totals(a, b, thing):
    assert b == 7

def test_letters(letter):
    assert letter in "ab"

def test_fails():
    assert total([x]) == 4

def test_from_conftest(near):
    assert near == "oursours"

def test_built_in(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHOP", "1")
    print("hello")
    assert capsys.readouterr().out == "hello\\n" and not list(tmp_path.iterdir())

def test_raises():
    with pytest.raises(ZeroDivisionError, match="zero"):
        1 / 0

@pytest.mark.skip(reason="not now")
def test_skipped(): pass

@pytest.mark.skipif(x == 3, reason="three")
def test_skipped_if(): pass

@pytest.mark.xfail(reason="known")
def test_known(): assert 0

@pytest.mark.xfail(strict=True)
def test_unexpected(): pass

def test_slow(): pass

def test_prints():
    print("said")

def test_teardown(request):
    request.addfinalizer(lambda: 1 / 0)

def test_no_fixture(nowhere): pass

class TestShop:
    shared = 3

    def test_open(self, thing):
        assert thing == 5

    @pytest.mark.parametrize("day", ["mon"])
    def test_days(self, day):
        assert self.shared == 4
""",
        ),
        ("test", "def test_later(thing):\n    assert log == ['up']\n"),
        ("test", "import pytest\npytest.importorskip('no_such_module')\ndef test_never(): pass"),
    )
    status = {name: case.status for name, case in cases.items()}
    assert status == {
        "test_totals[0-7]": "passed",
        "test_totals[late]": "failed",
        "test_letters[a]": "passed",
        "test_letters[b]": "passed",
        "test_fails": "failed",
        "test_from_conftest": "passed",
        "test_built_in": "passed",
        "test_raises": "passed",
        "test_skipped": "skipped",
        "test_skipped_if": "skipped",
        "test_known": "skipped",
        "test_unexpected": "failed",
        "test_slow": "skipped",
        "test_prints": "passed",
        "test_teardown": "error",
        "test_no_fixture": "error",
        "TestShop::test_open": "passed",
        "TestShop::test_days[mon]": "failed",
        "test_later": "passed",
        "test_never": "skipped",
    }
    assert len(kernels.pids) == 1
    failed = cases["test_fails"]
    assert (failed.rung, failed.subject, failed.cell, failed.line) == ("code", "notebooks/a.ipynb", 4, 23)
    assert failed.message == "assert 3 == 4"
    assert "assert 3 == 4\nE        +  where 3 = total([3])" in failed.detail
    assert "notebooks/a.ipynb[cell 4]:23: AssertionError" in failed.detail
    assert "\x1b" not in "".join(case.detail for case in cases.values())
    assert cases["test_skipped"].message == "not now"
    assert cases["test_known"].message == "expected to fail: known"
    assert cases["test_prints"].output == "said\n"
    assert cases["test_no_fixture"].message == "in setup: fixture 'nowhere' not found"
    assert "ZeroDivisionError" in cases["test_teardown"].message
    assert "no_such_module" in cases["test_never"].message
    assert not (place.root / ".pytest_cache").exists()


def test_a_cell_that_does_not_work_costs_what_needs_it(run) -> None:
    cases = run(
        "x = 1",
        "def divide():\n    return 1 / 0\n\ny = divide()",
        ("test", "def test_needs(): assert y\ndef test_needs_not(): assert x"),
        ("test", "x\n1 / 0\ndef test_never(): pass"),
        ("test", "def test_broken(:\n    pass"),
        ("test", "%matplotlib inline\nfound = !echo shell\ndef test_magic(): assert found == ['shell']"),
        ("test", "def test_last(): assert x == 1"),
    )
    assert {name: case.status for name, case in cases.items()} == {
        "test_needs": "error",
        "test_needs_not": "passed",
        "cell 4": "error",
        "cell 5": "error",
        "test_magic": "error",  # a magic may use any name, so that it needs the cell that does not work
        "test_last": "passed",
    }
    assert cases["test_needs"].message.startswith("Cell 2 raised ZeroDivisionError: division by zero")
    assert 'File "notebooks/a.ipynb[cell 2]", line 4' in cases["test_needs"].detail
    assert (cases["cell 4"].cell, cases["cell 4"].line) == (4, 2)
    assert "ZeroDivisionError" in cases["cell 4"].message
    assert (cases["cell 5"].cell, cases["cell 5"].line) == (5, 1)
    assert "SyntaxError" in cases["cell 5"].message


def test_a_test_sees_what_is_above_it_and_nothing_below(run, kernels: Counting) -> None:
    cases = run(
        "%matplotlib inline\nx = [1]",
        ("test", "def test_first(): assert x == [1]"),
        "x.append(2)",
        ("test", "def test_second(): assert x == [1, 2]"),
        ("raises-exception", "x.append(3)\n1 / 0"),
        ("test", "def test_third(): assert x == [1, 2, 3]"),
        ("scratch", "x.clear()"),
        ("test", "found = !echo shell\ndef test_magic(): assert found == ['shell'] and x"),
    )
    assert {name: case.status for name, case in cases.items()} == dict.fromkeys(
        ["test_first", "test_second", "test_third", "test_magic"], "passed"
    )
    assert len(kernels.pids) == 1


def test_a_test_that_ends_its_kernel_costs_only_itself(run, kernels: Counting) -> None:
    cases = run(
        "x = 1",
        (
            "test",
            "import os, signal\n"
            "def test_before(): pass\n"
            "def test_exits(): os._exit(3)\n"
            "def test_crashes(): os.kill(os.getpid(), signal.SIGSEGV)\n"
            "def test_after(): assert x == 1\n",
        ),
    )
    assert {name: case.status for name, case in cases.items()} == {
        "test_before": "passed",
        "test_exits": "failed",
        "test_crashes": "failed",
        "test_after": "passed",
    }
    assert "exited with status 3" in cases["test_exits"].message
    assert "SIGSEGV" in cases["test_crashes"].message
    assert len(kernels.pids) == 3


@pytest.mark.slow
def test_a_test_that_never_ends_is_stopped(run, place: Place, kernels: Counting) -> None:
    place.write("studio.toml", "version = 1\n[tests]\ntimeout = 30\n")
    cases = run(
        "x = 1",
        (
            "test",
            """import pytest, time

@pytest.mark.timeout(1)
def test_sleeps():
    print("sleeping")
    time.sleep(600)

def test_between(): assert x == 1

@pytest.mark.timeout(1)
def test_stubborn():
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass

@pytest.mark.timeout(1)
def test_holds_the_interpreter():
    sum(range(10**13))

def test_after(): assert x == 1
""",
        ),
    )
    assert {name: case.status for name, case in cases.items()} == {
        "test_sleeps": "failed",
        "test_between": "passed",
        "test_stubborn": "failed",
        "test_holds_the_interpreter": "failed",
        "test_after": "passed",
    }
    assert cases["test_sleeps"].message == "The test did not finish within 1 s."
    assert "time.sleep(600)" in cases["test_sleeps"].detail
    assert "sleeping" in cases["test_sleeps"].output
    assert "ended by force" in cases["test_stubborn"].message
    assert "ended by force" in cases["test_holds_the_interpreter"].message
    assert len(kernels.pids) == 3


def test_cells_have_a_time_limit_too(run, place: Place) -> None:
    place.write("studio.toml", "version = 1\n[tests]\ntimeout = 2\n")
    cases = run(
        "import time\nx = 1",
        "y = time.sleep(600)",
        ("test", "def test_y(): y\ndef test_x(): assert x"),
    )
    assert cases["test_y"].status == "error"
    assert cases["test_y"].message.startswith("Cell 2 did not finish within 2 s")
    assert cases["test_x"].status == "passed"


def test_a_whole_run_executes_every_cell_in_its_place(run) -> None:
    cells = (
        "order = []",
        "order.append(1)",
        ("test", "def test_order(): assert order == [1]"),
        "order.append(2)\n1 / 0",
    )
    assert {name: case.status for name, case in run(*cells).items()} == {"test_order": "passed"}
    whole = run(*cells, whole=True)
    assert {name: case.status for name, case in whole.items()} == {"test_order": "passed", "cell 4": "error"}
    assert whole["cell 4"].message == "Cell 4 raised ZeroDivisionError: division by zero"


def test_some_tests_are_selected(run) -> None:
    cells = (
        ("test", "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n): pass\ndef test_ab(): pass"),
        ("test", "class TestC:\n    def test_d(self): pass\n    def test_e(self): pass"),
    )
    assert [*run(*cells, select=["test_a"])] == ["test_a[1]", "test_a[2]"]
    assert [*run(*cells, select=["test_a[2]", "TestC::test_e"])] == ["test_a[2]", "TestC::test_e"]
    assert [*run(*cells, select=["TestC"])] == ["TestC::test_d", "TestC::test_e"]
    assert run(*cells, select=["nothing"]) == {}


def test_a_notebook_without_tests_starts_no_kernel(run, kernels: Counting) -> None:
    assert run("x = 1", ("scratch", "def test_x(): pass")) == {}
    assert kernels.pids == []


def test_output_is_bounded_and_kept(run) -> None:
    cases = run(
        (
            "test",
            "import os\ndef test_flood():\n    print('x' * 5_000_000)\n    os.system('echo from below')\n    assert 0",
        )
    )
    assert len(cases["test_flood"].output) < 200_000
    assert "characters left out" in cases["test_flood"].output


def test_the_environment_is_the_callers(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("STUDIO_RUN", "a run in which this test was started")
    cases = run(
        ("test", "import os\ndef test_e():\n    assert os.environ['MINE'] == '1' and not os.environ.get('STUDIO_RUN')"),
        environment={"MINE": "1"},
    )
    assert cases["test_e"].status == "passed", cases["test_e"].detail


def test_secrets_are_not_told(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", 'sesame"7')
    cases = run(
        ("parameters", 'import studio\ntoken = studio.secret("SHOP_TOKEN")  # of the shop'),
        ("test", "def test_s():\n    print(token.get_secret_value())\n    assert token.get_secret_value() == ''"),
    )
    case = cases["test_s"]
    assert case.status == "failed"
    assert "sesame" not in case.message + case.detail + case.output
    assert "***" in case.message
    assert case.output == "***\n"


def test_a_conftest_that_fails_is_told(run, place: Place, kernels: Counting) -> None:
    place.write("notebooks/conftest.py", "1 / 0\n")
    cases = run(("test", "def test_a(): pass\ndef test_b(): pass"))
    assert {case.status for case in cases.values()} == {"error"}
    assert "ZeroDivisionError" in cases["test_a"].message
    assert len(kernels.pids) == 1


def test_no_kernel_is_an_error_of_each_test(place: Place) -> None:
    class None_:
        def start(self, folder: Path, environment: Mapping[str, str]) -> Kernel:
            raise KernelDidNotStart("The kernel did not start within 1 s.")

    place.notebook("notebooks/a.ipynb", ("test", "def test_a(): pass"))
    workspace = Workspace(place.root)
    cases = run_tests(workspace, read_notebook(workspace, "notebooks/a.ipynb"), None_())
    assert [(case.name, case.status, case.message) for case in cases] == [
        ("test_a", "error", "The kernel did not start within 1 s.")
    ]


def test_functions_are_held_to_their_contracts(run, place: Place) -> None:
    place.write(
        "pipelines/contracts/orders.yml",
        "version: 1\ncolumns:\n  amount: {dtype: float64, ge: 0, le: 100}\n",
    )
    cases = run(
        "import studio\nimport pandas as pd",
        "1 / 0",
        "@studio.contract(takes='orders', gives='orders')\n"
        "def halve(orders):\n    return orders.assign(amount=orders['amount'] / 2)\n\n"
        "@studio.contract(takes='orders', gives='orders')\ndef lose(orders):\n    return orders.assign(amount=-1.0)",
    )
    assert list(cases) == ["contract: halve takes orders", "contract: lose takes orders"], cases
    assert cases["contract: halve takes orders"].status == "passed", cases["contract: halve takes orders"]
    lost = cases["contract: lose takes orders"]
    assert (lost.status, lost.cell, lost.line) == ("failed", 3, 6)
    assert "-1" in lost.detail
