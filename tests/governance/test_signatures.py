"""Signatures of real keys, and everything that can be wrong with one."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.governance import ssh
from studio.governance.people import Actor, person, stranger
from studio.governance.signatures import CannotSign, Verdict, sign, verify
from studio.governance.ssh import NoSshKeygen, SshKeygenHangs
from tests.conftest import Place
from tests.governance.keys import make_key, public

PAYLOAD = b'{"path":"notebooks/a.ipynb"}'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ada", "ben", "old", "eve", "kim"):
        make_key(folder / name)
    make_key(folder / "locked", passphrase="secret")
    return folder


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def workspace(place: Place, keys: Path) -> Workspace:
    place.write(
        "studio.toml",
        f"""version = 1
[people.ada]
emails = ["ada@example.org"]
keys = ["{public(keys / "ada")}"]
revoked_keys = ["{public(keys / "old")}"]
[people.ben]
emails = ["ben@example.org"]
keys = ["{public(keys / "ben")}", "{public(keys / "locked")}"]
""",
    )
    subprocess.run(["git", "init", "-q", str(place.root)], check=True)
    return Workspace(place.root)


def who(workspace: Workspace, name: str = "ada") -> Actor:
    return person(workspace.settings, name) or stranger(name)


def judged(workspace: Workspace, key: Path, payload: bytes = PAYLOAD, name: str = "ada") -> Verdict:
    return verify(payload, sign(PAYLOAD, key, workspace).text, workspace, who(workspace, name))


def test_a_signature_of_the_named_person_is_valid(workspace: Workspace, keys: Path) -> None:
    made = sign(PAYLOAD, keys / "ada", workspace)
    found = verify(PAYLOAD, made.text, workspace, who(workspace))
    shown = subprocess.run(["ssh-keygen", "-lf", f"{keys / 'ada'}.pub"], capture_output=True, text=True, check=True)
    assert found == Verdict("valid", f"Signed by ada with the key {made.key}.", made.key, "ada")
    assert found.ok
    assert made.key == shown.stdout.split()[1]


@pytest.mark.parametrize(("kind", "bits"), [("ecdsa", 256), ("ecdsa", 521), ("rsa", 2048)])
def test_keys_of_other_kinds(place: Place, tmp_path: Path, kind: str, bits: int) -> None:
    key = make_key(tmp_path / kind, kind, bits=bits)
    place.write("studio.toml", f'version = 1\n[people.ada]\nemails = ["ada@x"]\nkeys = ["{public(key)}"]\n')
    assert judged(Workspace(place.root), key).kind == "valid"


def test_every_fault_has_its_verdict(workspace: Workspace, keys: Path) -> None:
    assert judged(workspace, keys / "ada", b"other").kind == "content changed"
    assert judged(workspace, keys / "old").kind == "revoked key"
    assert judged(workspace, keys / "eve").kind == "unknown key"
    another = judged(workspace, keys / "ben")
    assert another.kind == "signed by another"
    assert re.fullmatch(r"Signed with the key SHA256:\S+ of ben, and not by ada\.", another.sentence)
    assert judged(workspace, keys / "ada", name="ada@elsewhere").kind == "signed by another"


def test_a_signature_made_for_something_else(workspace: Workspace, keys: Path) -> None:
    words = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(keys / "ada")]
    made = subprocess.run(words, input=PAYLOAD, capture_output=True, check=True).stdout.decode()
    found = verify(PAYLOAD, made, workspace, who(workspace))
    assert (found.kind, found.sentence) == (
        "wrong namespace",
        "The signature was made for 'git' and not for 'studio-approval'.",
    )


def test_every_cut_and_every_flipped_byte_is_found(workspace: Workspace, keys: Path) -> None:
    text = sign(PAYLOAD, keys / "ada", workspace).text
    for length in (0, 1, 20, len(text) // 2, len(text) - 30, len(text) - 3):
        found = verify(PAYLOAD, text[:length], workspace, who(workspace))
        assert found.kind == "malformed", length
        assert found.sentence.startswith("The signature cannot be read: ")
    head, body, end = re.split(r"(?<=SIGNATURE-----)\n|\n(?=-----END)", text.strip())
    blob = base64.b64decode(body)
    for place in range(0, len(blob), 7):
        altered = bytearray(blob)
        altered[place] ^= 0x55
        shown = f"{head}\n{base64.b64encode(altered).decode()}\n{end}\n"
        assert not verify(PAYLOAD, shown, workspace, who(workspace)).ok, place
    for length in range(0, len(blob), 11):
        shown = f"{head}\n{base64.b64encode(blob[:length]).decode()}\n{end}\n"
        assert verify(PAYLOAD, shown, workspace, who(workspace)).kind == "malformed", length


@pytest.mark.parametrize(
    "text", ["", "x" * 100_000, "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----", "ä"]
)
def test_what_is_no_signature(workspace: Workspace, text: str) -> None:
    assert verify(PAYLOAD, text, workspace, who(workspace)).kind == "malformed"


class TestAllowedSigners:
    def allow(self, workspace: Workspace, *lines: str) -> Workspace:
        settings = workspace.root / "studio.toml"
        settings.write_text(settings.read_text() + '[policy]\nallowed_signers = "signers"\n')
        (workspace.root / "signers").write_text("".join(f"{line}\n" for line in lines))
        return Workspace(workspace.root)

    def test_the_file_adds_keys(self, workspace: Workspace, keys: Path) -> None:
        found = judged(self.allow(workspace, f"ADA@example.org,ada@example.org {public(keys / 'eve')}"), keys / "eve")
        assert (found.kind, found.signer) == ("valid", "ada@example.org")

    def test_its_namespaces_hold(self, workspace: Workspace, keys: Path) -> None:
        line = f'ada@example.org namespaces="git" {public(keys / "eve")}'
        found = judged(self.allow(workspace, line), keys / "eve")
        assert found.kind == "unknown key"
        assert "is allowed, but not to sign for 'studio-approval'" in found.sentence
        line = f'ada@example.org namespaces="git,studio-approval" {public(keys / "eve")}'
        assert judged(Workspace(workspace.root), keys / "eve").kind != "valid"
        (workspace.root / "signers").write_text(line)
        assert judged(Workspace(workspace.root), keys / "eve").kind == "valid"

    def test_its_times_hold(self, workspace: Workspace, keys: Path) -> None:
        line = f'ada@example.org valid-before="20200101" {public(keys / "eve")}'
        allowed = self.allow(workspace, line)
        text = sign(PAYLOAD, keys / "eve", allowed).text
        late = verify(PAYLOAD, text, allowed, who(allowed), moment=datetime(2021, 1, 1, tzinfo=UTC))
        early = verify(PAYLOAD, text, allowed, who(allowed), moment=datetime(2019, 1, 1, tzinfo=UTC))
        assert (late.kind, early.kind) == ("expired key", "valid")

    def test_another_of_its_principals(self, workspace: Workspace, keys: Path) -> None:
        found = judged(self.allow(workspace, f"kim@example.org {public(keys / 'kim')}"), keys / "kim")
        assert (found.kind, found.signer) == ("signed by another", "kim@example.org")
        assert judged(Workspace(workspace.root), keys / "kim", name="kim@example.org").kind == "valid"

    def test_a_key_of_the_people_is_theirs_whatever_the_file_says(self, workspace: Workspace, keys: Path) -> None:
        line = f"ada@example.org {public(keys / 'ben')}\nada@example.org {public(keys / 'old')}"
        allowed = self.allow(workspace, line)
        assert judged(allowed, keys / "ben").kind == "signed by another"
        assert judged(allowed, keys / "old").kind == "revoked key"

    def test_a_file_that_is_not_there(self, workspace: Workspace, keys: Path) -> None:
        allowed = self.allow(workspace)
        (allowed.root / "signers").unlink()
        found = judged(allowed, keys / "eve")
        assert found.kind == "cannot check"
        assert "is not there" in found.sentence


class TestKeys:
    def test_no_key(self, workspace: Workspace) -> None:
        with pytest.raises(CannotSign, match=r"There is no SSH key to sign with\. Next: give --key"):
            sign(PAYLOAD, None, workspace)

    def test_the_variable_then_git(self, workspace: Workspace, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.configure(workspace, "user.signingkey", str(keys / "ben"))
        ben = sign(PAYLOAD, None, workspace)
        assert verify(PAYLOAD, ben.text, workspace, who(workspace, "ben")).ok
        monkeypatch.setenv("STUDIO_SIGNING_KEY", str(keys / "ada"))
        assert sign(PAYLOAD, None, workspace).key != ben.key
        assert sign(PAYLOAD, keys / "ben", workspace).key == ben.key

    def test_the_public_half_beside_the_private(self, workspace: Workspace, keys: Path) -> None:
        assert judged(workspace, Path(f"{keys / 'ada'}.pub")).kind == "valid"

    def test_a_gpg_key_of_git_is_none(self, workspace: Workspace) -> None:
        self.configure(workspace, "user.signingkey", "3AA5C34371567BD2")
        with pytest.raises(CannotSign, match="There is no SSH key"):
            sign(PAYLOAD, None, workspace)

    def test_a_passphrase_is_never_asked_for(
        self, workspace: Workspace, keys: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setenv("SSH_ASKPASS", "/bin/cat")
        monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
        with pytest.raises(CannotSign, match=r"needs its passphrase.*Next: ssh-add .*locked"):
            sign(PAYLOAD, keys / "locked", workspace)

    def test_the_agent_holds_the_private_half(
        self, workspace: Workspace, keys: Path, agent: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent["SSH_AUTH_SOCK"])
        lone = tmp_path / "lone.pub"
        lone.write_text(public(keys / "ada"))
        with pytest.raises(CannotSign, match="neither beside it nor in the ssh-agent"):
            sign(PAYLOAD, lone, workspace)
        subprocess.run(["ssh-add", "-q", str(keys / "ada")], check=True, stdin=subprocess.DEVNULL, timeout=60)
        assert judged(workspace, lone).kind == "valid"
        for literal in (public(keys / "ada"), f"key::{public(keys / 'ada')}"):
            self.configure(workspace, "user.signingkey", literal)
            assert verify(PAYLOAD, sign(PAYLOAD, None, workspace).text, workspace, who(workspace)).ok

    @pytest.mark.parametrize(
        ("content", "mode", "sentence"),
        [
            (None, 0o600, "is no file"),
            ("garbage", 0o600, "is no SSH key"),
            ("private", 0o644, "can be read by others.*chmod 600"),
        ],
    )
    def test_files_that_are_no_key(
        self, workspace: Workspace, keys: Path, tmp_path: Path, content: str | None, mode: int, sentence: str
    ) -> None:
        file = tmp_path / "key"
        if content is not None:
            file.write_text((keys / "ada").read_text() if content == "private" else content)
            file.chmod(mode)
        if content == "private":
            shutil.copy(f"{keys / 'ada'}.pub", f"{file}.pub")
        with pytest.raises(CannotSign, match=sentence) as caught:
            sign(PAYLOAD, file, workspace)
        assert "Next: " in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1

    @staticmethod
    def configure(workspace: Workspace, key: str, value: str) -> None:
        subprocess.run(["git", "-C", str(workspace.root), "config", key, value], check=True)


@pytest.fixture
def agent() -> Iterator[dict[str, str]]:
    words = ["ssh-agent", "-s"]
    said = subprocess.run(words, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    values = dict(re.findall(r"(SSH_\w+)=([^;]+);", said))
    yield values
    os.kill(int(values["SSH_AGENT_PID"]), 15)


def test_without_ssh_keygen(workspace: Workspace, keys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = sign(PAYLOAD, keys / "ada", workspace).text
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSshKeygen, match="Next: install OpenSSH"):
        sign(PAYLOAD, keys / "ada", workspace)
    found = verify(PAYLOAD, text, workspace, who(workspace))
    assert found.kind == "cannot check"
    assert "ssh-keygen was not found" in found.sentence


def test_one_that_hangs_is_ended(
    workspace: Workspace, keys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = sign(PAYLOAD, keys / "ada", workspace).text
    slow = tmp_path / "ssh-keygen"
    slow.write_text("#!/bin/sh\nexec sleep 100\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(ssh, "SECONDS", 0.5)
    with pytest.raises(SshKeygenHangs, match=r"within 0\.5 s"):
        sign(PAYLOAD, keys / "ada", workspace)
    assert verify(PAYLOAD, text, workspace, who(workspace)).kind == "cannot check"
