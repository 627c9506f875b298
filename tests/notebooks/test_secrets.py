from __future__ import annotations

import pytest

import studio
from studio.core.errors import BadInput
from studio.notebooks.secrets import NoSecret, is_variable, secret


def test_a_secret_comes_from_its_variable_and_does_not_show(monkeypatch):
    monkeypatch.setenv("TOKEN", "hunter2")
    found = studio.secret("TOKEN")
    assert found.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(found) + str(found)


def test_an_unset_variable_is_named(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(NoSecret, match=r"variable TOKEN.*is not set") as caught:
        secret("TOKEN")
    assert isinstance(caught.value, BadInput)


@pytest.mark.parametrize("name", ["pa ss", "", "s3cr3t!", "1A", "A\n", 3, None])
def test_what_is_no_name_is_refused_and_never_repeated(name):
    with pytest.raises(NoSecret) as caught:
        secret(name)
    assert not name or str(name) not in str(caught.value)


def test_names_of_variables():
    assert is_variable("A_1")
    assert not is_variable("Ä")
