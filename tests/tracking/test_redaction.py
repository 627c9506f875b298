"""Secrets, in every form in which they may stand in a text."""

from __future__ import annotations

import html
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tracking.redaction import MARK, Redaction

SECRETS = ["hunter2", 'a"b\\c', "p&q<r>'s", "größe/ü?x=1", "line one\nline two\n", "tab\there", "x\x07y"]


@pytest.mark.parametrize("secret", SECRETS)
def test_every_form_is_replaced(secret):
    redaction = Redaction({secret})
    forms = [
        secret,
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps(secret)),
        html.escape(secret),
        html.escape(secret).replace("&#x27;", "&#39;"),
        repr(secret),
        json.dumps(repr(secret)),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
    ]
    for form in forms:
        inner = form.strip('"').strip("'")
        clean = redaction.text(f"before {form} after")
        assert inner not in clean
        assert MARK in clean
        assert clean.startswith("before ")
        assert clean.endswith(" after")


def test_a_secret_of_many_lines_is_found_in_a_notebook():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----"
    stored = json.dumps({"text": [line + "\n" for line in key.splitlines()]}, indent=1)
    clean = Redaction([key]).text(stored)
    assert "MIIEvQ" not in clean
    assert "kqhkiG9" not in clean


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("secret", ['it\'s "é" <&>', "only ' é", 'only " é', "back\\slash é"])
def test_what_a_notebook_shows_of_a_secret_is_replaced(secret, ascii_only):
    shown = ["a " + secret, repr(secret), repr([secret]), repr('"' + secret + "'"), f"{ {'key': secret} }"]
    stored = json.dumps({"text": shown, "html": [html.escape(text) for text in shown]}, ensure_ascii=ascii_only)
    clean = Redaction([secret]).text(stored)
    assert clean.count(MARK) == 2 * len(shown)
    json.loads(clean)


def test_a_secret_of_digits_leaves_a_file_readable():
    stored = {"format": 4711, "text": ["the pin is 4711"], "at": 1.47112}
    clean = Redaction(["4711"]).content(json.dumps(stored).encode())
    assert json.loads(clean) == stored | {"text": ["the pin is ***"]}


def test_a_secret_that_is_no_valid_text():
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert Redaction([odd]).text(f"<{odd}>") == "<***>"


def test_the_longest_secret_is_replaced_first():
    assert Redaction(["abc", "abcdef"]).text("abcdef abc") == "*** ***"


@given(st.lists(st.text(min_size=1, alphabet=st.characters(exclude_characters="*", codec="utf-8"))), st.text())
def test_nothing_is_left(secrets, text):
    redaction = Redaction(secrets)
    clean = redaction.text(text)
    assert all(secret not in clean for secret in secrets)
    if not any(secret in text for secret in secrets) and not secrets:
        assert clean == text


@given(st.text(), st.sampled_from(["", "no such secret here"]))
def test_without_a_secret_nothing_changes(text, secret):
    assert Redaction([secret]).text(text) == text
    assert Redaction([secret]).content(text.encode()) == text.encode()


def test_bytes():
    redaction = Redaction(["hunter2"])
    assert redaction.content(b"say hunter2 \xc3\xa9") == b"say *** \xc3\xa9"
    assert redaction.content(b"PNG\x00hunter2") is None
    assert redaction.content(b"\xff\xfehunter2") is None
    assert redaction.content(b"\x00\xff") == b"\x00\xff"


def test_an_empty_secret_is_no_secret():
    assert not Redaction([""])
    assert Redaction(["x"])
