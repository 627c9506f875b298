"""``studio ledger`` as a person and a pipeline of continuous integration use it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.cli.main import main
from studio.core import clock
from studio.core.workspace import Workspace
from studio.ledger.event import KINDS
from studio.ledger.ledger import Ledger, open_ledger
from tests.conftest import Answer, Place
from tests.docs.test_json_keys import paths

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"
TRAIN, PIPELINE = "notebooks/churn/train.ipynb", "pipelines/churn.yml"
A, B = "a1" * 32, "b2" * 32
STORY = (
    # the hour since 1 March 2026 at 0:00 UTC, the kind, who, about what, where, details
    (9, "submitted", "Ann", TRAIN, "", {"submission": "s1", "fingerprint": A, "message": "first", "ok": True}),
    (12, "commented", "Bob", TRAIN, "", {"submission": "s1", "comment": "c1", "cell": 3, "text": "=why 0.5?\nsay so"}),
    (15, "approved", "Bob", TRAIN, "", {"fingerprint": A, "approval": "p1", "message": "good", "signed_by": "key"}),
    (16, "run refused", "Ann", PIPELINE, "prod", {"pipeline": "churn", "rules": ["x"], "reasons": ["not approved"]}),
    (30, "run accepted", "Olga", PIPELINE, "prod",
     {"pipeline": "churn", "run": "r1", "commit": "c0ffee" * 6, "fingerprints": {TRAIN: A, "notebooks/s.ipynb": B}}),
    (31, "run ended", "Olga", PIPELINE, "prod",
     {"pipeline": "churn", "run": "r1", "status": "completed", "data": {"customers": "8c1f" * 16}}),
    (32, "promoted", "Olga", "churn", "prod", {"model": "churn", "version": 3}),
    (60, "approved", "Cleo", TRAIN, "", {"fingerprint": B, "approval": "p2", "message": "fine", "signed_by": None}),
    (80, "run accepted", "Olga", PIPELINE, "prod",
     {"pipeline": "churn", "run": "r2", "commit": "dead" * 10, "fingerprints": {TRAIN: B}}),
    (81, "run ended", "Olga", PIPELINE, "prod", {"pipeline": "churn", "run": "r2", "status": "failed", "data": {}}),
    (90, "revoked", "Bob", TRAIN, "", {"approval": "p2", "fingerprint": B, "message": "leaks"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a few days of March 2026; tests copy its file."""
    root = tmp_path_factory.mktemp("written")
    (root / "studio.toml").write_text("version = 1\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        for hour, kind, actor, subject, environment, details in STORY:
            moment = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)
            patched.setattr(clock, "now", lambda moment=moment: moment)
            open_ledger(Workspace(root)).append(
                kind, actor=actor, subject=subject, environment=environment, details=details
            )
    return root / ".studio" / "ledger.db"


