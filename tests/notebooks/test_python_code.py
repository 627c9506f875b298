from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from studio.notebooks.python_code import SyntaxFault, imported_names, parse, parse_strictly, resolved, walk


def names(source):
    tree = parse(source)
    assert isinstance(tree, ast.Module)
    return [(node.id, line) for node, line in walk(tree) if isinstance(node, ast.Name) and node.id != "get_ipython"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a\nb", [("a", 1), ("b", 2)]),
        ("%matplotlib inline\na", [("a", 2)]),
        ("a\n%time b", [("a", 1), ("b", 2)]),
        ("%time b = a", [("b", 1), ("a", 1)]),
        ("b = %time a", [("b", 1), ("a", 1)]),
        ("%timeit -n 10 -r3 a", [("a", 1)]),
        ("%%time\na\n\nb", [("a", 1), ("b", 1)]),
        ("%%capture out\na\n!ls\n%time b", [("a", 1), ("b", 1)]),
        ("files = !ls {x}", [("files", 1)]),
        ("!echo 'it is (\na", [("a", 2)]),
        ("%%bash\necho 'hi", []),
        ("%%writefile a.py\nimport a", []),
        ("a?", []),
        ("?a\nb", [("b", 2)]),
        (">>> a\n... b", [("a", 1), ("b", 2)]),
        ("  a\n  b", [("a", 1), ("b", 2)]),
        ("await a", [("a", 1)]),
        ("x = '''\n%time a\n!ls\n'''", [("x", 1)]),
    ],
)
def test_ipythons_own_notation_is_read_without_running_it(source, found):
    assert names(source) == found


@pytest.mark.parametrize(
    ("source", "line"),
    [("x = (", 1), ("a\nb c", 2), ("%time a\nb c", 1), ("\x00", 0), ("-" * 100_000 + "1", 0), ("(" * 100_000, 1)],
)
def test_what_is_not_python_is_a_fault_with_its_line(source, line):
    fault = parse(source)
    assert isinstance(fault, SyntaxFault)
    assert fault.line == line
    assert fault.message


def test_strict_reading_knows_no_magics_and_warnings_stay_away():
    assert isinstance(parse_strictly("%time a"), SyntaxFault)
    assert isinstance(parse_strictly(r"x = '\d'"), ast.Module)


def test_long_sums_are_walked():
    assert len(names("+".join(["a"] * 900))) == 900


def test_imports_say_what_names_mean():
    tree = parse("import a.b, c as d\nfrom e.f import g, h as i\nfrom . import j\nif x:\n    import k")
    found = imported_names(tree)
    assert found == {"a": "a", "d": "c", "g": "e.f.g", "i": "e.f.h", "k": "k"}
    assert resolved(ast.parse("d.x", mode="eval").body, found) == "c.x"
    assert resolved(ast.parse("f().x", mode="eval").body, found) is None


def test_plain_cells_do_not_import_ipython():
    code = (
        "import sys; from studio.notebooks.python_code import parse; parse('a = 1'); parse('a b');"
        "print('IPython' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
