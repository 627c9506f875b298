from __future__ import annotations

import pytest

from studio.core.errors import Problems
from studio.notebooks.document import read_notebook
from studio.notebooks.modules import local_modules


@pytest.fixture
def found(notebooks):
    def find(source, files, path="notebooks/churn/a.ipynb"):
        for name, text in files.items():
            notebooks.write(name, text)
        notebooks.save(path, *([source] if isinstance(source, str) else source))
        modules = local_modules(notebooks.workspace, read_notebook(notebooks.workspace, path))
        return {module.name: module.path for module in modules}

    return find


def test_the_notebooks_folder_comes_before_the_root_and_both_before_what_is_installed(found):
    files = {
        "notebooks/churn/lib.py": "",
        "lib.py": "",
        "rootlib.py": "",
        "random.py": "",
        "notebooks/lib.py": "",
        "notebooks/other.py": "",
        "math.py": "",
        "sys.py": "",
    }
    assert found("import lib, rootlib, random, other, sys, numpy, nowhere, os.path", files) == {
        "lib": "notebooks/churn/lib.py",
        "rootlib": "rootlib.py",
        "random": "random.py",
        "math": "math.py",  # not imported here, but it hides the one that installed code imports
    }


def test_imports_are_followed_through_modules_and_circles(found):
    files = {"a.py": "import b", "b.py": "def f():\n    from c import x", "c.py": "import a", "d.py": ""}
    assert set(found("import a", files)) == {"a", "b", "c"}


