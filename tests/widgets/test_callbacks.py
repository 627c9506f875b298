from __future__ import annotations

import pytest

from studio.core.errors import BadInput
from studio.widgets.callbacks import Callbacks, told


def test_all_are_called_although_one_fails(caplog):
    called, said = [], []
    callbacks = Callbacks()
    assert not callbacks
    callbacks.register(lambda fact: called.append(("first", fact)))

    def fail(_):
        raise BadInput("It is not there.")

    callbacks.register(fail)
    callbacks.register(lambda fact: called.append(("last", fact)))
    assert callbacks
    assert not callbacks.call(3, said.append)
    assert called == [("first", 3), ("last", 3)]
    assert said == ["It is not there."]
    assert not caplog.records


def test_an_interruption_is_nobodys_sentence():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(interrupt, print)
