"""An executed notebook as one HTML page that shows everything and runs nothing.

Outputs of a notebook are somebody's data: they may carry scripts. nbconvert's sanitising is known to
let some through, and its templates fetch MathJax and others from outside, so the page carries a
content security policy under which no script runs and nothing is fetched.
"""

from __future__ import annotations

import re
from typing import Any

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; media-src data:"
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


def to_html(notebook: dict[str, Any], title: str) -> str:
    """The page for `notebook` (nbformat 4 as plain data), with `title` in the browser's tab.

    The policy meta element stands first in the head, before anything it must govern.
    """
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="classic",
        embed_images=False,
        mathjax_url="",
        jquery_url="",
        require_js_url="",
        mermaid_js_url="",
        jupyter_widgets_base_url="",
    )
    node = nbformat.from_dict(notebook)
    page, _ = exporter.from_notebook_node(node, resources={"metadata": {"name": title}})
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return _HEAD.sub(lambda head: head.group(0) + policy, page, count=1)