def test_packages_sub_modules_and_relative_imports(found):
    files = {
        "pkg/__init__.py": "from .one import x\nfrom . import two",
        "pkg/one.py": "",
        "pkg/two.py": "from .deep import inner\nfrom .deep.more import y",
        "pkg/three.py": "",
        "pkg/deep/__init__.py": "",
        "pkg/deep/inner.py": "from .. import four\nfrom ..five import z\nfrom ...above import w",
        "pkg/deep/more.py": "",
        "pkg/deep/unused.py": "",
        "pkg/four.py": "",
        "pkg/five.py": "",
        "above.py": "",
    }
    assert set(found("import pkg", files)) == {
        "pkg", "pkg.one", "pkg.two", "pkg.deep", "pkg.deep.inner", "pkg.deep.more", "pkg.four", "pkg.five",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import pkg.sub.mod", {"pkg", "pkg.sub", "pkg.sub.mod"}),
        ("from pkg import sub", {"pkg", "pkg.sub"}),
        ("from pkg import sub, attribute", {"pkg", "pkg.sub"}),
        ("from pkg.sub import mod as m", {"pkg", "pkg.sub", "pkg.sub.mod"}),
        ("from pkg import *", {"pkg", "pkg.sub", "pkg.other"}),
        ("import pkg.missing", {"pkg"}),
        ("import importlib\nimportlib.import_module('pkg.sub')", {"pkg", "pkg.sub"}),
        ("from importlib import import_module\nimport_module('.sub', 'pkg')", {"pkg", "pkg.sub"}),
        ("import importlib\nimportlib.import_module('..other', package='pkg.sub')", {"pkg", "pkg.other"}),
        ("__import__('pkg')", {"pkg"}),
        ("import importlib\nimportlib.import_module(name)", set()),
        ("%time import pkg", {"pkg"}),
        ("%%capture\nimport pkg.sub", {"pkg", "pkg.sub"}),
        ("%run -m pkg.other", {"pkg", "pkg.other"}),
        ("try:\n    import pkg\nexcept ImportError:\n    pass", {"pkg"}),
        ("from . import pkg", set()),
        ("'import pkg'", set()),
        ("x = (", set()),
    ],
)
def test_every_form_of_import_is_seen(found, source, names):
    files = {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/mod.py": "", "pkg/other.py": ""}
    assert set(found(source, files)) == names


def test_namespace_packages_span_folders(found):
    files = {"space/one.py": "", "notebooks/churn/space/two.py": ""}
    assert found("import space.one, space.two", files) == {
        "space.one": "space/one.py",
        "space.two": "notebooks/churn/space/two.py",
    }


def test_compiled_modules_count_by_their_bytes(found, notebooks):
    files = {"fast.so": "\x00bytes", "fast.py": "import other", "other.py": ""}
    assert found("import fast", files) == {"fast": "fast.so"}


def test_scripts_run_by_magic_count(found):
    files = {"notebooks/churn/setup.py": "import lib", "lib.py": ""}
    assert found("%run setup.py --fast", files) == {"%run setup.py": "notebooks/churn/setup.py", "lib": "lib.py"}


@pytest.mark.parametrize("source", ["%run other.ipynb", "%run {x}", "%run", "%run missing.py"])
def test_a_run_that_cannot_be_followed_is_refused(found, source):
    with pytest.raises(Problems, match=r"a.ipynb: cell 1, line 1: .*%run.* Next: "):
        found(source, {})


def test_test_cells_count_and_cells_that_never_run_do_not(found, notebooks):
    files = {"a.py": "", "b.py": "", "c.py": "", "d.py": ""}
    cells = [
        notebooks.cell("import a", "test"),
        notebooks.cell("import b", "scratch"),
        notebooks.cell("import c", "skip-execution"),
        notebooks.cell("import d", kind="raw"),
    ]
    assert set(found(cells, files)) == {"a"}


def test_studio_itself_is_the_environments_business(notebooks, found, monkeypatch, tmp_path):
    assert found("import studio\nfrom studio import load", {"studio/__init__.py": "", "studio/x.py": ""}) == {
        "studio": "studio/__init__.py"
    }
    monkeypatch.setattr("studio.notebooks.modules._OWN_PACKAGE", notebooks.root / "studio")
    assert found("import studio\nfrom studio import load", {}) == {}


def test_modules_that_lead_outside_are_refused(found, notebooks, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "evil.py").write_text("")
    (outside / "pack").mkdir()
    (outside / "pack" / "__init__.py").write_text("")
    (notebooks.root / "evil.py").symlink_to(outside / "evil.py")
    (notebooks.root / "pack").symlink_to(outside / "pack")
    for name in ("evil", "pack"):
        with pytest.raises(Problems, match=f"The module {name} at .* leads outside the workspace"):
            found(f"import {name}", {})
    assert found("import inner", {"real.py": ""}) == {}
    (notebooks.root / "inner.py").symlink_to(notebooks.root / "real.py")
    assert found("import inner", {}) == {"inner": "real.py"}


def test_a_module_that_is_not_python_is_told_with_its_line(found, notebooks):
    with pytest.raises(Problems, match=r"(?m)^lib\.py:2: The module is not Python: ") as caught:
        found("import lib, latin", {"lib.py": "a = 1\nb c\n", "latin.py": "# coding: nonsense\n"})
    assert [problem.path for problem in caught.value.problems] == ["latin.py", "lib.py"]
    notebooks.root.joinpath("lib.py").write_bytes(b"x = '\xe9'")
    with pytest.raises(Problems, match=r"lib\.py: The module cannot be read"):
        found("import lib", {})


def test_a_declared_encoding_is_kept(found, notebooks):
    notebooks.root.joinpath("lib.py").write_bytes("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    assert found("import lib", {}) == {"lib": "lib.py"}


def test_broken_links_are_passed_over(found, notebooks):
    (notebooks.root / "gone.py").symlink_to(notebooks.root / "nowhere.py")
    (notebooks.root / "loop").symlink_to(notebooks.root / "loop")
    assert found("import gone, loop.x", {}) == {}


def test_other_languages_have_no_modules(notebooks):
    notebooks.write("a.py", "")
    kernel = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    assert local_modules(notebooks.workspace, notebooks.document("import a", metadata=kernel)) == ()


def test_a_module_that_hides_an_installed_one_is_part_of_every_notebook(found):
    # Installed code imports it by its name, and finds the workspace's first.
    assert found("import sklearn", {"threadpoolctl.py": "import own\n", "own.py": "", "unseen.py": ""}) == {
        "threadpoolctl": "threadpoolctl.py",
        "own": "own.py",
    }
    assert found("a = 1", {"notebooks/churn/difflib.py": "", "joblib/__init__.py": "", "joblib/deep/inner.py": ""}) == {
        "threadpoolctl": "threadpoolctl.py",
        "own": "own.py",
        "difflib": "notebooks/churn/difflib.py",
        "joblib": "joblib/__init__.py",
        "joblib.deep.inner": "joblib/deep/inner.py",
    }


def test_a_folder_hides_no_installed_package_but_adds_to_a_namespace(found):
    files = {"yaml/loader.py": "", "docs/conf.py": "", "google/protobuf/message.py": "", "mpl_toolkits/new.py": ""}
    assert found("import yaml", files) == {
        "google.protobuf.message": "google/protobuf/message.py",
        "mpl_toolkits.new": "mpl_toolkits/new.py",
    }
