"""Callbacks that a widget's user registers, called such that no error of theirs is lost or shown as a traceback."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from studio.core.errors import StudioError

LOG = logging.getLogger("studio.widgets")
"""Where errors that nobody foresaw are written, with the number that the widget shows."""

Callback = Callable[[Any], object]
Tell = Callable[[str], None]


class Callbacks:
    """What is to be called, in the order in which it was registered."""

    def __init__(self) -> None:
        self._registered: list[Callback] = []

    def __bool__(self) -> bool:
        return bool(self._registered)

    def register(self, callback: Callback, *, remove: bool = False) -> None:
        """Call `callback` from now on, or no longer.

        Raises
        ------
        TypeError
            When it cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"a callback must be callable, and {callback!r} is not")
        if remove:
            self._registered = [one for one in self._registered if one != callback]
        elif callback not in self._registered:
            self._registered.append(callback)

    def call(self, fact: Any, tell: Tell) -> bool:
        """Call all with `fact`; whether all came to their end. What an error says to people goes to `tell`."""
        ended = True
        for one in self._registered:
            ended = told(partial(one, fact), tell) and ended
        return ended


def told(call: Callable[[], object], tell: Tell) -> bool:
    """Whether `call` came to its end; else its error was told, and one that nobody foresaw stands in the log."""
    try:
        call()
    except StudioError as error:
        tell(str(error))
    except Exception:
        number = secrets.token_hex(4)
        LOG.exception("error number %s in a widget's callback", number)
        tell(f"This did not work, for a reason that nobody foresaw. Next: tell the operator the error number {number}.")
    else:
        return True
    return False
