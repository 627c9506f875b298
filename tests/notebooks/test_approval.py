"""What an approval is worth, after everything that can happen to notebook, file, people and keys."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import BadInput
from studio.governance.signatures import CannotSign
from studio.notebooks.approval import reviewed_until, state
from studio.notebooks.approval_file import Evidence, read_approval
from studio.notebooks.approval_writing import Reviewed, SignatureNotAccepted, revoke_approval, write_approval
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import Fingerprint, Part
from tests.conftest import Place, notebook
from tests.notebooks.approvals import EVIDENCE, TRAIN, Approvals, make_keys

SIGNED = '[[policy.approvals]]\nsignatures = true\nroles = ["ML engineer", "owner"]\n'
TWO = "[[policy.approvals]]\nneeded = 2\n"


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def at(place: Place, keys: Path) -> Approvals:
    return Approvals(place, keys)


def test_the_way_of_an_approval(at: Approvals) -> None:
    found = at.state()
    assert (found.status, found.reasons, found.missing) == ("draft", (f"{TRAIN} was never approved.",), 1)
    assert found.next == f"studio review submit {TRAIN}"
    written = at.approve(message="good", anchor=(7, "b" * 64))
    assert written.path == at.place.root / "pipelines/approvals/notebooks/churn/train.json"
    found = at.state()
    assert (found.status, found.approvers, found.missing, found.next) == ("approved", ("mel",), 0, "")
    assert found.reasons[0].startswith(f"{TRAIN} is approved by mel on 20")
    assert found.approved
    at.place.notebook(TRAIN, "import lib", ("parameters", "rate: float = 0.6"), "a = rate * lib.x", "print(a, a)")
    found = at.state()
    assert (found.status, found.changes) == ("lapsed", ("cell 4 (code)", "parameter rate"))
    assert found.reasons[0].endswith("cell 4 (code), parameter rate.")
    assert found.next == f"studio review submit {TRAIN}"
    assert not found.approved
    assert at.approve().replaced == "The earlier approval (by mel) was of another content."
    assert at.state().approved
    revoke_approval(at.workspace, TRAIN, by=at.actor("own"), message="It leaks.")
    found = at.state()
    assert found.status == "revoked"
    assert found.reasons[0].startswith(f"The approval of {TRAIN} was revoked by own on 20")
    assert found.reasons[0].endswith(": It leaks.")
    assert json.loads(json.dumps(found.as_dict()))["status"] == "revoked"
    assert at.approve("own").replaced == "The earlier approval (by mel) was revoked."
    assert at.state().approvers == ("own",)


def test_what_the_file_says(at: Approvals) -> None:
    written = at.approve(message="good\nwork", anchor=(7, "b" * 64), key="mel")
    data = at.data()
    assert list(data) == ["approvals", "commit", "evidence", "fingerprint", "path", "previous", "revoked", "version"]
    assert data["path"] == TRAIN
    assert data["fingerprint"] == at.content().as_dict()
    assert data["evidence"]["metrics"] == {"auc": 0.83, "lift": None}
    (approval,) = data["approvals"]
    assert approval["anchor"] == {"sequence": 7, "hash": "b" * 64}
    assert approval["signed_by"].startswith("SHA256:")
    assert (approval["reviewer"], approval["reviewer_address"]) == ("mel", "mel@x.org")
    assert read_approval(at.workspace, TRAIN) == written.file
    text = at.file().read_text()
    assert text == json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_contracts_and_environment_count_too(at: Approvals) -> None:
    at.approve()
    found = at.state(contracts={"telco": "d" * 64})
    assert (found.status, found.changes) == ("lapsed", ("contract of telco",))
    found = at.state(contracts={"telco": "c" * 64, "more": "d"})
    assert (found.status, found.changes) == ("lapsed", ("contract of more",))
    found = at.state(environment="f" * 64)
    assert (found.status, found.changes) == ("lapsed", ("environment",))
    assert "installed distributions" in found.reasons[0]
    at.declare("[policy]\nsame_environment = false\n")
    assert at.state(environment="f" * 64).approved
    assert at.state(contracts=None, environment=None).approved


def test_an_environment_that_was_not_recorded_is_none_that_was_approved(at: Approvals) -> None:
    at.approve(evidence=Evidence(submission="s", contracts=EVIDENCE.contracts))
    found = at.state()
    assert found.status == "lapsed"
    assert "none recorded" in found.reasons[0]


def test_several_people(at: Approvals) -> None:
    at.declare(TWO)
    at.approve("mel", commit="1" * 40)
    found = at.state()
    assert (found.status, found.missing, found.approvers) == ("draft", 1, ("mel",))
    assert found.reasons == (f"{TRAIN} has 1 of 2 approvals; somebody else has to approve it, too.",)
    assert found.next == f"studio review approve {TRAIN}"
    at.approve("mel", message="again")
    assert at.state().missing == 1
    written = at.approve("own", commit="2" * 40)
    assert (written.file.commit, written.replaced) == ("1" * 40, "")
    found = at.state()
    assert (found.status, found.approvers) == ("approved", ("mel", "own"))
    other = EVIDENCE.model_copy(update={"submission": "later"})
    assert "was of the submission 20260303-093000-1f9c4a" in at.approve("mel", evidence=other).replaced
    assert at.state().missing == 1


def test_since_when_authors_count(at: Approvals) -> None:
    def change(source: str) -> None:
        at.place.notebook(TRAIN, "import lib", source)

    def since(**more: Any) -> str | None:
        return reviewed_until(at.workspace, TRAIN, at.content(), **more)

    at.declare(TWO)
    assert since() is None
    at.approve("mel", commit="1" * 40)
    assert since() is None  # the second reviewer must not be an author either
    change("a = 1")
    assert since() is None  # one of two is no approval
    change("a = 2")
    first = at.approve("mel", commit="2" * 40).approval
    at.approve("own", commit="2" * 40)
    assert since() is None
    change("a = 3")
    assert since() == "2" * 40
    assert since(revoked={first.id}) is None
    at.approve("mel", commit="3" * 40)
    assert since() == "2" * 40
    at.approve("own", commit="3" * 40)
    assert since() == "2" * 40
    change("a = 4")
    assert since() == "3" * 40
    revoke_approval(at.workspace, TRAIN, by=at.actor("own"))
    assert since() == "2" * 40
    at.approve("own", commit="4" * 40)
    assert since() == "2" * 40
    at.edit(previous="9" * 40)
    assert since() is None
    at.file().write_text("{")
    assert since() is None


def test_the_ledger_revokes_whatever_the_file_says(at: Approvals) -> None:
    at.declare(TWO)
    first = at.approve("mel").approval
    at.approve("own")
    assert at.state(revoked={"f" * 64}).approved
    found = at.state(revoked={first.id})
    assert found.status == "revoked"
    assert found.reasons == (f"The ledger says that the approval of {TRAIN} by mel was revoked.",)
    again = at.approve("own", revoked={first.id})
    assert again.replaced == "The earlier approval (by mel, own) was revoked."
    assert len(again.file.approvals) == 1
    assert again.approval.id != first.id


def test_revoking_what_cannot_be(at: Approvals) -> None:
    with pytest.raises(BadInput, match="has no approval to revoke"):
        revoke_approval(at.workspace, TRAIN, by=at.actor("own"))
    at.approve()
    revoke_approval(at.workspace, TRAIN, by=at.actor("own"))
    with pytest.raises(BadInput, match="was already revoked by own"):
        revoke_approval(at.workspace, TRAIN, by=at.actor("mel"))


class TestMoves:
    def test_a_renamed_notebook(self, at: Approvals) -> None:
        at.approve()
        new = "notebooks/churn/fit.ipynb"
        (at.place.root / TRAIN).rename(at.place.root / new)
        found = at.state(new)
        assert found.status == "draft"
        assert found.reasons == (
            f"{new} is not approved: an approval of the same content lies at {TRAIN}, and holds there only.",
        )
        assert found.next == f"studio review submit {new}, or git mv {new} {TRAIN}"

    def test_a_copied_approval(self, at: Approvals) -> None:
        at.approve(key="mel")
        new = "notebooks/churn/fit.ipynb"
        shutil.copy(at.place.root / TRAIN, at.place.root / new)
        shutil.copy(at.file(), at.file(new))
        found = at.state(new)
        assert found.status == "invalid"
        assert found.reasons == (
            f"pipelines/approvals/notebooks/churn/fit.json is an approval of {TRAIN}, and holds for no other path.",
        )
        data = at.data(new) | {"path": new}
        at.file(new).write_text(json.dumps(data))
        assert at.state(new).status == "invalid"

    def test_two_notebooks_of_one_name_do_not_share_a_file(self, at: Approvals) -> None:
        at.approve()
        other = at.place.write("notebooks/churn/train.py", "# %%\nx = 1\n")
        reviewed = Reviewed(at.content(), EVIDENCE)
        with pytest.raises(BadInput, match="would share one file of approvals"):
            write_approval(at.workspace, other, reviewed, reviewer=at.actor("own"))
        assert state(at.workspace, other, at.content()).status == "invalid"
        assert at.state().approved

    @pytest.mark.parametrize("path", ["../x.ipynb", "/etc/passwd", "notebooks/a.txt", "a\x00.ipynb"])
    def test_what_has_no_approval(self, at: Approvals, path: str) -> None:
        with pytest.raises(BadInput):
            read_approval(at.workspace, path)

    def test_a_link_that_leads_outside(self, at: Approvals, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (at.place.root / "pipelines/approvals").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(BadInput, match="outside the workspace"):
            at.approve()


def edited(change: Any) -> Any:
    def apply(at: Approvals) -> None:
        data = at.data()
        change(data)
        at.file().write_text(json.dumps(data))

    return apply


EDITS = {
    "message": edited(lambda d: d["approvals"][0].update(message="all good")),
    "reviewer": edited(lambda d: d["approvals"][0].update(reviewer="own", reviewer_address="own@x.org")),
    "address": edited(lambda d: d["approvals"][0].update(reviewer_address="own@x.org")),
    "time": edited(lambda d: d["approvals"][0].update(time="2030-01-01T00:00:00.000Z")),
    "anchor": edited(lambda d: d["approvals"][0]["anchor"].update(sequence=8)),
    "metric": edited(lambda d: d["evidence"]["metrics"].update(auc=0.99)),
    "counts": edited(lambda d: d["evidence"]["counts"].update(failed=1)),
    "contract": edited(lambda d: d["evidence"]["contracts"].update(more="x")),
    "run": edited(lambda d: d["evidence"].update(run="other")),
    "commit": edited(lambda d: d.update(commit="1" * 40)),
    "previous": edited(lambda d: d.update(previous="1" * 40)),
    "part's label": edited(lambda d: d["fingerprint"]["parts"][0].update(label="kern")),
    "part's digest": edited(lambda d: d["fingerprint"]["parts"][1].update(digest="0" * 64)),
    "parts": edited(lambda d: d["fingerprint"]["parts"].pop()),
    "digest": edited(lambda d: d["fingerprint"].update(digest="f1:" + "0" * 64)),
    "id": edited(lambda d: d["approvals"][0].update(id="0" * 64)),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_is_found(at: Approvals, name: str) -> None:
    at.approve(key="mel")
    assert at.state().approved
    EDITS[name](at)
    found = at.state()
    assert found.status == "invalid"
    assert "was edited after" in found.reasons[0]
    assert (found.approvers, found.missing) == ((), 1)
    assert found.next.startswith("git checkout -- pipelines/approvals/notebooks/churn/train.json, or ")


@pytest.mark.parametrize("name", [name for name in EDITS if name != "id"])
def test_an_edit_with_a_recomputed_id_is_found_by_the_signature(at: Approvals, name: str) -> None:
    at.approve(key="mel")
    EDITS[name](at)
    file = read_approval(at.workspace, TRAIN)
    assert file is not None
    data = at.data()
    data["approvals"][0]["id"] = file.identified(file.approvals[0])
    at.file().write_text(json.dumps(data))
    found = at.state()
    assert found.status == "invalid"
    assert "The signature is of another content" in found.reasons[0]


class TestSignatures:
    @pytest.fixture
    def at(self, place: Place, keys: Path) -> Approvals:
        return Approvals(place, keys, SIGNED)

    def test_demanded_and_given(self, at: Approvals) -> None:
        at.approve(key="mel")
        assert at.state().approved

    def test_demanded_and_missing(self, at: Approvals) -> None:
        at.approve()
        found = at.state()
        assert found.status == "invalid"
        assert "asks for a signed approval" in found.reasons[0]
        assert found.reasons[1] == f"{TRAIN} has 0 of 1 approvals."

    def test_taken_out(self, at: Approvals) -> None:
        at.approve(key="mel")
        data = at.data()
        data["approvals"][0]["signature"] = None
        at.file().write_text(json.dumps(data))
        assert "the signature was taken out" in at.state().reasons[0]
        data["approvals"][0]["signed_by"] = None
        at.file().write_text(json.dumps(data))
        assert "asks for a signed approval" in at.state().reasons[0]

    def test_cut_off_or_of_another_approval(self, at: Approvals) -> None:
        other = at.approve("own", key="own").approval
        at.file().unlink()
        at.approve(key="mel")
        data = at.data()
        approval = data["approvals"][0]
        for signature, part in ((approval["signature"][:100], "was cut off"), (other.signature, "of another content")):
            approval["signature"] = signature
            at.file().write_text(json.dumps(data))
            found = at.state()
            assert found.status == "invalid"
            assert part in found.reasons[0]

    def test_a_key_that_is_not_the_reviewers_writes_nothing(self, at: Approvals) -> None:
        for key, part in (("own", "and not by Mel"), ("eve", "nobody's"), ("old", "is revoked")):
            with pytest.raises(SignatureNotAccepted, match=part) as caught:
                at.approve("mel", key=key)
            assert caught.value.exit_status == 3
            assert not at.file().exists()
        with pytest.raises(CannotSign):
            at.approve("mel", key="none")
        assert not at.file().exists()

    def test_a_key_revoked_later(self, at: Approvals) -> None:
        at.approve(key="mel")
        settings = (at.place.root / "studio.toml").read_text()
        line = next(line for line in settings.splitlines() if line.startswith("keys"))
        (at.place.root / "studio.toml").write_text(settings.replace(line, f"revoked_{line}", 1))
        found = at.state()
        assert found.status == "invalid"
        assert "of mel is revoked in studio.toml" in found.reasons[0]
        at.approve("own", key="own")
        found = at.state()
        assert (found.status, found.approvers) == ("approved", ("own",))
        assert "is revoked" in found.notes[0]

    def test_without_ssh_keygen(self, at: Approvals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        at.approve(key="mel")
        monkeypatch.setenv("PATH", str(tmp_path))
        found = at.state()
        assert found.status == "invalid"
        assert "The approval by mel does not count: The signature was not checked: ssh-keygen was" in found.reasons[0]
        assert found.next == "install OpenSSH (Debian: apt install openssh-client)."
        at.declare()
        found = at.state()
        assert found.approved
        assert "ssh-keygen was not found" in found.notes[0]


def test_a_reviewer_whom_the_policy_no_longer_lets(at: Approvals) -> None:
    at.approve()
    at.declare('[[policy.approvals]]\nroles = ["owner"]\n')
    found = at.state()
    assert found.status == "invalid"
    assert found.reasons[0].startswith("The approval by mel does not count: Mel (mel) has the role ML engineer")
    assert found.next == f"studio review approve {TRAIN}"


def test_somebody_who_took_over_a_short_name(at: Approvals) -> None:
    at.approve()
    settings = (at.place.root / "studio.toml").read_text()
    (at.place.root / "studio.toml").write_text(settings.replace("mel@x.org", "another@x.org"))
    found = at.state()
    assert found.status == "invalid"
    assert "mel@x.org is not among the people" in found.reasons[0]
    (at.place.root / "studio.toml").write_text(settings.replace("people.mel", "people.melanie"))
    assert at.state().approved


def test_where_nobody_is_declared(at: Approvals) -> None:
    at.declare(people=False)
    at.approve("eve@x.org")
    assert at.state().approvers == ("eve@x.org",)
    at.declare()
    assert at.state().status == "invalid"


UNREADABLE = {
    "cut off": (lambda text: text[: len(text) // 2], "is not JSON, or was cut off ("),
    "empty": (lambda text: "", "is not JSON, or was cut off (Expecting value, line 1)"),
    "a list": (lambda text: "[]", "it holds no mapping"),
    "version": (lambda text: text.replace('"version": 1', '"version": 2'), "its version is 2, and this Studio reads"),
    "true version": (lambda text: text.replace('"version": 1', '"version": true'), "its version is True"),
    "no version": (lambda text: "{}", "its version is None"),
    "twice a key": (lambda text: text.replace('"version"', '"path": "x",\n "version"'), "'path' stands twice"),
    "unknown key": (lambda text: text.replace('"commit"', '"comit"'), "comit: There is no key 'comit' here"),
    "wrong kind": (lambda text: text.replace('"passed": 7', '"passed": "many"'), "counts.passed: A whole number"),
    "no approvals": (
        lambda text: json.dumps({**json.loads(text), "approvals": []}),
        "approvals: At least 1 entry is expected",
    ),
    "time": (lambda text: text.replace('"time": "2', '"time": "x'), "time: "),
    "time without a zone": (lambda text: text.replace('Z"', '"'), "A time with its zone"),
    "control characters": (lambda text: text.replace('"mel"', '"m\\u0000el"'), "A text without control characters"),
    "infinite": (lambda text: text.replace("0.83", "1e999"), "is too large for a float"),
    "lone surrogate": (lambda text: text.replace('"mel"', '"\\ud800"'), "half a character"),
    "deep": (lambda text: "[" * 100_000, "nested too deeply"),
    "conflict": (lambda text: f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> x\n", "is not JSON"),
    "giant": (lambda text: text + " " * 5_000_000, "and no approval has more than 5,000,000"),
    "not UTF-8": (lambda text: text.encode("utf-16"), "it is not UTF-8 text"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_approval(at: Approvals, name: str) -> None:
    at.approve()
    make, sentence = UNREADABLE[name]
    made = make(at.file().read_text())
    at.file().write_bytes(made if isinstance(made, bytes) else made.encode())
    found = at.state()
    assert found.status == "invalid"
    (reason,) = found.reasons
    assert reason.startswith("pipelines/approvals/notebooks/churn/train.json is no approval: ")
    assert sentence in reason
    assert len(reason.splitlines()) == 1
    assert len(reason) < 500
    assert found.next.startswith("restore it (git checkout -- pipelines/approvals/")
    with pytest.raises(BadInput):
        at.approve()


def test_a_folder_or_a_pipe_in_its_place(at: Approvals) -> None:
    import os

    at.file().mkdir(parents=True)
    assert "it is no file" in at.state().reasons[0]
    at.file().rmdir()
    os.mkfifo(at.file())
    assert "it is no file" in at.state().reasons[0]


def test_a_full_disk_leaves_the_earlier_approval(at: Approvals, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.core import files

    at.approve()
    before = at.file().read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(files.CannotWrite, match="What was there before is untouched"):
        at.approve("own")
    assert at.file().read_bytes() == before
    assert [path.name for path in at.file().parent.iterdir()] == ["train.json"]


PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from tests.conftest import Place
from tests.notebooks.approvals import Approvals
from pathlib import Path
at = Approvals.__new__(Approvals)
at.place = Place(Path(sys.argv[1]))
at.keys = Path(sys.argv[4])
for round in range(5):
    at.approve(sys.argv[2], message=str(round), key=sys.argv[3])
"""


