"""What the ledger holds: events in the past tense, and the hash that ties each to the one before it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studio.core.files import canonical_json, digest_bytes, frame

GENESIS = "0" * 64
"""What the first event has in place of the hash of the one before it."""

KINDS: Mapping[str, str] = {
    "submitted": "somebody handed a notebook or pipeline in for review",
    "commented": "somebody said something about a submission",
    "approved": "somebody approved content",
    "rejected": "somebody sent a submission back",
    "revoked": "somebody withdrew an approval",
    "run accepted": "a run in a guarded environment met the demands and was started",
    "run refused": "a run in a guarded environment did not meet the demands",
    "run ended": "a run in a guarded environment ended",
    "promoted": "a model version became the one that an environment uses",
    "rolled back": "an environment went back to an earlier model version",
}
"""Every kind of event and what it says; a new kind is added here and in docs/ledger.md."""

_SCHEME = "studio ledger 1"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    sequence : int
        Its number: 1, 2, 3 …, without a gap.
    id : str
        32 random hexadecimal digits.
    time : str
        RFC 3339 in UTC with milliseconds; never before that of the event before it.
    kind : str
        One of `KINDS`; a newer Studio may have written others.
    actor, subject, environment : str
        Who did it, to which notebook or pipeline file, and where (empty where no environment is concerned).
    details : dict
        What else is to be known, by kind; plain JSON.
    previous, hash : str
        SHA-256 in hexadecimal: of the event before it, and its own.
    """

    sequence: int
    id: str
    time: str
    kind: str
    actor: str
    subject: str
    environment: str
    details: dict[str, Any]
    previous: str
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """The event with stable keys, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it is stored: `details` is the text that was hashed. After meddling a field may hold anything."""

    sequence: int
    id: str
    time: str
    kind: str
    actor: str
    subject: str
    environment: str
    details: str
    previous: str
    hash: str

    def digest(self, sequence: int | None = None) -> str:
        """The hash that this content has to have (under another number); empty where a field is of the wrong type."""
        number = self.sequence if sequence is None else sequence
        texts = (self.id, self.time, self.kind, self.actor, self.subject, self.environment, self.details, self.previous)
        if type(number) is not int or not all(type(text) is str for text in texts):
            return ""
        try:
            return digest_bytes(frame(_SCHEME, str(number), *texts))
        except UnicodeEncodeError:  # bytes that are no UTF-8 were put into the database
            return ""

    def event(self) -> Event:
        """The event; ValueError where the details are no JSON object."""
        try:
            details = json.loads(self.details)
        except (TypeError, RecursionError) as error:
            raise ValueError(str(error)) from error
        if not isinstance(details, dict):
            raise ValueError("its details are no JSON object")
        return Event(
            self.sequence,
            self.id,
            self.time,
            self.kind,
            self.actor,
            self.subject,
            self.environment,
            details,
            self.previous,
            self.hash,
        )

    @property
    def has_time(self) -> bool:
        """Whether `time` is one in the ledger's form, so that texts compare as moments do."""
        return type(self.time) is str and _TIME.fullmatch(self.time) is not None


FIELDS: tuple[str, ...] = tuple(Row.__dataclass_fields__)
"""The names of the columns, in the order in which they are stored and exported."""


def details_text(details: Mapping[str, Any]) -> str:
    """`details` as the text that is hashed and stored.

    Raises
    ------
    TypeError
        When something in it is not plain JSON, or a key is not a text.
    ValueError
        When a number is not finite or too long, or the nesting is too deep.
    """
    try:
        _check_plain(details)
        text = canonical_json(dict(details))
        json.loads(text)  # what could not be read again must not be written
    except RecursionError as error:
        raise ValueError("The details of an event are nested too deeply") from error
    return text


def check_text(name: str, value: str, *, empty: bool = False) -> str:
    """`value` if every database can hold it; ValueError where it is empty, or has a NUL or a torn character."""
    if not isinstance(value, str):
        raise TypeError(f"The {name} of an event is a text, not {value!r}")
    if (not value and not empty) or "\x00" in value or re.search("[\ud800-\udfff]", value):
        raise ValueError(f"{value!r} cannot be the {name} of an event")
    return value


def _check_plain(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"The key {key!r} in the details of an event is no text")
            _check_plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_plain(inner)
    elif not (value is None or isinstance(value, str | int | float)):
        raise TypeError(f"{value!r} in the details of an event is not plain JSON")
