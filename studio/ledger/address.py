"""Where the ledger is: an address that can be shown, its password kept out of every message."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import BadInput
from studio.core.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "STUDIO_LEDGER_URL"
_KINDS = "postgresql://USER:PASSWORD@HOST/DATABASE or sqlite:///FILE"


@dataclass(frozen=True)
class Address:
    """Where a ledger is.

    Attributes
    ----------
    shown : str
        What messages call it: a path, or a URL without password and options.
    path : Path | None
        The file of a SQLite ledger.
    url : URL | None
        SQLAlchemy's URL of a PostgreSQL ledger.
    """

    shown: str
    path: Path | None = None
    url: URL | None = field(default=None, repr=False)

    def clean(self, text: str) -> str:
        """The first line of `text`, without the password and without a full stop."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        reason = lines[0] if lines else "no reason was given"
        for secret in self._secrets():
            reason = reason.replace(secret, "***")
        return (reason if len(reason) <= 400 else reason[:399] + "…").rstrip(".")

    def _secrets(self) -> list[str]:
        if self.url is None:
            return []
        hidden = [str(self.url.password)] if self.url.password else []
        for key, value in self.url.query.items():
            if "password" in key.lower():
                hidden += [value] if isinstance(value, str) else list(value)
        return sorted((secret for secret in hidden if secret), key=len, reverse=True)


def find_address(workspace: Workspace) -> Address:
    """The ledger of `workspace`: ``$STUDIO_LEDGER_URL``, else `ledger.url` of studio.toml, else SQLite in ``.studio/``.

    A relative file in the variable is taken from the current folder, one in studio.toml from the workspace.

    Raises
    ------
    BadInput
        When the URL is none, or names another kind of database.
    """
    if os.environ.get(VARIABLE):
        return parse_address(os.environ[VARIABLE], Path.cwd(), VARIABLE)
    if workspace.settings.ledger.url:
        return parse_address(workspace.settings.ledger.url, workspace.root, "ledger.url in studio.toml")
    return Address(str(workspace.ledger), path=workspace.ledger)


def parse_address(text: str, base: Path, source: str) -> Address:
    """The address that `text` names; `source` says in a message where it was written, and never what."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(re.sub(r"^postgres://", "postgresql://", text.strip()))
    except (ArgumentError, ValueError):
        # The error's own text, and what it was raised from, may hold a password.
        raise BadInput(f"{source} is no database URL. Next: write it as {_KINDS}") from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _sqlite(url.database or "", base, source)
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise BadInput(f"{source} names a database that cannot hold a ledger. Next: write it as {_KINDS}")
    if "@" in (url.host or "") or not url.database:
        raise BadInput(
            f"{source} is no URL of a PostgreSQL database: it names none, or its password holds a character that a "
            f"URL writes as %40, %2F, %3A and the like. Next: write it as {_KINDS}"
        )
    url = url.set(drivername="postgresql+psycopg")
    shown = url.set(drivername="postgresql", password=None, query={}).render_as_string(hide_password=True)
    return Address(shown, url=url)


def _sqlite(database: str, base: Path, source: str) -> Address:
    if not database or database.startswith((":memory:", "file:")):
        raise BadInput(f"{source} names no file. Next: write it as sqlite:///FILE")
    path = Path(os.path.normpath(base / database))
    return Address(str(path), path=path)
