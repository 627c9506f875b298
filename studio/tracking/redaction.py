"""Secret values kept out of what is recorded: every form in which a text may hold one is replaced.

A notebook that prints a secret leaves it in the executed notebook (JSON, one list item a line)
and in the HTML; so besides the value itself its JSON, HTML, ``repr`` and URL forms are looked
for, and each longer line of a secret that has several.
"""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

MARK = "***"
_LINE = 6  # a shorter line of a many-line secret is no secret by itself


class Redaction:
    """Replaces secret values in texts and bytes.

    Parameters
    ----------
    secrets : Iterable[str]
        The values; empty ones are passed over.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        encoded = "|".join(re.escape(form) for form in ordered).encode("utf-8", "surrogatepass")
        self._bytes = re.compile(encoded) if ordered else None

    def __bool__(self) -> bool:
        return self._text is not None

    def text(self, text: str) -> str:
        """`text` with every secret replaced by ``***``."""
        return self._text.sub(MARK, text) if self._text else text

    def content(self, content: bytes) -> bytes | None:
        """`content` with every secret replaced; None for binary content that holds one and cannot be mended."""
        if self._bytes is None or not self._bytes.search(content):
            return content
        if b"\x00" in content:
            return None
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return None
        clean = self.text(text)
        if text.lstrip()[:1] in ("{", "[") and not _is_json(clean) and _is_json(text):
            # A secret of digits also stands in numbers, where *** would make the file unreadable.
            clean = json.dumps(self._within(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
        return clean.encode("utf-8", "backslashreplace")

    def _within(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._within(item) for item in value]
        if isinstance(value, dict):
            return {name: self._within(item) for name, item in value.items()}
        return value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _forms(secret: str) -> set[str]:
    lines = [line.strip() for line in secret.splitlines() if len(line.strip()) >= _LINE] if "\n" in secret else []
    found: set[str] = set()
    for value in (secret, *lines):
        # The last one: how repr writes it within a text that has a double quote.
        written = {value, repr(value)[1:-1], ascii(value)[1:-1], repr('"' + value)[2:-1]}
        shown = written | _as_html(written)
        quoted = shown | _as_json(shown)
        found |= quoted | _as_json(quoted) | _as_html(_as_json(written))
        data = value.encode("utf-8", "surrogatepass")  # an environment variable need not be valid UTF-8
        found |= {urllib.parse.quote(data, safe=""), urllib.parse.quote(data), urllib.parse.quote_plus(data)}
    return found


def _as_json(texts: set[str]) -> set[str]:
    return {json.dumps(text, ensure_ascii=plain)[1:-1] for text in texts for plain in (True, False)}


def _as_html(texts: set[str]) -> set[str]:
    escaped = {html.escape(text) for text in texts}
    return (
        {html.escape(text, quote=False) for text in texts}
        | escaped
        | {text.replace("&#x27;", "&#39;") for text in escaped}
        | {text.replace("&quot;", "&#34;") for text in escaped}
        | {text.replace("&quot;", "&#34;").replace("&#x27;", "&#39;") for text in escaped}
    )
