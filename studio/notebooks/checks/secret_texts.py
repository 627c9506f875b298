"""The rule exposed-secret: passwords, tokens and keys in code, texts and outputs. What is found is never repeated.

The shapes are those that issuers document, so that ordinary words and digests do not look like secrets. Texts that are
given to a variable called a password or a token count when they look like one. An output is searched in its first and
last megabyte; a larger one is told by the rule large-output.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from studio.notebooks import strict_json
from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.checks.literals import literals
from studio.notebooks.document import Cell, NotebookDocument

_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"{}<>$]{0,80}:(?P<value>[^\s/@'\"{}<>$]{1,200})@[\w.\[-]", re.IGNORECASE
)
_API = re.compile(r"(?<![A-Za-z0-9_-])sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{0,80}[A-Za-z0-9]{20}")
# What must stand in a text (cheap to look for), the shape, and what it is.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (("AKIA", "ASIA"), re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"), "an AWS access key"),
    (("gh",), re.compile(r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,}"), "a GitHub token"),
    (("github_pat_",), re.compile(r"github_pat_[A-Za-z0-9]{20,}_[A-Za-z0-9]{40,}"), "a GitHub token"),
    (("glpat-",), re.compile(r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}"), "a GitLab token"),
    (("xox",), re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"), "a Slack token"),
    (("hooks.slack.com",), re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"), "a Slack address that posts"),
    (("sk-",), _API, "an API key"),
    (("hf_",), re.compile(r"(?<![A-Za-z0-9_])hf_[A-Za-z]{30,}(?![A-Za-z0-9])"), "a Hugging Face token"),
    (("AIza",), re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"), "a Google API key"),
    (("PRIVATE KEY",), re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"), "a private key"),
    (("://",), _URL, "a URL with a password"),
)  # fmt: skip
_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|pwd|passphrase)$", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?:^|_)(?:secret|token|api_?key|access_?key|secret_?key|private_?key|account_?key|auth_?key|credentials?)$",
    re.IGNORECASE,
)
# One of these must stand in the code where something called so gets a text: cheap to look for.
_PERHAPS = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?<!\w)(?P<name>\w{0,60}(?:password|passwd|secret|token|api_?key|access_?key))[\"']?\s*(?:=|<-|:)\s*"
    r"(?P<quote>[\"'])(?P<value>[^\"'\s]{4,200})(?P=quote)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?i)[*x•.…-]+|<.*>|\$.*|\{.*\}|%.*|.*(?:your|example|placeholder|change[_-]?me|dummy|redacted|xxxx|\.\.\.|…|"
    r"\*\*\*|insert|todo|none|null|env).*"
)
_PIECE = 1_000_000
_FIX = "take it out, revoke it where it was issued, and read it from an environment variable (SecretStr)."


def secret_findings(document: NotebookDocument) -> Iterator[Finding]:
    """Secrets in the cells of every type and in their outputs; one finding for each kind and line."""
    for cell in document.cells:
        for line, kind in sorted(set(_in_source(document, cell))):
            message = f"{kind[0].upper()}{kind[1:]} stands here, and goes wherever the notebook goes."
            yield found(document, "exposed-secret", message, _FIX, cell, line)
        for kind in sorted(set(_in_outputs(cell))):
            message = f"{kind[0].upper()}{kind[1:]} stands in the cell's output, and goes wherever the notebook goes."
            fix = "clear the output, revoke the secret where it was issued, and do not print it."
            yield found(document, "exposed-secret", message, fix, cell)


def _in_source(document: NotebookDocument, cell: Cell) -> Iterator[tuple[int, str]]:
    source = cell.source
    for position, kind in shaped(source):
        yield source.count("\n", 0, position) + 1, kind
    if cell.type == "code" and document.is_python:
        for literal in literals(source) if _PERHAPS.search(source) else ():
            if suspicious(literal.given_to, literal.text):
                yield literal.line, f"the secret of {literal.given_to!r}"
    else:
        for position, name in _written(source):
            yield source.count("\n", 0, position) + 1, f"the secret of {name!r}"


def _in_outputs(cell: Cell) -> Iterator[str]:
    for output in cell.outputs:
        for text in _texts(output):
            for piece in (text,) if len(text) <= 2 * _PIECE else (text[:_PIECE], text[-_PIECE:]):
                yield from (kind for _, kind in shaped(piece))
                yield from (f"the secret of {name!r}" for _, name in _written(piece))


def _texts(output: Mapping[str, Any]) -> Iterator[str]:
    """The texts in an output, lists of lines joined; pictures, which are long base64, left out."""
    data = output.get("data")
    parts: list[Any] = [output.get("text"), output.get("traceback"), output.get("evalue")]
    if isinstance(data, dict):
        parts += [value for kind, value in data.items() if not str(kind).startswith(("image/", "application/pdf"))]
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, list) and all(isinstance(line, str) for line in part):
            yield "".join(part)
        elif part is not None:
            yield from (text for _, text in strict_json.strings(part))


def shaped(text: str) -> Iterator[tuple[int, str]]:
    """Position and kind of each known shape of a secret in the text."""
    for marks, shape, kind in _SHAPES:
        if not any(mark in text for mark in marks):
            continue
        for match in shape.finditer(text):
            value = match.groupdict().get("value")
            if (value is None and not _is_sample(match[0])) or (value and not _PLACEHOLDER.fullmatch(value)):
                yield match.start(), kind


def suspicious(name: str, value: str) -> bool:
    """Whether `value` looks like a secret that is given to something called `name`."""
    if _PASSWORD.search(name):
        return 3 <= len(value) <= 200 and not _is_harmless(name, value)
    if _TOKEN.search(name):
        return len(value) >= 16 and not _is_harmless(name, value) and entropy(value) >= 3.0
    return False


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits each (C. E. Shannon, A Mathematical Theory of Communication)."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _written(text: str) -> Iterator[tuple[int, str]]:
    for match in _WRITTEN.finditer(text) if "=" in text or ":" in text or "<-" in text else ():
        if suspicious(match["name"], match["value"]):
            yield match.start(), match["name"]


def _is_harmless(name: str, value: str) -> bool:
    """A placeholder, a sentence, a name of something else, or the word itself."""
    return (
        any(mark.isspace() for mark in value)
        or _PLACEHOLDER.fullmatch(value) is not None
        or value.lower().strip("_") in {name.lower(), "password", "passwd", "secret", "token"}
        or "/" in value[:1]
        or re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", value) is not None  # the name of an environment variable
    )


def _is_sample(value: str) -> bool:
    """A shape that only says what such a key looks like: documentation's own, or one letter over and over."""
    return "EXAMPLE" in value or entropy(value[-16:]) < 2.0
