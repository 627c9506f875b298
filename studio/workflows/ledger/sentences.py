"""What an event of the ledger says, in one sentence, and in the few words that a column has room for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.ledger.event import Event

_LONGEST = 300


def sentence(event: Event) -> str:
    """What happened, as people say it: ``bob approved notebooks/train.ipynb: checked with the data of May``."""
    told = _SENTENCES.get(event.kind)
    fact = told(event) if told else f"{event.actor}: {event.kind}, {event.subject}"
    said = " ".join(said_with(event, steps=False).split())
    if len(said) > _LONGEST:
        said = f"{said[:_LONGEST]}…"
    return f"{fact}: {said}" if said else f"{fact}."


def said_with(event: Event, *, steps: bool = True) -> str:
    """What somebody said with it, or the reasons that were given (with their next steps); empty where nothing was."""
    details = event.details
    reasons = details.get("reasons")
    given = [str(one) for one in reasons] if isinstance(reasons, list | tuple) else []
    told = " ".join(given if steps else (one.partition(" Next: ")[0] for one in given))
    return str(details.get("message") or details.get("text") or told)


def digest_shown(value: object) -> str:
    """How a digest begins; of one with parts, the digest of the whole."""
    if isinstance(value, Mapping):
        value = value.get("digest", value)
    text = printable(value)
    return text.rpartition(":")[2][:12] if text else "-"


def printable(value: object) -> str:
    """One line, also of a name that holds line breaks or control characters."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(value))


def about(event: Event) -> str:
    """What the details say that a reader looks for first, in few words."""
    details = event.details
    words = [str(details[key]) for key in ("run", "status") if details.get(key)]
    words += [_model(event)] if details.get("model") else []
    words += [digest_shown(details["fingerprint"])] if details.get("fingerprint") else []
    words += ["(tests failed)"] if details.get("ok") is False else []
    return " ".join([*words, said_with(event)]).strip()


def _submitted(event: Event) -> str:
    tests = ", and its tests failed" if event.details.get("ok") is False else ""
    return f"{event.actor} submitted {event.subject} for review{tests}"


def _commented(event: Event) -> str:
    cell = event.details.get("cell")
    return f"{event.actor} commented on {f'cell {cell} of ' if cell else ''}{event.subject}"


def _accepted(event: Event) -> str:
    return f"{event.actor} started run {event.details.get('run', '?')} of {_pipeline(event)} in {event.environment}"


def _refused(event: Event) -> str:
    return f"A run of {_pipeline(event)} by {event.actor} was refused in {event.environment}"


def _ended(event: Event) -> str:
    status = event.details.get("status", "ended")
    return f"Run {event.details.get('run', '?')} of {_pipeline(event)} in {event.environment}: {status}"


def _pipeline(event: Event) -> str:
    return str(event.details.get("pipeline") or event.subject)


def _model(event: Event) -> str:
    return f"{event.details.get('model', event.subject)} {event.details.get('version', '')}".strip()


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    "submitted": _submitted,
    "commented": _commented,
    "approved": lambda event: f"{event.actor} approved {event.subject}",
    "rejected": lambda event: f"{event.actor} rejected {event.subject}",
    "revoked": lambda event: f"{event.actor} revoked the approval of {event.subject}",
    "run accepted": _accepted,
    "run refused": _refused,
    "run ended": _ended,
    "promoted": lambda event: f"{event.actor} promoted {_model(event)} to {event.environment}",
    "rolled back": lambda event: f"{event.actor} rolled {event.environment} back to {_model(event)}",
}
