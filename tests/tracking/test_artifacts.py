"""Artifacts, gathered before they are uploaded."""

from __future__ import annotations

import pytest

from studio.core.errors import BadInput
from studio.tracking.artifacts import staged
from studio.tracking.redaction import Redaction


def test_texts_and_files_stand_under_their_paths(tmp_path):
    file = tmp_path / "made.png"
    file.write_bytes(b"\x89PNG\x00")
    with staged({"a/b.txt": "é\ud800", "figures/one.png": file}, Redaction()) as folder:
        assert (folder / "a" / "b.txt").read_bytes() == b"\xc3\xa9\\ud800"
        assert (folder / "figures" / "one.png").read_bytes() == b"\x89PNG\x00"
    assert not folder.exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\x00b"])
def test_a_path_that_leads_outside_is_refused(path):
    with pytest.raises(BadInput, match="no path for an artifact"), staged({path: "x"}, Redaction()):
        pass


@pytest.mark.parametrize("redaction", [Redaction(), Redaction(["secret"])])
def test_a_missing_file_is_named(tmp_path, redaction):
    missing = tmp_path / "missing.html"
    with pytest.raises(BadInput, match=r"missing\.html: No such file"), staged({"x.html": missing}, redaction):
        pass


def test_two_artifacts_that_meet_are_refused():
    with pytest.raises(BadInput, match="'a/b'"), staged({"a": "x", "a/b": "y"}, Redaction()):
        pass


def test_secrets_are_replaced_or_the_file_is_withheld(tmp_path):
    page, image = tmp_path / "page.html", tmp_path / "image.png"
    page.write_text("<b>hunter2</b>", encoding="utf-8")
    image.write_bytes(b"\x89PNG\x00hunter2")
    with staged({"p.html": page, "i.png": image, "t.txt": "hunter2"}, Redaction(["hunter2"])) as folder:
        assert (folder / "p.html").read_text() == "<b>***</b>"
        assert (folder / "t.txt").read_text() == "***"
        assert sorted(path.name for path in folder.iterdir()) == ["i.png.withheld.txt", "p.html", "t.txt"]
    assert page.read_text() == "<b>hunter2</b>"
