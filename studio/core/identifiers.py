"""Names and identifiers: what may be called how, what is new, and what a mistyped name was meant to be."""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Iterable

from studio.core import clock
from studio.core.errors import BadInput

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def is_name(text: str) -> bool:
    """Whether `text` may name a pipeline, step, dataset or contract (also a safe file name on every system)."""
    return NAME.fullmatch(text) is not None


def check_name(text: str, kind: str) -> str:
    """`text` itself, or BadInput saying which names a `kind` ("pipeline", "dataset", …) may have."""
    if not is_name(text):
        raise BadInput(
            f"{text[:100]!r} is no name for a {kind}. A name starts with a lower-case letter, goes on with lower-case "
            "letters, digits, '_' or '-', and has at most 64 characters."
        )
    return text


def new_run_id() -> str:
    """A new run's identifier, e.g. ``20260303-093000-1f9c4a``: sorts by time, safe as a file name."""
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most resembles, None where nothing is near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: ``Did you mean 'horizon'?`` or the list of what is known."""
    known = sorted(known)
    near = nearest(name, known)
    if near is not None:
        return f"Did you mean {near!r}?"
    return f"Known: {', '.join(known)}." if known else "None is known."
