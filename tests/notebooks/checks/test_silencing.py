"""A finding is silenced where it stands, with a reason, and no longer than it is there."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("x = 1\nimport os  # studio: ignore[unused-import] for its effect", []),
        ("# studio: ignore[unused-import] for their effects\nx = 1\nimport os, sys", []),
        ("x = 1\n# studio: ignore[unused-import] for its effect\nimport os", []),
        ("%%time\n# studio: ignore[unused-import] for its effect\nx = 1\nimport os", []),
        ("x = 1\nimport os  # studio: ignore[unused-import]: for its effect\nimport sys", ["unused-import"]),
        ("x = 1\nimport os  # studio: ignore[unused-import]", ["invalid-silencing"]),
        ("x = 1  # studio: ignore why", ["invalid-silencing"]),
        ("x = 1\nimport os  # studio: ignore[unused-imports] why", ["unused-import", "invalid-silencing"]),
        ("x = 1\nimport os  # studio: ignore[not-python] why", ["unused-import", "invalid-silencing"]),
        ("x = 1\ny = 1  # studio: ignore[unused-import] why", ["unused-silencing"]),
        ("import os, sys\nos.x  # studio: ignore[absolute-path] why\nsys", ["unused-silencing"]),
        ("# studio: ignore[unused-import, absolute-path] why\nimport os\nopen('/home/ada/x')", []),
    ],
)
def test_comments(checker, source, rules):
    assert [finding.rule for finding in checker.findings(source)] == rules


def test_markdown_and_the_whole_notebook(checker):
    comment = "<!-- studio: ignore[missing-parameters] nothing can be set -->"
    load = "import studio\nstudio.load('a')"
    document = checker.document(checker.cell(f"{comment}\n# Why", kind="markdown"), load)
    assert checker.checked(document) == []
    document = checker.document(checker.cell(f"# Why\n{comment}", kind="markdown"), load)
    assert checker.checked(document) == ["missing-parameters", "unused-silencing"]
    document = checker.document(checker.cell("# Why", kind="markdown"), f"# {comment}\n{load}")
    assert "missing-parameters" in checker.checked(document)


def test_a_silencing_without_words_around_it_is_read(checker):
    text = checker.cell(
        "see [x](/home/ada/x.png) <!-- studio: ignore[absolute-path] the server's mount -->", kind="markdown"
    )
    assert checker.findings(text) == []
    assert [
        f.rule for f in checker.findings(checker.cell("<!-- studio: ignore[absolute-path] -->", kind="markdown"))
    ] == [
        "invalid-silencing",
        "unused-silencing",
    ]
