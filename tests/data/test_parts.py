from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from studio.data import parts

KEYS = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
VALUES = st.dictionaries(KEYS, st.text(max_size=20), max_size=3)


def named(found):
    return ",".join(f"{key}={quote(found[key], safe='')}" for key in sorted(found))


PARTS = VALUES.map(named)


@given(PARTS, PARTS)
def test_folders_are_safe_and_different_for_different_parts(one, other):
    names = [parts.folder_name(part) for part in (one, other)]
    assert all(0 < len(name.encode()) < 120 and "/" not in name and name.strip(".") for name in names)
    assert (names[0].lower() == names[1].lower()) == (one == other)


@given(VALUES)
def test_values_are_read_back_as_they_were_written(found):
    assert parts.values(named(found)) == found
    assert parts.keys(named(found)) == tuple(sorted(found))


def test_case_makes_another_folder_where_the_file_system_has_no_case():
    assert parts.folder_name("model=A").lower() != parts.folder_name("model=a").lower()


def test_no_part_has_its_own_folder():
    assert parts.folder_name("") == "_"


def test_parts_stand_by_their_values_and_not_by_their_letters():
    assert parts.in_order(["folds=10", "folds=9"]) == ["folds=9", "folds=10"]
    assert parts.in_order(["model=b", "model=a"]) == ["model=a", "model=b"]
    assert parts.in_order([""]) == [""]


def test_a_key_gets_a_type_only_when_all_its_values_have_it():
    assert parts.typed_values(["n=5,on=true,x=0.5", "n=7,on=false,x=1"]) == {
        "n=5,on=true,x=0.5": {"n": 5, "on": True, "x": 0.5},
        "n=7,on=false,x=1": {"n": 7, "on": False, "x": 1.0},
    }
    assert parts.typed_values(["zip=012", "zip=5"])["zip=5"] == {"zip": "5"}
