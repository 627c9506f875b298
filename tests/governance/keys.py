"""SSH keys made for a test."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_key(file: Path, kind: str = "ed25519", *, passphrase: str = "", bits: int | None = None) -> Path:
    """A new private key in `file`, its public half beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", file.name, "-f", str(file)]
    subprocess.run([*words, *(["-b", str(bits)] if bits else [])], check=True, stdin=subprocess.DEVNULL, timeout=60)
    return file


def public(file: Path) -> str:
    """The public half of the key in `file`."""
    return Path(f"{file}.pub").read_text().strip()
