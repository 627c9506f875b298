"""Activities: programs of their own that say how they end, and of which others see when they die."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.core.errors import BadInput, Missing, Problems
from studio.core.locks import is_held, try_lock
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.pipelines import events as run_events
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.server.failures import status_of
from studio.workflows import activities
from studio.workflows.activities import starting
from studio.workflows.activities.events import FILE, EventWriter
from studio.workflows.activities.records import LOCK, LOG, PID, home, identities
from studio.workflows.activities.requests import REQUEST, as_text, parse
from studio.workflows.run_pipeline import AlreadyComplete
from tests.conftest import Place


@pytest.fixture
def workspace(place: Place) -> Workspace:
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  numbers: {description: one row is one number}\n")
    place.write("pipelines/small.yml", "version: 1\nsteps:\n  make: {notebook: notebooks/make.ipynb}\n")
    place.notebook(
        "notebooks/make.ipynb",
        ("parameters", "count: int = 3  # how many\nwait: float = 0.0  # seconds"),
        "import time\n\nimport pandas as pd\n\nimport studio",
        'time.sleep(wait)\nstudio.save("numbers", pd.DataFrame({"number": range(count)}))',
        ("test", "def test_count():\n    assert count > 2"),
    )
    return Workspace(place.root)


def ended(workspace: Workspace, identity: str, seconds: float = 120) -> activities.Activity:
    end = time.monotonic() + seconds
    while (found := activities.read(workspace, identity)).alive:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def reached(workspace: Workspace, identity: str, kind: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    tail = activities.tail_of(workspace, identity)
    while not any(event.kind == kind for event in tail.new()):
        assert time.monotonic() < end
        assert not tail.ended
        time.sleep(0.05)


def kept(workspace: Workspace, identity: str, lines: bytes = b"", **facts: object) -> Path:
    """The folder of an activity that nobody runs."""
    folder = home(workspace) / identity
    folder.mkdir(parents=True)
    asked = {"id": identity, "kind": "run", "title": "run small", "names": ["small"], "started": "2026-01-01T00:00:00Z"}
    (folder / REQUEST).write_text(json.dumps(asked | facts), encoding="utf-8")
    if lines:
        (folder / FILE).write_bytes(lines)
    return folder


# ---------------------------------------------------------------- a real program


@pytest.mark.heavy
def test_a_run_goes_on_by_itself_and_tells_all_that_happens(workspace: Workspace) -> None:
    begun = activities.start(workspace, "run", {"name": "small", "values": {"count": 5}})
    assert (begun.status, begun.kind, begun.title, begun.names) == ("starting", "run", "run small", ("small",))
    told = list(activities.follow(workspace, begun.id))
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    kinds = [event.kind for event in told]
    assert kinds[:3] == ["started", "run", "step started"]
    assert kinds[-1] == "ended"
    assert {"cell", "step finished"} <= set(kinds)
    cells = [event for event in told if event.kind == "cell"]
    assert (cells[-1].done, cells[-1].total) == (4, 4)  # the cell of the values that were given is one
    last = told[-1]
    assert (last.status, last.text) == ("completed", f"Run {last.run} completed.")
    assert last.result is not None
    assert last.result["status"] == "completed"
    assert last.result["given"] == {"count": "5"}
    found = activities.read(workspace, begun.id)
    assert (found.status, found.run) == ("completed", last.run)
    assert activities.latest(workspace) == [found]
    assert list(activities.follow(workspace, begun.id, after=len(told) - 1)) == [last]
    end = time.monotonic() + 30
    while is_held(home(workspace) / begun.id / LOCK):  # its program says that it ends, and ends
        assert time.monotonic() < end
        time.sleep(0.05)
    assert activities.stop(workspace, begun.id) == found, "one that ended is left alone"


@pytest.mark.heavy
def test_a_failing_step_is_told_with_the_next_command_and_may_be_resumed(workspace: Workspace, place: Place) -> None:
    place.notebook("notebooks/make.ipynb", "raise ValueError('no good')")
    begun = activities.start(workspace, "run", {"name": "small"})
    found = ended(workspace, begun.id)
    assert found.status == "failed"
    assert "the step make failed" in found.text
    assert "no good" in found.text
    assert found.text.endswith(f"Next: studio runs resume {found.run}")
    again = activities.start(workspace, "resume", {"run": found.run})
    assert again.names == ("small",)
    assert again.title == f"resume small ({found.run})"
    assert ended(workspace, again.id).run == found.run


@pytest.mark.heavy
def test_stop_ends_a_run_as_ctrl_c_does(workspace: Workspace) -> None:
    begun = activities.start(workspace, "run", {"name": "small", "values": {"wait": 60}})
    reached(workspace, begun.id, "step started")
    activities.stop(workspace, begun.id)
    found = ended(workspace, begun.id, 30)
    assert found.status == "stopped"
    assert found.text == f"Run {found.run} was stopped. Next: studio runs resume {found.run}"
    record = json.loads((workspace.runs / found.run / "run.json").read_text())
    assert record["status"] == "killed"


@pytest.mark.heavy
def test_stop_at_once_is_heard_before_anything_was_started(workspace: Workspace) -> None:
    begun = activities.start(workspace, "run", {"name": "small", "values": {"wait": 60}})
    activities.stop(workspace, begun.id)
    found = ended(workspace, begun.id, 30)
    assert found.status == "stopped"
    assert "stopped" in found.text


@pytest.mark.heavy
def test_a_program_that_was_killed_is_told_by_whoever_looks(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = activities.start(workspace, "run", {"name": "small", "values": {"wait": 60}})
    reached(workspace, begun.id, "step started")
    heard: list[activities.Event] = []
    listener = threading.Thread(target=lambda: heard.extend(activities.follow(workspace, begun.id)))
    listener.start()
    os.kill(int((home(workspace) / begun.id / PID).read_text()), signal.SIGKILL)
    listener.join(30)
    assert not listener.is_alive(), "who listens is told, and does not wait for ever"
    found = activities.read(workspace, begun.id)
    assert found.status == heard[-1].status == "died"
    assert heard[-1].kind == "ended"
    assert heard[-1].number == heard[-2].number + 1
    assert found.text == heard[-1].text
    assert f"Next: studio runs resume {found.run}" in found.text
    from studio.workflows.show_runs import show_run

    monkeypatch.chdir(workspace.root)
    assert show_run(found.run)[1].status == "killed"


@pytest.mark.heavy
def test_tests_tell_each_case_and_no_run_of_the_workspace(workspace: Workspace) -> None:
    begun = activities.start(workspace, "test", {"names": ["notebooks/make.ipynb"], "rungs": ["code"]})
    told = list(activities.follow(workspace, begun.id))
    cases = [event for event in told if event.kind == "case"]
    assert [(case.subject, case.text, case.status) for case in cases] == [
        ("notebooks/make.ipynb", "test_count", "passed")
    ]
    assert (told[-1].status, told[-1].text, told[-1].run) == ("completed", "1 passed.", "")
    assert activities.read(workspace, begun.id).run == ""


@pytest.mark.heavy
def test_an_error_nobody_foresaw_has_a_number_and_its_traceback_lies_in_the_log(
    workspace: Workspace, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The program's own workflow is replaced by one that fails in a way of its own.
    (tmp_path / "sitecustomize.py").write_text(
        "import studio.workflows.activities.performing as performing\n"
        "def fail(*words):\n    raise ZeroDivisionError('unforeseen')\n"
        "performing._WORKFLOWS = {'run': fail}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    begun = activities.start(workspace, "run", {"name": "small"})
    found = ended(workspace, begun.id)
    assert found.status == "failed"
    assert "unforeseen" not in found.text
    number = found.text.partition("error number ")[2][:8]
    log = (home(workspace) / begun.id / LOG).read_text()
    assert f"Error number {number}" in log
    assert "ZeroDivisionError: unforeseen" in log


@pytest.mark.heavy
def test_the_same_request_twice_is_refused_while_the_first_goes_on(workspace: Workspace) -> None:
    first = activities.start(workspace, "run", {"name": "small", "values": {"wait": 60}})
    with pytest.raises(activities.Underway, match="run small is under way already"):
        activities.start(workspace, "run", {"name": "small", "values": {"wait": 60}})
    other = activities.start(workspace, "run", {"name": "small", "values": {"wait": 0, "count": 4}})
    assert ended(workspace, other.id).status == "completed", "another what-if of the same pipeline may go on beside it"
    activities.stop(workspace, first.id)
    assert ended(workspace, first.id, 30).status == "stopped"
    again = activities.start(workspace, "run", {"name": "small", "values": {"wait": 0}})
    assert ended(workspace, again.id).status == "completed"


# ---------------------------------------------------------------- before anything is started


@pytest.mark.parametrize(
    ("kind", "request_", "words"),
    [
        ("run", {"name": "smal"}, "Did you mean 'small'"),
        ("run", {"name": "small", "values": {"count": "many"}}, "does not fit int"),
        ("run", {"name": "small", "only": "mke"}, "Did you mean 'make'"),
        ("run", {"name": "small", "environment": "prd"}, "There is no environment 'prd'"),
        ("run", {"name": "small", "jobs": 0}, "At least 1"),
        ("run", {"name": "../outside.ipynb"}, "outside the workspace"),
        ("resume", {"run": "20200101-000000-abcdef"}, "There is no run yet"),
        ("test", {"names": []}, "At least 1 entry"),
        ("test", {"names": ["notebooks/none.ipynb"]}, "does not exist"),
        ("test", {"names": ["notebooks/make.ipynb"], "tests": ["test_cuont"]}, "Did you mean 'test_count'"),
        ("test", {"names": ["small"], "tests": ["test_count", "nope[1]"]}, r"no test 'nope\[1\]'"),
        *[(kind, {"names": [".git/config"]}, "is no notebook") for kind in ("test", "submit")],
        ("run", {"name": ".git/config"}, "is no notebook"),
        ("submit", {"names": ["notebooks/none.ipynb"]}, "does not exist"),
        ("dance", {}, "There is no activity 'dance'"),
    ],
)
def test_what_is_wrong_is_told_at_once(
    workspace: Workspace, kind: str, request_: dict[str, object], words: str
) -> None:
    (workspace.root / ".git").mkdir()
    (workspace.root / ".git/config").touch()
    with pytest.raises(BadInput, match=words):
        activities.start(workspace, kind, request_)
    assert identities(workspace) == []


def test_a_run_that_is_complete_is_not_continued(workspace: Workspace) -> None:
    record = RunRecord(id="20260101-000000-bbbbbb", pipeline="small", name="small", started="2026-01-01T00:00:00.000Z")
    record.status = "completed"
    RunStore(workspace).create(record)
    with pytest.raises(AlreadyComplete, match="Next: studio run small") as caught:
        activities.start(workspace, "resume", {"run": record.id})
    assert status_of(caught.value) == 409
    assert identities(workspace) == []


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("def test_a(): pass", "test_a[1-2]"),
        ("class TestA:\n    def test_a(self): pass", "TestA::test_a"),
        ("from checks import test_a", "test_a"),
        ("from checks import *", "test_a"),
        ("for n in range(3):\n    exec(f'def test_{n}(): pass')", "test_1"),
        ("1 +", "test_a"),
        ("", "contract: prepare takes customers"),
        ("1 +", "cell 2"),
        ("", "cell 2"),
    ],
)
def test_a_name_of_a_test_that_may_be_there_is_not_refused(place: Place, source: str, asked: str) -> None:
    place.notebook("notebooks/it.ipynb", "1", ("test", source))
    request = {"names": ["notebooks/it.ipynb"], "tests": [asked]}
    assert parse("test", request).check(Workspace(place.root)).names == ("notebooks/it.ipynb",)


def test_wrong_values_are_told_by_their_fields(workspace: Workspace) -> None:
    with pytest.raises(Problems) as raised:
        activities.start(workspace, "run", {"name": "small", "values": {"count": "many", "cuont": 1}})
    assert {problem.field for problem in raised.value.problems} == {"count", "cuont"}


def test_a_secret_never_reaches_a_file(workspace: Workspace, place: Place) -> None:
    place.notebook(
        "notebooks/make.ipynb", "from pydantic import SecretStr", ("parameters", "token: SecretStr  # of it")
    )
    with pytest.raises(Problems) as raised:
        activities.start(workspace, "run", {"name": "small", "values": {"token": "hunter2 is my password"}})
    assert "hunter2" not in str(raised.value)
    assert not any("hunter2" in path.read_text() for path in place.root.rglob("*") if path.is_file())


def test_too_many_at_once_are_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "AT_ONCE", 1)
    folder = kept(workspace, "20260101-000000-abcdef")
    descriptor = try_lock(folder / LOCK)
    assert descriptor is not None
    with pytest.raises(activities.Underway, match="1 activities are under way"):
        activities.start(workspace, "run", {"name": "small"})
    os.close(descriptor)


@pytest.mark.heavy
def test_old_activities_are_pruned_and_living_ones_never(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "KEPT", 3)
    for number in range(6):
        kept(workspace, f"20260101-00000{number}-abcdef")
    descriptor = try_lock(home(workspace) / "20260101-000000-abcdef" / LOCK)
    assert descriptor is not None
    begun = activities.start(workspace, "run", {"name": "small"})
    ended(workspace, begun.id)
    assert identities(workspace) == [
        begun.id,
        "20260101-000005-abcdef",
        "20260101-000004-abcdef",
        "20260101-000000-abcdef",
    ]
    os.close(descriptor)


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("name", ["../../etc", "20260101-000000-abcdef", "", "x", "20260101-000000-abcdef/../x"])
def test_there_is_no_such_activity(workspace: Workspace, name: str) -> None:
    for look in (activities.read, activities.stop, activities.tail_of):
        with pytest.raises(Missing):
            look(workspace, name)


def test_a_line_that_was_torn_is_left_out(workspace: Workspace) -> None:
    first = b'{"number": 1, "time": "t", "kind": "started"}\n'
    folder = kept(workspace, "20260101-000000-abcdef", first + b'{"number": 2, "ti')
    tail = activities.tail_of(workspace, folder.name)
    assert [event.kind for event in tail.new()] == ["started", "ended"]
    assert activities.read(workspace, folder.name).status == "died"


def test_a_damaged_folder_hides_no_other(workspace: Workspace) -> None:
    kept(workspace, "20260101-000000-abcdef")
    (kept(workspace, "20260101-000001-abcdef") / REQUEST).write_text("{", encoding="utf-8")
    assert [one.id for one in activities.latest(workspace)] == ["20260101-000000-abcdef"]


@pytest.mark.parametrize(
    ("lines", "log", "full"),
    [
        (b'{"number": 1, "time": "t", "kind": "started"}\n', b"it says something\n", False),
        (b"", b"it says something\n", True),
        (b'{"number": 1, "time": "t", "kind": "started"}\n{"numb', b"it says something\n", True),
        (b'{"number": 1, "time": "t", "kind": "started"}\n', b"", True),
        (b'{"number": 1, "time": "t", "kind": "started"}\n', b"it says some", True),
    ],
)
def test_an_end_that_may_not_have_been_written_names_the_disk(
    workspace: Workspace, lines: bytes, log: bytes, full: bool
) -> None:
    folder = kept(workspace, "20260101-000000-abcdef", lines)
    (folder / LOG).write_bytes(log)
    found = activities.read(workspace, folder.name)
    assert found.status == "died"
    assert "it was killed" in found.text
    assert ("the disk was full" in found.text) is full
    assert found.text.endswith("Next: start it again")


STARTED = b'{"number": 1, "time": "t", "kind": "started"}\n'
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (REQUEST, DEEP),
        (REQUEST, b"{}"),
        *[
            (REQUEST, {wrong: value})
            for wrong, value in [
                ("id", "20250101-000000-abcdef"),
                ("kind", "x"),
                ("title", 5),
                ("title", "\ud800"),
                ("started", None),
                ("started", "yesterday"),
                ("started", "2026-01-01T00:00:00"),
                ("names", [1]),
                ("names", ["a\0b.ipynb"]),
                ("version", 2),
                ("request", []),
                ("request", {"environment": ["dev"]}),
            ]
        ],
        (FILE, STARTED + DEEP + b"\n"),
        (FILE, b'{"number": "1", "time": "t", "kind": "ended"}\n'),
        (FILE, b'{"number": 1, "time": "t", "kind": "dance"}\n'),
        (FILE, b'{"number": 1, "time": "t", "kind": "ended", "status": "odd"}\n'),
        (FILE, b'{"number": 1, "time": "t", "kind": "run", "run": ["x"]}\n'),
        (FILE, b'{"number": 1, "time": "t", "kind": "run", "seconds": NaN}\n'),
        (FILE, b'{"number": 1, "time": "t", "kind": "run", "more": 1}\n'),
        (FILE, "folder"),
        (FILE, "pipe"),
        (PID, "pipe"),
        (LOCK, "pipe"),
    ],
)
def test_a_folder_that_is_not_of_this_format_is_left_out_alone(
    workspace: Workspace, name: str, content: bytes | str | dict[str, object]
) -> None:
    whole = kept(workspace, "20260101-000000-abcdef", STARTED)
    folder = kept(workspace, "20991231-000000-abcdef", STARTED)
    path = folder / name
    if isinstance(content, dict):
        path.write_text(json.dumps(json.loads(path.read_bytes()) | content), encoding="utf-8")
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.unlink(missing_ok=True)
        path.mkdir() if content == "folder" else os.mkfifo(path)
    if name in (PID, LOCK):
        assert activities.stop(workspace, folder.name).status == "died"
        return
    assert [one.id for one in activities.latest(workspace)] == [whole.name]
    for look in (activities.read, activities.stop, lambda *asked: list(activities.follow(*asked))):
        with pytest.raises(Missing, match=folder.name):
            look(workspace, folder.name)


@pytest.mark.parametrize("content", ["9" * 30, "-1", "0", "x", ""])
def test_a_number_that_is_no_programs_is_not_asked_to_end(workspace: Workspace, content: str) -> None:
    folder = kept(workspace, "20260101-000000-abcdef", STARTED)
    (folder / PID).write_text(content, encoding="ascii")
    assert activities.stop(workspace, folder.name).status == "died"


def test_half_a_character_costs_no_event(workspace: Workspace) -> None:
    folder = kept(workspace, "20260101-000000-abcdef")
    EventWriter(folder / FILE).tell(
        "ended", status="completed", text="half \ud800, whole \u00e9", result={"a": "\udcff"}
    )
    assert activities.read(workspace, folder.name).text == "half ?, whole \u00e9"


def test_who_only_looks_does_not_make_others_think_that_it_lives(workspace: Workspace) -> None:
    folder = kept(workspace, "20260101-000000-abcdef")
    (folder / LOCK).touch()
    seen: set[str] = set()

    def look() -> None:
        for _ in range(300):
            seen.add(activities.read(workspace, folder.name).status)

    crowd = [threading.Thread(target=look) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert seen == {"died"}


def test_events_of_cells_are_thinned_and_the_last_one_is_told(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / FILE)
    for done in range(1, 1001):
        writer.hear(run_events.CellFinished("make", done, 1000))
    lines = (tmp_path / FILE).read_text().splitlines()
    assert len(lines) < 50
    assert json.loads(lines[-1])["done"] == 1000


def test_every_event_of_a_run_is_told(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / FILE)
    for event in (
        run_events.RunStarted("r", "small", ("a", "b")),
        run_events.StepStarted("a", 1, "new"),
        run_events.StepDelayed("a", 1, 2.5, "busy"),
        run_events.StepFinished("a", "completed", 1.5, ""),
        run_events.RunFinished("r", "completed", 2.0),
    ):
        writer.hear(event)
    writer.judge(Case("code", "a.ipynb", "test_a", "failed", 0.5, "no", "trace"))
    told = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [one["kind"] for one in told] == ["run", "step started", "step delayed", "step finished", "run", "case"]
    assert (told[0]["run"], told[0]["total"], writer.run) == ("r", 2, "r")
    assert (told[-1]["status"], told[-1]["detail"]) == ("failed", "no\ntrace")


def test_what_cannot_be_written_is_counted_and_ends_nothing(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "missing" / FILE)
    writer.tell("message", text="a")
    assert writer.lost == 1
    (tmp_path / "missing").mkdir()
    writer.tell("message", text="b")
    assert json.loads((tmp_path / "missing" / FILE).read_text())["number"] == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        (None, "null"),
        ([1, "é"], '[1, "é"]'),
        ({"a": 1}, '{"a": 1}'),
        ({"secret": "TOKEN"}, "TOKEN"),
        ({"float": "nan"}, "nan"),
    ],
)
def test_a_value_of_a_form_is_what_one_would_type(value: object, text: str) -> None:
    assert as_text(value) == text  # type: ignore[arg-type]
    asked = parse("run", {"name": "small", "values": {"x": value}})
    assert asked.model_dump()["values"] == {"x": text}


def test_the_program_keeps_the_lock_from_its_children(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    from studio.workflows.activities import worker

    descriptor = try_lock(tmp_path / "activity" / LOCK)
    assert descriptor is not None
    os.set_inheritable(descriptor, True)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker.main([str(tmp_path / "activity"), str(descriptor)])  # its request is missing, and the end is told
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
    assert not os.get_inheritable(descriptor)
    last = json.loads((tmp_path / "activity" / FILE).read_text().splitlines()[-1])
    assert (last["kind"], last["status"]) == ("ended", "failed")
    os.close(descriptor)
