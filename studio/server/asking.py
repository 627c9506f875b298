"""What was asked, as a route's model: from a query string or from a JSON body, strictly read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_origin

from studio.core.documents import validate
from studio.core.errors import Problem, Problems
from studio.notebooks.strict_json import NotStrict, holds_unwritable_number, loads
from studio.server.failures import Failure
from studio.server.routing import Model, Route

BODY_LIMIT = 8_000_000
"""Bytes of a request's body: a notebook's cells and parameters, never data."""
_JUPYTERS_OWN = {"token", "_xsrf", "no_track_activity"}


def from_query(route: Route, arguments: Mapping[str, Sequence[bytes]], last_event: str = "") -> Model | None:
    """The query string as the model of `route`; `last_event` is the header from which a stream goes on.

    Raises
    ------
    Problems
        For an unknown key, a key given twice that is no list, or a value that does not fit.
    """
    given: dict[str, Any] = {}
    problems: list[Problem] = []
    fields = {} if route.asked is None else route.asked.model_fields
    for key, values in arguments.items():
        if key in _JUPYTERS_OWN or (key.isdecimal() and not any(values)):  # JupyterLab's cache buster: ?1767225600000
            continue
        try:
            texts = [value.decode("utf-8") for value in values]
        except UnicodeDecodeError:
            problems.append(Problem("", 0, "The value is not UTF-8. Next: encode it as UTF-8.", key))
            continue
        if key in fields and get_origin(fields[key].annotation) in (list, tuple, set, frozenset):
            given[key] = texts
        elif len(texts) > 1:
            problems.append(Problem("", 0, "The key is given more than once. Next: keep one.", key))
        else:
            given[key] = texts[0]
    if last_event and "after" in fields:
        given["after"] = last_event
    if problems:
        raise Problems(problems)
    return _as_model(route, given)


def from_body(route: Route, body: bytes) -> Model | None:
    """The JSON body as the model of `route`.

    Raises
    ------
    Failure
        When it is too large, or not the JSON of an object.
    Problems
        For an unknown key, or a value that does not fit.
    """
    if len(body) > BODY_LIMIT:
        limit = f"{BODY_LIMIT // 1_000_000} MB"
        raise Failure(413, f"The request's body is larger than {limit}.", "send less at a time.", "BodyLimit")
    if not body.strip():
        return _as_model(route, {})
    try:
        given = loads(body.decode("utf-8"), finite=True)
        if holds_unwritable_number(given):
            raise NotStrict("it holds NaN or an infinity")
    except (NotStrict, ValueError) as error:
        reason = str(error).rstrip(".")
        raise Failure(400, f"The request's body is not JSON: {reason}.", "send one JSON object.", "Body") from error
    if not isinstance(given, dict):
        raise Failure(400, "The request's body is JSON, and no object.", "send one JSON object.", "Body")
    return _as_model(route, given)


def _as_model(route: Route, given: dict[str, Any]) -> Model | None:
    if route.asked is not None:
        return validate(route.asked, given, "")
    if given:
        raise Problems(
            Problem("", 0, "Nothing is asked for at this address. Next: leave it out.", key) for key in given
        )
    return None
