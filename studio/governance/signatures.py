"""Approvals signed with SSH keys: what proves who approved, even to somebody who trusts no file of the workspace.

Signing and verifying is `ssh-keygen -Y`'s work. Whose key is whose is said by studio.toml, and by a file of allowed
signers where the policy names one; keys that studio.toml calls revoked sign nothing any more.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from studio.core.errors import BadInput
from studio.core.files import short
from studio.core.settings import Settings
from studio.core.workspace import Workspace
from studio.governance.people import Actor
from studio.governance.ssh import NAMESPACE, NoSshKeygen, Parts, SshKeygenHangs, parse_signature, ssh_keygen

VARIABLE = "STUDIO_SIGNING_KEY"
Kind = Literal[
    "valid",
    "unknown key",
    "revoked key",
    "expired key",
    "signed by another",
    "content changed",
    "malformed",
    "wrong namespace",
    "cannot check",
]


class CannotSign(BadInput):
    """No signature could be made; nothing was written."""


@dataclass(frozen=True)
class Signature:
    """A signature.

    Attributes
    ----------
    text : str
        The armoured signature as ssh-keygen writes it.
    key : str
        The fingerprint of the key that made it, ``SHA256:…``.
    """

    text: str
    key: str


@dataclass(frozen=True)
class Verdict:
    """What a signature is worth.

    Attributes
    ----------
    kind : str
        ``valid``, or why it is not.
    sentence : str
        The same for people.
    key : str
        The fingerprint of the key; empty where the signature cannot be read.
    signer : str
        Whose key it is, as far as known.
    """

    kind: Kind
    sentence: str
    key: str = ""
    signer: str = ""

    @property
    def ok(self) -> bool:
        """Whether the named person signed exactly this content."""
        return self.kind == "valid"


def sign(payload: bytes, key: Path | None, workspace: Workspace) -> Signature:
    """Sign `payload` with the private key `key`, else of STUDIO_SIGNING_KEY, else of git's user.signingkey.

    A public key does where the ssh-agent holds its private half, and so does a private key that the agent holds.

    Raises
    ------
    CannotSign
        When there is no key, or it cannot be used without asking for a passphrase.
    NoSshKeygen, SshKeygenHangs
        When ssh-keygen is missing or does not answer.
    """
    with _key_file(key, workspace) as file:
        status, out, err = ssh_keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(file)], payload)
        if status:
            raise CannotSign(_why_not(file, err))
    text = out.decode("ascii", "replace")
    return Signature(text, parse_signature(text).fingerprint)


def verify(
    payload: bytes, signature: str, workspace: Workspace, identity: Actor, *, moment: datetime | None = None
) -> Verdict:
    """Judge whether `identity` signed `payload`.

    Parameters
    ----------
    payload : bytes
        What is said to be signed.
    signature : str
        The armoured signature.
    workspace : Workspace
        Whose people, and whose file of allowed signers, count.
    identity : Actor
        Who is said to have signed.
    moment : datetime, optional
        When: the validity options of the allowed signers are held against it (default: now).

    Returns
    -------
    Verdict
        Never an exception for what stands in the signature or the keys.
    """
    try:
        parts = parse_signature(signature)
    except ValueError as error:
        return Verdict("malformed", f"The signature cannot be read: {error}.")
    if parts.namespace != NAMESPACE:
        sentence = f"The signature was made for {parts.namespace[:60]!r} and not for {NAMESPACE!r}."
        return Verdict("wrong namespace", sentence, parts.fingerprint)
    try:
        with tempfile.TemporaryDirectory(prefix="studio-signature-") as folder:
            return _Verification(Path(folder), payload, signature, workspace, identity, moment).verdict(parts)
    except (NoSshKeygen, SshKeygenHangs) as error:
        return Verdict("cannot check", f"The signature was not checked: {error}", parts.fingerprint)


class _Verification:
    """One signature with the files that ssh-keygen wants to see."""

    def __init__(
        self,
        folder: Path,
        payload: bytes,
        signature: str,
        workspace: Workspace,
        identity: Actor,
        moment: datetime | None,
    ) -> None:
        self.folder = folder
        self.payload = payload
        self.identity = identity
        self.settings = workspace.settings
        named = self.settings.policy.allowed_signers
        self.named_file = workspace.root / named if named else None
        self.when = [] if moment is None else ["-O", f"verify-time={moment.astimezone():%Y%m%d%H%M%S}"]
        self.signature = folder / "signature"
        self.signature.write_text(signature, encoding="utf-8")
        revoked = [key for person in self.settings.people.values() for key in person.revoked_keys]
        self.revoked = folder / "revoked"
        self.revoked.write_text("".join(f"{key}\n" for key in revoked), encoding="ascii")

    def verdict(self, parts: Parts) -> Verdict:
        key = parts.fingerprint
        status, _, err = ssh_keygen(
            ["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(self.signature)], self.payload
        )
        if status and "incorrect signature" in err:
            return Verdict("content changed", "The signature is of another content than what stands here.", key)
        if status:
            return Verdict("malformed", f"The signature cannot be read: {_first_line(err)}.", key)
        owner = _owner(self.settings, parts.key, revoked=True)
        if owner:
            return Verdict("revoked key", f"The key {key} of {owner} is revoked in studio.toml.", key, owner)
        owner = _owner(self.settings, parts.key)
        if owner:
            return self._of_person(owner, parts)
        if self.named_file is not None:
            return self._of_named_file(self.named_file, key)
        return self._unknown(key)

    def _of_person(self, owner: str, parts: Parts) -> Verdict:
        key = parts.fingerprint
        if not self.identity.known or owner != self.identity.name:
            return self._another(owner, key)
        allowed = self.folder / "allowed"
        allowed.write_text(f'signer namespaces="{NAMESPACE}" {parts.key}\n', encoding="ascii")
        status, err = self._verified("signer", allowed)
        if status:
            return Verdict("cannot check", f"The signature was not accepted: {_first_line(err)}.", key, owner)
        return Verdict("valid", f"Signed by {self.identity} with the key {key}.", key, owner)

    def _of_named_file(self, file: Path, key: str) -> Verdict:
        if not file.is_file():
            sentence = f"The file of allowed signers {short(file)}, which studio.toml names, is not there."
            return Verdict("cannot check", sentence, key)
        names = dict.fromkeys([*self.identity.emails, *(email.lower() for email in self.identity.emails)])
        err = ""
        for name in names:
            status, err = self._verified(name, file)
            if not status:
                return Verdict("valid", f"Signed by {name} with the key {key}, an allowed signer.", key, name)
        words = ["-Y", "find-principals", "-f", str(file), "-s", str(self.signature), *self.when]
        status, out, found_err = ssh_keygen(words, b"")
        found = [line for line in out.decode("utf-8", "replace").splitlines() if line]
        if not status and found:
            if self.identity.owns(found[0]):
                sentence = f"The key {key} of {found[0]} is allowed, but not to sign for {NAMESPACE!r}."
                return Verdict("unknown key", sentence, key, found[0])
            return self._another(found[0], key)
        told = err + found_err
        if "expired" in told or "not yet valid" in told:
            return Verdict("expired key", f"The key {key} was not valid when the approval was given.", key)
        return self._unknown(key)

    def _verified(self, name: str, allowed: Path) -> tuple[int, str]:
        words = ["-Y", "verify", "-n", NAMESPACE, "-I", name, "-f", str(allowed), "-r", str(self.revoked)]
        status, _, err = ssh_keygen([*words, "-s", str(self.signature), *self.when], self.payload)
        return status, err

    def _another(self, owner: str, key: str) -> Verdict:
        sentence = f"Signed with the key {key} of {owner}, and not by {self.identity}."
        return Verdict("signed by another", sentence, key, owner)

    def _unknown(self, key: str) -> Verdict:
        return Verdict("unknown key", f"Signed with the key {key}, which is nobody's in studio.toml.", key)


def _owner(settings: Settings, key: str, *, revoked: bool = False) -> str:
    for name, person in settings.people.items():
        if key in (person.revoked_keys if revoked else person.keys):
            return name
    return ""


@contextmanager
def _key_file(key: Path | None, workspace: Workspace) -> Iterator[Path]:
    """The file of the key to sign with; a key that git's configuration spells out lies in it for the time."""
    if key is None and os.environ.get(VARIABLE):
        key = Path(os.environ[VARIABLE])
    if key is not None:
        yield _existing(key.expanduser().absolute())
        return
    named = _git(workspace, "--get", "user.signingkey")
    literal = named.removeprefix("key::")
    if literal.startswith(("ssh-", "ecdsa-", "sk-")):
        with tempfile.TemporaryDirectory(prefix="studio-key-") as folder:
            file = Path(folder) / "key.pub"
            file.write_text(literal + "\n", encoding="utf-8")
            yield file
        return
    path = _git(workspace, "--type=path", "--get", "user.signingkey") if named else ""
    if path and (_git(workspace, "--get", "gpg.format") == "ssh" or Path(path).is_file()):
        yield _existing(Path(path).absolute())
        return
    raise CannotSign(
        "There is no SSH key to sign with. Next: give --key ~/.ssh/id_ed25519, or set "
        f"{VARIABLE}, or: git config user.signingkey ~/.ssh/id_ed25519 && git config gpg.format ssh"
    )


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise CannotSign(
            f"The key {short(file)} is no file. Next: correct the path, or make a key: ssh-keygen -t ed25519"
        )
    return file


def _git(workspace: Workspace, *words: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(workspace.root), "config", *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _why_not(file: Path, err: str) -> str:
    shown = short(file)
    if "passphrase" in err:
        return (
            f"The key {shown} needs its passphrase, and a signature is made without asking. "
            f"Next: ssh-add {shown}, then repeat the command."
        )
    if "too open" in err:
        return f"The key {shown} can be read by others, so ssh-keygen ignores it. Next: chmod 600 {shown}"
    if "No private key" in err:
        return (
            f"No private key was found for {shown}, neither beside it nor in the ssh-agent. "
            "Next: ssh-add the private key, or give its file with --key."
        )
    if "load public key" in err:
        return f"The file {shown} is no SSH key. Next: give another with --key."
    return f"ssh-keygen could not sign with {shown}: {_first_line(err)}. Next: correct that, or give another key."


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip(" @\t")]
    return lines[0].rstrip(".") if lines else "it gave no reason"
