"""What of an address may be seen."""

from __future__ import annotations

import pytest

from studio.core.addresses import password_in, shown_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ada:secret@example.org/a.csv", "https://…@example.org/a.csv"),
        ("https://ada@example.org/a.csv", "https://…@example.org/a.csv"),
        ("https://:secret@example.org/a.csv", "https://…@example.org/a.csv"),
        ("postgresql://ada:se/cr@t@example.org:5432/studio", "postgresql://…@example.org:5432/studio"),
        ("postgresql://ada:se@cret@example.org:5432/studio", "postgresql://…@example.org:5432/studio"),
        ("https://example.org:8080/folder/a@b.csv", "https://example.org:8080/folder/a@b.csv"),
        ("https://example.org:8080?mail=a@b", "https://example.org:8080?mail=a@b"),
        ("postgresql://ada:s?e#c@example.org/studio", "postgresql://…@example.org/studio"),
        ("https://example.org/folder/a@b.csv", "https://example.org/folder/a@b.csv"),
        ("data/a@b.csv", "data/a@b.csv"),
        ("'redis://:secret@h' and 's3://k:v@b'", "'redis://…@h' and 's3://…@b'"),
    ],
)
def test_users_and_passwords_are_not_shown(address, shown):
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("postgresql://ada:secret@h/db", "secret"),
        ("postgresql://ada:se/cret@h/db", "se/cret"),
        ("postgresql://:secret@h/db", "secret"),
        ("postgresql://ada@h/db", ""),
        ("postgresql://ada:@h/db", ""),
        ("postgresql://h:5432/db", ""),
        ("http://h:5000/a@b", ""),
        ("sqlite:///ledger.db", ""),
    ],
)
def test_a_password_is_seen(address, password):
    assert password_in(address) == password
