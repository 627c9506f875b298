"""What an error becomes for the one who asked: the one table of HTTP statuses, and the one shape of their bodies."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import Problems, Refused, StudioError

STATUSES: dict[str, int] = {
    # Nothing of that name is there.
    "Missing": 404,
    "NoWorkspace": 404,
    "UnknownDataset": 404,
    # It is there, in a state in which this cannot be done; the same request may be answered later.
    "AlreadyComplete": 409,
    "ContentChanged": 409,
    "FileChanged": 409,
    "Locked": 409,
    "NameTaken": 409,
    "Replaced": 409,
    "StillRunning": 409,
    "Underway": 409,
    # By the exit status that the error would have on the command line.
    "Refused": 403,
    "BadInput": 400,
    "StudioError": 500,
}
"""Names of error classes -> HTTP status; the nearest class holds. Names, so that no room is imported to compare."""

_WORDS = {404: "There is nothing at this address", 405: "This address does not answer that method"}


@dataclass(eq=False)
class Failure(Exception):
    """An answer that is an error.

    Attributes
    ----------
    status : int
        The HTTP status.
    message : str
        The fact and the culprit.
    next : str
        The next step; may be empty.
    rule : str
        What refused or missed: the policy's rule, or the kind of the error, such as ``NoWorkspace``.
    problems : tuple
        Each wrong place: ``path``, ``line``, ``field``, ``message``.
    number : str
        With which the operator finds an unexpected error in the server's log; empty for every other.
    headers : dict
        HTTP headers of the answer.
    """

    status: int
    message: str
    next: str = ""
    rule: str = ""
    problems: tuple[dict[str, Any], ...] = ()
    number: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON that is answered."""
        return {
            "message": self.message,
            "next": self.next,
            "rule": self.rule,
            "problems": list(self.problems),
            "number": self.number,
        }


def status_of(error: StudioError) -> int:
    """The HTTP status of an error by the table."""
    return next(STATUSES[one.__name__] for one in type(error).__mro__ if one.__name__ in STATUSES)


def explained(error: StudioError) -> Failure:
    """An error that owns its sentence."""
    problems = error.problems if isinstance(error, Problems) else ()
    text = str(error)
    if len(problems) > 1:
        message, following = f"{len(problems)} problems.", ""
    else:
        message, following = sentence_and_next(text)
    decision = getattr(error, "decision", None)
    rule = str(getattr(decision, "rule", "")) or _rules(error) or type(error).__name__
    listed = tuple(problem.as_dict() for problem in problems)
    return Failure(status_of(error), message, following, rule, listed)


def unexpected(what: str) -> Failure:
    """An error that nobody foresaw: its traceback belongs into the log, under the number that is told here."""
    number = secrets.token_hex(4)
    return Failure(
        500,
        f"{what} met an error that nobody foresaw (error number {number}).",
        f"look for {number} in Jupyter's log, and report what stands there.",
        "Unexpected",
        number=number,
    )


def sentence_and_next(text: str) -> tuple[str, str]:
    """The fact and the next step of an error's sentence; an error with several steps keeps them in its text."""
    if text.count("Next: ") != 1:
        return text, ""
    fact, _, following = text.partition("Next: ")
    return fact.strip(), following.strip()


def by_status(status: int, reason: str) -> Failure:
    """What tornado or Jupyter answer of their own accord."""
    if status == 403:
        if reason.startswith("User is not authorized"):
            return Failure(403, reason, "ask the operator of this Jupyter server for that right.", "NotAuthorized")
        if "_xsrf" in reason or "XSRF" in reason:
            return Failure(403, f"Jupyter refused the request: {reason}.", "load the page again.", "Xsrf")
        return Failure(403, "Jupyter does not know who asks.", "open Jupyter with its token, or log in.", "NotLoggedIn")
    return Failure(status, f"{reason or _WORDS.get(status, 'The request failed')}.".replace("..", "."), rule="Http")


def foreign_host() -> Failure:
    """What Jupyter refuses because of the Host header, whatever the token."""
    return Failure(
        403,
        "Jupyter does not answer under the name by which it was asked.",
        "open it at localhost, or let who runs it add the name to c.ServerApp.local_hostnames.",
        "Host",
    )


def _rules(error: StudioError) -> str:
    refusals = getattr(error, "refusals", ())
    return ", ".join(dict.fromkeys(str(one.rule) for one in refusals)) if isinstance(error, Refused) else ""