@pytest.mark.slow
def test_people_who_approve_at_once_lose_nothing(at: Approvals) -> None:
    people = [f"p{number}" for number in range(6)]
    more = "".join(f'[people.{name}]\nemails = ["{name}@x.org"]\nroles = ["owner"]\n' for name in people)
    at.declare("[[policy.approvals]]\nneeded = 7\n", more=more)
    root = str(Path(__file__).parents[2])
    running = [
        subprocess.Popen([sys.executable, "-c", PROGRAM.format(root=root), str(at.place.root), name, key, str(at.keys)])
        for name, key in [*((name, "") for name in people), ("mel", "mel")]
    ]
    assert [process.wait(120) for process in running] == [0] * 7
    found = at.state()
    assert (found.status, sorted(found.approvers)) == ("approved", ["mel", *people])
    assert {one["message"] for one in at.data()["approvals"]} == {"4"}


def test_a_pipeline_file_is_approved_like_a_notebook(at: Approvals) -> None:
    subject = "pipelines/churn.yml"
    content = Fingerprint("p1:" + "a" * 64, (Part("step", "step train", "1" * 64), Part("value", "rate", "2" * 64)))
    written = write_approval(at.workspace, subject, Reviewed(content, EVIDENCE), reviewer=at.actor("own"))
    assert written.path == at.place.root / "pipelines/approvals/pipelines/churn.json"
    assert state(at.workspace, subject, content).approved
    other = Fingerprint("p1:" + "b" * 64, (Part("step", "step train", "3" * 64), Part("value", "rate", "2" * 64)))
    found = state(at.workspace, subject, other)
    assert (found.status, found.changes) == ("lapsed", ("step train",))
    newer = Fingerprint("p2:" + "b" * 64, content.parts)
    assert state(at.workspace, subject, newer).changes == ("format of the fingerprint (p1, now p2)",)


def test_re_execution_keeps_an_approval(at: Approvals) -> None:
    at.approve()
    path = at.place.root / TRAIN
    content = json.loads(path.read_text())
    for number, cell in enumerate(content["cells"]):
        cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    path.write_text(json.dumps(content))
    assert at.state().approved
    assert read_notebook(at.workspace, TRAIN).cells[0].execution_count == 0
    assert copy.deepcopy(content) != notebook()
