"""An entry is put into YAML as text: what was there stays to the letter, and what comes out is what was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from studio.core.yaml_entries import CannotInsert, insert_entry

ENTRY = "new:\n  description: Made by a test.\n  tags: [a, b]\n"
VALUE = {"description": "Made by a test.", "tags": ["a", "b"]}

TEXTS = {
    "empty file": "",
    "no such key": "version: 1\n",
    "no line end": "version: 1",
    "empty mapping": "version: 1\ndatasets: {}\n",
    "empty mapping and a comment": "datasets: {}  # none yet\nversion: 1\n",
    "nothing behind the key": "version: 1\ndatasets:\n",
    "nothing behind the key, and a key after it": "datasets:\nversion: 1\n",
    "nothing at the very end": "version: 1\ndatasets:",
    "two spaces": "version: 1\ndatasets:\n  one:\n    description: x\n",
    "four spaces": "datasets:\n    one: {description: x}\n    two:\n        tags:\n            - a\n\nversion: 1\n",
    "comments": "# top\ndatasets:\n  # about one\n  one:\n    description: x  # why\n  # the end\nversion: 1  # last\n",
    "folded text": "datasets:\n  one:\n    description: >-\n      two\n      lines\n\nversion: 1\n",
    "literal text at the end": "version: 1\ndatasets:\n  one:\n    description: |\n      two\n      lines\n",
    "bare entry": "datasets:\n  one:\n  two:\nversion: 1\n",
    "quoted over lines": 'datasets:\n  one:\n    description: "two\n      lines"\nversion: 1\n',
    "flow inside": "datasets:\n  one: {tags: [a,\n    b]}\nversion: 1\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_the_rest_stays_and_the_entry_is_the_last(text: str) -> None:
    before: dict[str, Any] = yaml.safe_load(text) or {}
    made = insert_entry(text, "datasets", ENTRY, "a.yml")
    after = yaml.safe_load(made)
    assert after == {**before, "datasets": {**(before.get("datasets") or {}), "new": VALUE}}
    assert list(after["datasets"])[-1] == "new"
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("datasets:")]
    assert [line for line in made.splitlines() if line in kept] == kept


@pytest.mark.parametrize(
    "text", ["datasets: {one: {}}\n", "- a\n", "{datasets: {}}\n", "datasets: [a]\n", "datasets: x\n", "a: [\n"]
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(CannotInsert, match=r"Nothing was added to a\.yml: .* Next: "):
        insert_entry(text, "datasets", ENTRY, "a.yml")


NAMES = st.text("abcxyz_", min_size=1, max_size=6).filter(lambda name: name not in {"new", "y", "n"})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab :#-'{}[]\"\n\t|>&*!%é", max_size=30)
    | st.lists(st.integers(), max_size=3)
)
ENTRIES = st.dictionaries(NAMES, st.dictionaries(NAMES, LEAVES, max_size=3) | st.none(), max_size=4)


@given(
    ENTRIES,
    st.dictionaries(NAMES, LEAVES, max_size=2),
    st.dictionaries(NAMES, LEAVES, max_size=2),
    st.sampled_from([2, 3, 4]),
)
def test_whatever_the_file_holds(
    entries: dict[str, Any], above: dict[str, Any], below: dict[str, Any], indent: int
) -> None:
    parts = [{f"a_{name}": value for name, value in above.items()}, {"datasets": entries}]
    parts.append({f"b_{name}": value for name, value in below.items()})
    text = "".join(
        yaml.safe_dump(part, default_flow_style=False, indent=indent, sort_keys=False) for part in parts if part
    )
    before = yaml.safe_load(text)
    after = yaml.safe_load(insert_entry(text, "datasets", ENTRY, "a.yml"))
    assert after == {**before, "datasets": {**(before["datasets"] or {}), "new": VALUE}}
