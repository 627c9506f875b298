from __future__ import annotations

from typing import Any

import pytest

from studio.notebooks.review import nbdime_diff
from studio.notebooks.review.nbdime_diff import NotCompared, TooDifferent, nbdime_difference, plain
from tests.conftest import notebook


def test_what_a_reviewer_compares_holds_no_outputs_and_no_noise() -> None:
    given = notebook(("markdown", "# Title"), ("parameters", "a = 1"))
    given["metadata"] |= {
        "widgets": {"state": {}},
        "language_info": {"name": "python", "version": "3.11", "mimetype": "text/x-python"},
    }
    code = given["cells"][1]
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    code["execution_count"] = 7
    code["metadata"] |= {"execution": {}, "collapsed": True, "mine": 1}
    found = plain(given)
    assert found["metadata"] == {
        "kernelspec": given["metadata"]["kernelspec"],
        "language_info": {"name": "python", "mimetype": "text/x-python"},
    }
    assert found["cells"][0] == {"id": "cell-0", "cell_type": "markdown", "source": "# Title", "metadata": {}}
    assert found["cells"][1]["metadata"] == {"tags": ["parameters"], "mine": 1}
    assert (found["cells"][1]["outputs"], found["cells"][1]["execution_count"]) == ([], None)
    assert code["outputs"], "what was given is as it was"


@pytest.mark.slow
def test_the_difference() -> None:
    old, new = plain(notebook("a = 1", "b = 2")), plain(notebook("a = 1", "b = 3\ud800"))
    assert nbdime_difference(old, old, "n.ipynb") == []
    (cells,) = nbdime_difference(old, new, "n.ipynb")
    assert (cells["op"], cells["key"], cells["diff"][0]["key"]) == ("patch", "cells", 1)
    (cells,) = nbdime_difference({**old, "cells": []}, new, "n.ipynb")
    assert [entry["op"] for entry in cells["diff"]] == ["addrange"]


@pytest.mark.slow
def test_a_comparison_that_takes_too_long_is_ended() -> None:
    def words(seed: int) -> dict[str, Any]:
        return plain(notebook(*(f"{(seed * place * 7919) % 10**9:x} " * 400 for place in range(300))))

    with pytest.raises(TooDifferent, match=r"more than 2 seconds\. Next: read the submission's page"):
        nbdime_difference(words(3), words(5), "n.ipynb", seconds=2)


@pytest.mark.slow
def test_a_comparison_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbdime_diff, "__name__", "studio.notebooks.review.none")
    with pytest.raises(NotCompared, match=r"nbdime could not compare n\.ipynb .*No module named"):
        nbdime_difference({}, {}, "n.ipynb")
