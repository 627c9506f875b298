"""An executed notebook as one HTML page that shows everything and runs nothing.

Outputs of a notebook are somebody's data: they may carry scripts. nbconvert's sanitising is known to
let some through, and its templates fetch MathJax and others from outside, so the page carries a
content security policy under which no script runs and nothing is fetched.
"""

from __future__ import annotations

import re
from pathlib import Path

from studio.core.files import write_atomic
from studio.core.imports import notebook_libraries

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; media-src data:"
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


def to_html(notebook: str, title: str) -> str:
    """The page for `notebook` (the text of an nbformat 4 file), with `title` in the browser's tab.

    The policy meta element stands first in the head, before anything it must govern.
    """
    with notebook_libraries():
        from nbconvert import HTMLExporter
        from nbformat import v4

    exporter = HTMLExporter(
        template_name="classic",
        embed_images=False,
        mathjax_url="",
        jquery_url="",
        require_js_url="",
        mermaid_js_url="",
        jupyter_widgets_base_url="",
    )
    page, _ = exporter.from_notebook_node(v4.reads(notebook), resources={"metadata": {"name": title}})
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return _HEAD.sub(lambda head: head.group(0) + policy, page, count=1)


def write_page(notebook: Path, page: Path, title: str) -> None:
    """Write the page of the executed notebook in the file `notebook` to `page`, whole or not at all.

    Raises
    ------
    CannotWrite
        When the file system refuses.
    """
    write_atomic(page, to_html(notebook.read_text(encoding="utf-8"), title), durable=False)
