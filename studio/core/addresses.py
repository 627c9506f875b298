"""Addresses of files, services and databases: what of them may be seen."""

from __future__ import annotations

import re

# A password may hold any character, also those that end a host; "host:8080/" holds none.
_USER = re.compile(r"(?<=://)[^/@\s:]*(?::(?P<password>[^/?#\s]*|(?!\d{1,5}(?:[/?#]|$))\S*))?@")


def shown_address(text: str) -> str:
    """`text`, an address or a message that holds some, as it may be printed and recorded: without user and password.

    >>> shown_address("postgresql://ada:secret@example.org/studio")
    'postgresql://…@example.org/studio'
    """
    return _USER.sub("…@", text)


def password_in(address: str) -> str:
    """The password that stands in `address`; empty where none does, for a user alone opens nothing.

    >>> password_in("postgresql://ada@example.org/studio")
    ''
    """
    found = _USER.search(address)
    return (found["password"] or "") if found is not None else ""
