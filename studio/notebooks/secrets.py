"""Secrets travel by name: notebooks and runs hold the name of an environment variable, never its value.

`secret` is what a notebook calls (as ``studio.secret``); `SecretReference` is what everything else
passes around in its place: plans, records, keys and the injected cell.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.errors import BadInput

if TYPE_CHECKING:
    from pydantic import SecretStr

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NoSecret(BadInput):
    """The environment variable that holds a secret is not set, or its name cannot be one."""


@dataclass(frozen=True)
class SecretReference:
    """A secret by reference.

    Attributes
    ----------
    variable : str
        The environment variable that holds the secret where the notebook runs.
    """

    variable: str


def is_variable(text: str) -> bool:
    """Whether `text` can be the name of an environment variable."""
    return _VARIABLE.fullmatch(text) is not None


def secret(name: str) -> SecretStr:
    """The secret in the environment variable `name`; printing it shows asterisks.

    Parameters
    ----------
    name : str
        The variable's name, for example ``"WAREHOUSE_TOKEN"``.

    Returns
    -------
    pydantic.SecretStr
        Call its ``get_secret_value()`` where the secret itself is needed.

    Raises
    ------
    NoSecret
        When `name` is no variable's name or the variable is not set. The message never repeats a value.
    """
    from pydantic import SecretStr

    if not isinstance(name, str) or not is_variable(name):
        # What was passed may be the secret itself, so it is not repeated.
        raise NoSecret(
            "studio.secret was given something that is no name of an environment variable. "
            'Next: pass the name, for example studio.secret("WAREHOUSE_TOKEN"), and never the secret itself.'
        )
    value = os.environ.get(name)
    if value is None:
        raise NoSecret(
            f"The environment variable {name}, which should hold a secret, is not set. "
            f"Next: set {name} where the notebook runs, for example with: export {name}=…"
        )
    return SecretStr(value)
