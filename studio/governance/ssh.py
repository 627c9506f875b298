"""ssh-keygen as a program that never asks and never hangs, and what stands in a signature of its making.

The format is OpenSSH's PROTOCOL.sshsig: an armoured blob of magic, version, public key, namespace, reserved, hash
algorithm and signature, each with its length before it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import StudioError

NAMESPACE = "studio-approval"
SECONDS = 60.0
"""How long one call may take; a key on a token waits for a touch."""
_START, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_LARGEST = 65_536
# What would make ssh-keygen show a window, or find a terminal to ask at.
_ASKING = {"SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY"}


class NoSshKeygen(StudioError):
    """The program that signs and verifies is not installed."""

    exit_status = 2

    def __init__(self) -> None:
        super().__init__(
            "ssh-keygen was not found, so signatures can be neither made nor verified. "
            "Next: install OpenSSH (Debian: apt install openssh-client)."
        )


class SshKeygenHangs(StudioError):
    """The program did not answer in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"ssh-keygen did not answer within {seconds:g} s and was ended. "
            "Next: see whether the key's token or the ssh-agent waits for you, then repeat the command."
        )


@dataclass(frozen=True)
class Parts:
    """What a signature says about itself.

    Attributes
    ----------
    key : str
        The public key as ``type base64``.
    namespace : str
        What it was made for.
    """

    key: str
    namespace: str

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH shows it: ``SHA256:…``."""
        return fingerprint(self.key)


def fingerprint(key: str) -> str:
    """The fingerprint of a public key (``type base64``) as OpenSSH shows it."""
    digest = hashlib.sha256(base64.b64decode(key.rsplit(maxsplit=1)[-1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def ssh_keygen(words: Sequence[str], payload: bytes, *, seconds: float | None = None) -> tuple[int, bytes, str]:
    """Exit status, standard output and standard error of one call that reads `payload`.

    It has no terminal, no window and no more input than `payload`, so a key with a passphrase fails at once.

    Raises
    ------
    NoSshKeygen
        When the program is not there.
    SshKeygenHangs
        When it does not answer in time.
    """
    limit = SECONDS if seconds is None else seconds
    environment = {name: value for name, value in os.environ.items() if name not in _ASKING}
    try:
        done = subprocess.run(
            ["ssh-keygen", *words],
            input=payload,
            capture_output=True,
            timeout=limit,
            check=False,
            env={**environment, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError as error:
        raise NoSshKeygen from error
    except subprocess.TimeoutExpired as error:
        raise SshKeygenHangs(limit) from error
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def parse_signature(text: str) -> Parts:
    """Read what an armoured signature says about itself; ValueError with what is wrong."""
    if len(text) > _LARGEST:
        raise ValueError("it is longer than any signature")
    body = text.strip()
    if not body.startswith(_START):
        raise ValueError("it does not begin as an SSH signature does")
    if not body.endswith(_END):
        raise ValueError("it was cut off")
    try:
        blob = base64.b64decode("".join(body[len(_START) : -len(_END)].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("its base64 is broken") from error
    if blob[:6] != b"SSHSIG" or blob[6:10] != (1).to_bytes(4, "big"):
        raise ValueError("it is of no known version")
    fields = _strings(blob[10:])
    if len(fields) != 5:
        raise ValueError("it was cut off")
    kinds = _strings(fields[0], least=1)
    try:
        kind, namespace = kinds[0].decode("ascii"), fields[1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("its key or namespace is no text") from error
    return Parts(f"{kind} {base64.b64encode(fields[0]).decode()}", namespace)


def _strings(blob: bytes, least: int = 0) -> list[bytes]:
    found: list[bytes] = []
    place = 0
    while place < len(blob):
        end = place + 4 + int.from_bytes(blob[place : place + 4], "big")
        if place + 4 > len(blob) or end > len(blob):
            raise ValueError("it was cut off")
        found.append(blob[place + 4 : end])
        place = end
    if len(found) < least:
        raise ValueError("it was cut off")
    return found
