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
        escaped = json.dumps(value)[1:-1]
        found |= {value, escaped, json.dumps(value, ensure_ascii=False)[1:-1]}
        found |= {json.dumps(escaped)[1:-1], repr(value)[1:-1], json.dumps(repr(value)[1:-1])[1:-1]}
        found |= {html.escape(value), html.escape(value, quote=False), html.escape(repr(value)[1:-1])}
        found |= {html.escape(value).replace("&#x27;", "&#39;"), html.escape(value).replace("&quot;", "&#34;")}
        found |= {urllib.parse.quote(value, safe=""), urllib.parse.quote(value), urllib.parse.quote_plus(value)}
    return found
