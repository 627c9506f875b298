"""Packets and differences as pages: self-contained, without scripts, under a policy that lets nothing be fetched.

The only style sheets that apply are ours, by their digests. HTML of outputs stands in frames without any rights, which
inherit the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.notebooks.review.terminal import bytes_shown, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from studio.notebooks.review.diff import NotebookDiff

_FOLDER = Path(__file__).parent / "templates"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z\Z")
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\\]+\Z", re.IGNORECASE)


def packet_page(content: Mapping[str, Any]) -> str:
    """The page of a packet's data."""
    by_cell: dict[int, list[Any]] = {}
    for comment in content["comments"]["rows"]:
        by_cell.setdefault(comment["cell"] or 0, []).append(comment)
    return _render("packet.html.j2", packet=content, diff=content["diff"], comments_of=by_cell)


def diff_page(diff: NotebookDiff) -> str:
    """The page of a difference alone."""
    content = diff.as_dict()
    for entry, cell in zip(content["cells"], diff.cells, strict=True):
        entry["text"] = None if cell.source.hunks else cell.cell.source[:20_000]
        entry["outputs_shown"] = []
    content["cells_left_out"] = 0
    return _render("diff.html.j2", diff=content, comments_of={})


def _render(name: str, **values: Any) -> str:
    style, frame_style = _text("packet.css"), _text("frame.css")
    policy = (
        "default-src 'none'; img-src data:; "
        f"style-src {_source_of(style)} {_source_of(frame_style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template(name)
    return template.render(policy=policy, style=_trusted(style), frame_style=frame_style, **values)


def _source_of(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        shown=visible,
        marked=_marked,
        size=bytes_shown,
        number=_number,
        signed=_signed,
        percent=_percent,
        framed=_framed,
        height=_height,
        plural=_plural,
        runs=_runs,
        moment=_moment,
    )
    made.tests["address"] = lambda text: bool(_ADDRESS.match(text))
    return made


def _trusted(text: str) -> Markup:
    """A text of this package, which is HTML or CSS already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - only ever a file of this package


def _marked(line: Mapping[str, Any]) -> Markup:
    """The text of a line, its changed words marked."""
    from markupsafe import Markup, escape

    text, end, parts = line["text"], 0, []
    for start, stop in line["spans"]:
        parts += [escape(visible(text[end:start])), Markup("<mark>"), escape(visible(text[start:stop])), _END]
        end = stop
    parts.append(escape(visible(text[end:])))
    return Markup("").join(Markup(part) if part is _END else part for part in parts)  # noqa: S704 - escaped above


_END = "</mark>"


def _framed(html: str) -> str:
    """The document of a frame; it stands in an attribute, which the template escapes."""
    style = _text("frame.css")
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{html}"


def _height(html: str) -> str:
    rows = html.count("<tr") + html.count("<li") + html.count("<p")
    return "low" if rows <= 4 else "small" if rows <= 8 else "middle" if rows <= 14 else "high"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | int) else ("\u2013" if value is None else str(value))


def _signed(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:+.4g}".replace("-", "\u2212")


def _percent(value: float | None) -> str:
    return "\u2013" if value is None else f"{value * 100:+.2f} %".replace("-", "\u2212")


def _runs(cells: Sequence[Mapping[str, Any]], comments: Mapping[int, Any]) -> list[list[Mapping[str, Any]]]:
    """The cells, those in a row about which there is nothing to say together."""

    def quiet(cell: Mapping[str, Any]) -> bool:
        differs = cell["outputs"]["changed"] or cell["metadata_changed"] or cell["number"] in comments
        return cell["status"] == "unchanged" and not differs

    runs: list[list[Mapping[str, Any]]] = []
    for cell in cells:
        if runs and quiet(cell) and quiet(runs[-1][0]):
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return runs


def _moment(text: str) -> str:
    """A time as people read it, to the minute; another text as it is."""
    found = _MOMENT.match(text)
    return f"{found[1]} {found[2]} UTC" if found else text


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
