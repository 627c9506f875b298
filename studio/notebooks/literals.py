"""From a default's syntax tree to its value: read, never evaluated.

What is allowed is what stands for itself: numbers, texts, booleans, None, lists and dicts of these, and the few calls
that write a date, a path, NaN or the name of a secret.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from studio.notebooks.python_code import resolved
from studio.notebooks.secrets import SecretReference, is_variable
from studio.notebooks.strict_json import is_torn

# Python converts no longer integers between text and number.
LONGEST_INT = 10**4300
_ALLOWED = (
    'numbers, texts, True, False, None, lists and dicts of these, date(…), datetime(…), Path(…), float("nan") and '
    'studio.secret("VARIABLE")'
)
_NAMED = {
    "math.nan": math.nan,
    "math.inf": math.inf,
    "numpy.nan": math.nan,
    "numpy.inf": math.inf,
}
_UTC = {"UTC", "datetime.UTC", "timezone.utc", "datetime.timezone.utc"}


class NotAllowed(ValueError):
    """What stands there cannot be read without running it; `line` is where."""

    def __init__(self, message: str, node: ast.AST) -> None:
        super().__init__(message)
        self.line = int(getattr(node, "lineno", 0))


# An empty SecretStr("") is a place for a secret without a default.
NO_SECRET = object()


def read_literal(node: ast.expr, names: Mapping[str, str]) -> Any:
    """The value that the expression stands for.

    Parameters
    ----------
    node : ast.expr
        The expression.
    names : Mapping of str to str
        What earlier imports bind.

    Returns
    -------
    Any
        A plain value, date, datetime, Path or SecretReference, or `NO_SECRET` for ``SecretStr("")``.

    Raises
    ------
    NotAllowed
        For anything that would have to be run.
    """
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd) and not _is_sign(node.operand):
        value = read_literal(node.operand, names)
        if type(value) in {int, float}:
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.List):
        return [_inner(item, names) for item in node.elts]
    if isinstance(node, ast.Dict):
        return _dict(node, names)
    if isinstance(node, ast.Call):
        return _call(node, names)
    name = resolved(node, dict(names))
    if name in _NAMED:
        return _NAMED[name]
    raise _refused(node)


def _is_sign(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp)


def _constant(node: ast.Constant) -> Any:
    value = node.value
    if isinstance(value, str) and is_torn(value):
        raise NotAllowed("The text holds half a character (a lone surrogate).", node)
    if type(value) is int and abs(value) >= LONGEST_INT:
        raise NotAllowed("The whole number has more than 4300 digits.", node)
    if value is None or type(value) in {bool, int, float, str}:
        return value
    raise _refused(node)


def _inner(node: ast.expr, names: Mapping[str, str]) -> Any:
    value = read_literal(node, names)
    if value is NO_SECRET or isinstance(value, SecretReference):
        raise NotAllowed("A secret cannot stand inside a list or dict. Give each secret a parameter of its own.", node)
    return value


def _dict(node: ast.Dict, names: Mapping[str, str]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        if key_node is None:
            raise _refused(value_node)
        key = _inner(key_node, names)
        if type(key) not in {str, int, date}:
            raise NotAllowed("The keys of a dict must be texts, whole numbers or dates.", key_node)
        if key in found:
            raise NotAllowed(f"The key {key!r} stands twice in the dict.", key_node)
        found[key] = _inner(value_node, names)
    return found


def _call(node: ast.Call, names: Mapping[str, str]) -> Any:
    reader = _CALLS.get(resolved(node.func, dict(names)) or "")
    if reader is None:
        raise _refused(node)
    try:
        return reader(node, names)
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, NotAllowed):
            raise
        raise NotAllowed(f"{_shown(node)} is not possible: {error}.", node) from error


def _arguments(node: ast.Call, names: Mapping[str, str]) -> tuple[list[Any], dict[str, Any]]:
    if any(keyword.arg is None for keyword in node.keywords):
        raise _refused(node)
    keywords = {str(keyword.arg): _argument(keyword.value, names) for keyword in node.keywords}
    return [_argument(argument, names) for argument in node.args], keywords


def _argument(node: ast.expr, names: Mapping[str, str]) -> Any:
    if resolved(node, dict(names)) in _UTC:
        return UTC
    if isinstance(node, ast.Call) and resolved(node.func, dict(names)) in {"timezone", "datetime.timezone"}:
        return _timezone(node, names)
    return read_literal(node, names)


def _timezone(node: ast.Call, names: Mapping[str, str]) -> timezone:
    inner = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if isinstance(inner, ast.Call) and resolved(inner.func, dict(names)) in {"timedelta", "datetime.timedelta"}:
        positional, keywords = _arguments(inner, names)
        return timezone(timedelta(*positional, **keywords))
    raise _refused(node)


def _made_by(maker: Callable[..., Any]) -> Callable[[ast.Call, Mapping[str, str]], Any]:
    def make(node: ast.Call, names: Mapping[str, str]) -> Any:
        positional, keywords = _arguments(node, names)
        return maker(*positional, **keywords)

    return make


def _path(node: ast.Call, names: Mapping[str, str]) -> Path:
    positional, keywords = _arguments(node, names)
    if keywords or not all(type(part) is str for part in positional):
        raise _refused(node)
    if any("\x00" in part for part in positional):
        raise NotAllowed("The path holds a NUL character.", node)
    return Path(*positional)


def _float(node: ast.Call, names: Mapping[str, str]) -> float:
    positional, keywords = _arguments(node, names)
    if keywords or len(positional) != 1 or type(positional[0]) not in {str, int, float}:
        raise _refused(node)
    return float(positional[0])


def _secret(node: ast.Call, names: Mapping[str, str]) -> SecretReference:
    positional, keywords = _arguments(node, names)
    variable = positional[0] if len(positional) == 1 and not keywords else keywords.get("name")
    if len(positional) + len(keywords) != 1 or not isinstance(variable, str) or not is_variable(variable):
        raise NotAllowed("studio.secret takes the name of an environment variable, as a text.", node)
    return SecretReference(variable)


def _secret_text(node: ast.Call, _: Mapping[str, str]) -> object:
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if len(given) == 1 and isinstance(given[0], ast.Constant) and given[0].value == "":
        return NO_SECRET
    # What stands there may be the secret, so the message repeats nothing of it.
    raise NotAllowed(
        "A secret must not stand in a notebook. Next: take it out (and change it, if the notebook was shared), put it "
        'into an environment variable and write studio.secret("VARIABLE").',
        node,
    )


_CALLS: dict[str, Callable[[ast.Call, Mapping[str, str]], Any]] = {
    **dict.fromkeys(("date", "datetime.date"), _made_by(date)),
    **dict.fromkeys(("datetime", "datetime.datetime"), _made_by(datetime)),
    **dict.fromkeys(("date.fromisoformat", "datetime.date.fromisoformat"), _made_by(date.fromisoformat)),
    **dict.fromkeys(("datetime.fromisoformat", "datetime.datetime.fromisoformat"), _made_by(datetime.fromisoformat)),
    **dict.fromkeys(("Path", "pathlib.Path"), _path),
    **dict.fromkeys(("float", "builtins.float"), _float),
    **dict.fromkeys(("secret", "studio.secret", "studio.notebooks.secrets.secret"), _secret),
    **dict.fromkeys(("SecretStr", "pydantic.SecretStr"), _secret_text),
}


def _refused(node: ast.AST) -> NotAllowed:
    return NotAllowed(f"{_shown(node)} is no plain value. Allowed: {_ALLOWED}.", node)


def _shown(node: ast.AST) -> str:
    shown = ast.unparse(node)
    return shown if len(shown) <= 80 else shown[:79] + "…"