@pytest.fixture
def told(written: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A workspace in which that has happened; the machine is in Tokyo."""
    (place.root / ".studio").mkdir()
    shutil.copy(written, place.root / ".studio")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield place
    monkeypatch.undo()
    time.tzset()


def ledger_of(place: Place) -> Ledger:
    return open_ledger(Workspace(place.root))


def studio(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Answer:
    monkeypatch.chdir(place.root)
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(["ledger", *words])
    out, err = capsys.readouterr()
    return Answer(int(caught.value.code or 0), out, err)


@pytest.fixture
def shell(told, capsys, monkeypatch):
    return lambda *words: studio(told, capsys, monkeypatch, *words)


def test_an_empty_ledger(place, capsys, monkeypatch):
    run = lambda *words: studio(place, capsys, monkeypatch, *words)  # noqa: E731
    assert run("show").out == "The ledger has no such event.\n"
    assert run("show", "--json").json == {"total": 0, "events": []}
    answer = run("show", "--on", "2026-03-03")
    assert "from no event" in answer.out
    assert "Nothing was approved." in answer.out
    assert "Nothing was live" in answer.out
    assert "is whole: 0 events" in run("verify").out
    assert run("export").out == ""
    assert not (place.root / ".studio").exists()


def test_the_events_are_shown(shell):
    lines = shell("show").out.splitlines()
    assert lines[0].split() == ["EVENT", "TIME", "(UTC)", "KIND", "ACTOR", "SUBJECT", "ENVIRONMENT", "ABOUT"]
    assert len(lines) == 12
    assert re.match(
        r"2 +2026-03-01 12:00:00  commented +Bob +notebooks/churn/train.ipynb +- +=why 0.5\? say so$", lines[2]
    )
    assert lines[4].endswith("not approved")
    assert lines[10].split()[-2:] == ["r2", "failed"]


def test_a_submission_whose_tests_failed_says_so(shell, told):
    details = {"submission": "s9", "fingerprint": A, "message": "again", "ok": False}
    ledger_of(told).append("submitted", actor="Ann", subject=TRAIN, details=details)
    assert shell("show").out.endswith("a1a1a1a1a1a1 (tests failed) again\n")


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--kind", "approved"], [3, 8]),
        (["--subject", PIPELINE], [4, 5, 6, 9, 10]),
        (["--actor", "Bob"], [2, 3, 11]),
        (["--limit", "2"], [10, 11]),
        (["-n", "1", "--kind", "run accepted"], [9]),
        (["--since", "2026-03-04T08:00:00Z"], [9, 10, 11]),
        (["--until", "2026-03-01T12:00:00Z"], [1, 2]),
        (["--until", "2026-03-01"], [1, 2]),  # of Tokyo, where it ends at 15:00 UTC
        (["--since", "2026-03-02", "--until", "2026-03-02T15:00"], [3, 4, 5]),
    ],
)
def test_events_are_chosen(shell, words, numbers):
    assert [event["sequence"] for event in shell("show", "--json", *words).json["events"]] == numbers


def test_what_is_left_out_is_said(shell):
    assert shell("show", "--limit", "2").out.splitlines()[-1] == "The last 2 of 11. More: --limit 11"
    assert shell("show", "--json", "--limit", "2").json["total"] == 11
    assert "Did you mean 'notebooks/churn/train.ipynb'?" in shell("show", "--subject", "notebooks/churn/tran.ipynb").out
    assert "Did you mean 'Cleo'?" in shell("show", "--actor", "Cloe").out


def test_the_state_at_the_end_of_a_day(shell):
    out = shell("show", "--on", "2026-03-03").out
    first, *lines = out.splitlines()
    explained = "the end of 2026-03-03 in this machine's time zone, UTC+09:00"
    assert first == f"State at 2026-03-03 14:59:59 UTC ({explained}), from 8 events."
    assert "  prod: churn, run r1, accepted 2026-03-02 06:00:00 for Olga, completed 2026-03-02 07:00:00" in lines
    assert "    commit    c0ffeec0ffee" in lines
    assert f"    content   {TRAIN} a1a1a1a1a1a1, approved by Bob" in lines
    assert "    content   notebooks/s.ipynb b2b2b2b2b2b2, not approved" in lines
    assert "    data      customers 8c1f8c1f8c1f" in lines
    assert "  prod: model churn 3, promoted 2026-03-02 08:00:00 by Olga" in lines
    approved = out.partition("\nApproved\n")[2].partition("\n\n")[0]
    assert re.search(
        r"b2b2b2b2b2b2  Cleo  2026-03-03 12:00:00  2026-03-04 18:00:00 \(revoked by Bob\) .* fine", approved
    )
    ended = out.partition("\nNo longer approved\n")[2]
    assert re.search(r"a1a1a1a1a1a1 .*\(superseded by Cleo\)  key", ended)


def test_a_state_after_a_run_that_failed(shell):
    out = shell("show", "--on", "2026-03-04T18:00:00Z").out
    assert out.startswith("State at 2026-03-04 18:00:00 UTC, from 11 events.")
    assert "run r2, accepted 2026-03-04 08:00:00 for Olga, failed 2026-03-04 09:00:00" in out
    assert "    before    run r1 completed 2026-03-02 07:00:00" in out
    assert "Nothing was approved." in out


def test_a_state_about_one_subject(shell):
    state = shell("show", "--on", "2026-03-09", "--subject", PIPELINE, "--json").json
    assert (state["approved"], state["ended"], state["models"]) == ([], [], [])
    assert [run["run"] for run in state["runs"]] == ["r2"]
    state = shell("show", "--on", "2026-03-09", "--subject", TRAIN, "--json").json
    assert [run["run"] for run in state["runs"]] == ["r2"]  # which ran it
    assert [item["by"] for item in state["ended"]] == ["Bob", "Cleo"]
    assert shell("show", "--on", "2026-03-09", "--subject", "notebooks/s.ipynb", "--json").json["runs"] == []


def test_a_day_in_which_the_clocks_change_has_its_own_end(shell, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Zurich")
    time.tzset()
    assert shell("show", "--on", "2026-03-29", "--json").json["moment"] == "2026-03-29T21:59:59.999Z"
    assert shell("show", "--on", "2026-03-28", "--json").json["moment"] == "2026-03-28T22:59:59.999Z"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "--on", "yesterday"], "--on 'yesterday' is neither a day nor a time"),
        (["show", "--on", "2026-02-30"], "is neither a day nor a time"),
        (["show", "--since", "9999-99-99"], "--since '9999-99-99' is neither"),
        (["show", "--until", "9999-12-31"], "is neither"),
        (["show", "--kind", "aproved"], "Did you mean 'approved'?"),
        (["show", "--limit", "0"], "--limit"),
        (["show", "--on", "2026-03-03", "--actor", "Ann", "--limit", "3"], "--actor, --limit choose among events"),
        (["verify", "--expect", "12"], "is no anchor"),
        (["verify", "--expect", "x:" + "0" * 64], "is no anchor"),
        (["verify", "--file", "gone.jsonl"], "gone.jsonl cannot be read"),
        (["verify", "--file", "studio.toml"], "studio.toml:1: This is no line"),
        (["export", "--format", "xml"], "There is no format 'xml'"),
        (["export", "--output", "studio.toml/x"], "cannot be written"),
    ],
)
def test_bad_input(shell, words, said):
    answer = shell(*words)
    assert answer.status == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_whole_ledger_is_verified_and_gives_an_anchor(shell, told):
    answer = shell("verify")
    assert answer.status == 0
    (anchor,) = re.findall(r"--expect (\d+:[0-9a-f]{64})$", answer.out, re.MULTILINE)
    assert "is whole: 11 events." in answer.out
    ledger_of(told).append("commented", actor="Ann", subject=TRAIN)
    assert "12 events, 1 anchor." in shell("verify", "--expect", anchor).out
    assert shell("verify", "--expect", anchor.replace("11:", "10:")).status == 1
    assert shell("verify", "--json", "--expect", "13:" + "0" * 64).json["faults"][0]["sequence"] == 13


def test_damage_is_named(shell, told):
    with sqlite3.connect(told.root / ".studio" / "ledger.db") as connection:
        connection.execute("DROP TRIGGER ledger_no_update")
        connection.execute("UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 3")
    connection.close()
    answer = shell("verify")
    assert answer.status == 1
    assert "ledger.db is damaged: 1 fault in 11 events." in answer.out
    assert "  Row 3 (approved by Eve of notebooks/churn/train.ipynb) was changed: " in answer.out
    answer = shell("verify", "--json")
    assert answer.status == 1
    assert answer.json["faults"][0]["kind"] == "changed"


def test_the_anchors_of_approvals_are_held_against_the_ledger(shell, told):
    event = ledger_of(told).events(kinds=["approved"])[0]
    anchor = {"sequence": event.sequence, "hash": event.hash}
    path = "pipelines/approvals/notebooks/churn/train.json"
    told.write(
        path, json.dumps({"version": 1, "approvals": [{"reviewer": "Bob", "anchor": anchor}, {"anchor": "none"}]})
    )
    told.write("pipelines/approvals/broken.json", "{")
    told.write("pipelines/approvals/odd.json", json.dumps([{"anchor": {"sequence": True, "hash": 3}}, 7]))
    answer = shell("verify", "--json")
    assert (answer.status, answer.json["anchors"], answer.json["unreadable"]) == (
        0,
        1,
        ["pipelines/approvals/broken.json"],
    )
    assert "pipelines/approvals/broken.json: cannot be read" in shell("verify").out
    told.write(path, json.dumps({"approvals": [{"anchor": anchor | {"hash": "0" * 64}}]}))
    answer = shell("verify")
    assert answer.status == 1
    assert "Row 3 has the hash" in answer.out


def test_an_export_is_verified_without_a_workspace(shell, told, tmp_path):
    assert shell("export", "--output", str(tmp_path / "all.jsonl")).out == ""
    exported = shell("export")
    assert exported.out == (tmp_path / "all.jsonl").read_text()
    (anchor,) = re.findall(r"--expect (\d+:[0-9a-f]{64})$", exported.err, re.MULTILINE)
    words = ["ledger", "verify", "--file", "all.jsonl", "--expect", anchor]
    answer = told.studio(*words, cwd=tmp_path)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("all.jsonl is whole: 11 events, 1 anchor.\n")
    cut = exported.out.splitlines()[:-2]
    (tmp_path / "all.jsonl").write_text("\n".join(cut))
    answer = told.studio(*words, cwd=tmp_path)
    assert answer.status == 1
    assert "rows 10 to 11 are missing" in answer.out


def test_a_csv_for_spreadsheets(shell):
    records = list(csv.DictReader(io.StringIO(shell("export", "--format", "csv").out)))
    assert [record["kind"] for record in records] == [kind for _, kind, *_ in STORY]
    assert json.loads(records[1]["details"])["text"] == "=why 0.5?\nsay so"


def test_the_tables_are_made_once(place, capsys, monkeypatch):
    run = lambda *words: studio(place, capsys, monkeypatch, *words)  # noqa: E731
    assert run("migrate", "--json").json == {"ledger": str(place.root / ".studio" / "ledger.db"), "changed": True}
    assert "already had the tables" in run("migrate").out
    assert ledger_of(place).verify().ok


def test_nothing_heavy_is_imported_to_read_a_ledger(place):
    """What makes a command slow is what it imports: the rest takes milliseconds for a few thousand events."""
    ledger = ledger_of(place)
    ledger.append("approved", actor="Ann", subject=TRAIN, details={"fingerprint": A})
    program = (
        "import sys\nfrom studio.cli.main import main\n"
        "heavy = ('alembic', 'pandas', 'mlflow', 'psycopg', 'numpy', 'nbformat')\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n"
        "    sys.stderr.write(repr(sorted(name for name in heavy if name in sys.modules)))\n"
    )
    for words in (["show"], ["show", "--on", "2026-03-03"], ["verify"]):
        done = subprocess.run(
            [sys.executable, "-c", program, "ledger", *words],
            cwd=place.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "[]")


def test_the_keys_of_json_are_the_documented_ones(shell, told):
    text = PAGE.read_text(encoding="utf-8")
    tables = {
        title: set(re.findall(r"`([^`]+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:])))
        for title, table in re.findall(r"^JSON of `studio ledger ([a-z -]+)`:\n\n((?:\|.*\n)+)", text, re.MULTILINE)
    }
    told.write("pipelines/approvals/broken.json", "{")
    printed = {
        "show": [shell("show", "--json").json],
        "show --on": [
            shell("show", "--json", "--on", moment).json for moment in ("2026-03-03", "2026-03-09", "2026-03-01T18:00Z")
        ],
        "verify": [shell("verify", "--json", "--expect", "99:" + "0" * 64).json],
        "migrate": [shell("migrate", "--json").json],
    }
    for title, keys in tables.items():
        found = {key for value in printed[title] for key in paths(value, keys)}
        if title == "show --on":  # `before` is a run with the same keys, or null
            found = {"runs[].before" if key.startswith("runs[].before") else key for key in found}
        assert found == keys, title
    assert set(tables) == set(printed)


def test_every_kind_of_event_is_documented():
    rows = re.findall(r"^\| `([a-z ]+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    shown = dict(rows)
    assert {kind: shown.get(kind) for kind in KINDS} == dict(KINDS)
