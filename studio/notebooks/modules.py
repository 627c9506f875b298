"""The workspace's own modules that a notebook imports, directly and through one another.

They are part of what a notebook is: an edited module changes what runs as much as an edited cell. Names are looked up
as the kernel does it: the notebook's folder first, then the workspace's root, then everything installed (which the
environment's lock stands for, Studio itself included). So a file called like something installed is found by installed
code, too: it counts whether or not the notebook itself imports it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.core.errors import Problem, Problems
from studio.core.files import digest_bytes, digest_file
from studio.core.workspace import Workspace
from studio.notebooks.document import SKIP, Cell, NotebookDocument
from studio.notebooks.imports import Import, Script, cell_imports, module_imports
from studio.notebooks.python_code import SyntaxFault

_OWN_PACKAGE = Path(__file__).resolve().parents[1]
# Extension modules come before source, source before compiled code, as in Python's own finder.
_ORDER = (*importlib.machinery.EXTENSION_SUFFIXES, *importlib.machinery.SOURCE_SUFFIXES, ".pyc")


@dataclass(frozen=True)
class Module:
    """One module of the workspace.

    Attributes
    ----------
    name : str
        The name that it is imported by (``%run path`` for a script).
    path : str
        The file, relative to the workspace.
    digest : str
        SHA-256 of its text with line endings and the end of the file made one; of the bytes for compiled modules.
    """

    name: str
    path: str
    digest: str


@dataclass(frozen=True)
class _Place:
    """Where a name was found: its file (None for a namespace package) and, for a package, its folders."""

    name: str
    file: Path | None
    folders: tuple[Path, ...] = ()


def local_modules(workspace: Workspace, document: NotebookDocument) -> tuple[Module, ...]:
    """The workspace's modules that the notebook imports, transitively, sorted by name.

    The cells of tests count, too. Modules imported by a name that is only known at run time are not seen.

    Raises
    ------
    Problems
        When a module leads outside the workspace, cannot be read or is not Python, or ``%run`` names what cannot be
        followed; all at once.
    """
    if not document.is_python:
        return ()
    search = _Search(workspace, (workspace.root / document.path).parent)
    for cell in document.cells:
        if cell.role in {"code", "parameters", "test"} and SKIP not in cell.tags:
            search.cell(document, cell)
    search.hiding()
    search.follow()
    if search.problems:
        raise Problems(search.problems)
    return tuple(sorted(search.found.values(), key=lambda module: (module.name, module.path)))


class _Search:
    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace = workspace
        self.folder = folder
        self.root = workspace.root.resolve()
        self.roots = tuple(dict.fromkeys((folder.resolve(), self.root)))
        self.listings: dict[Path, frozenset[str]] = {}
        self.found: dict[tuple[str, Path], Module] = {}
        self.waiting: list[tuple[str, Path, bool]] = []
        self.problems: list[Problem] = []

    def cell(self, document: NotebookDocument, cell: Cell) -> None:
        for item in cell_imports(cell.source):
            if isinstance(item, Import):
                if not item.level:
                    self.take(self.imported(item.module, item.names))
                continue
            reason = self.script(item)
            if reason:
                self.problems.append(document.problem(reason, cell, item.line))

    def hiding(self) -> None:
        """Take what stands before something installed of the same name, and all that lies in it."""
        elsewhere = tuple(entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"})
        for name in self.children(self.roots):
            kind = _installed(name, elsewhere)
            place = self.place(name, name, self.roots) if kind else None
            # A mere folder is passed over for a package; of a package without a file of its own it is the first part.
            if place is None or _is_installed(name, place) or (place.file is None and kind == "package"):
                continue
            self.take(self.within(place))

    def within(self, place: _Place) -> Iterator[_Place]:
        """The place and, for a package, all modules in it."""
        yield place
        if place.folders:
            for name in self.children(place.folders):
                inner = self.place(f"{place.name}.{name}", name, place.folders)
                if inner is not None:
                    yield from self.within(inner)

    def script(self, item: Script) -> str:
        """Take the file of a ``%run``; the reason where it cannot be followed."""
        if not item.path.endswith(".py"):
            return (
                f"What %run {item.path} runs cannot be followed, so it would be no part of the fingerprint. "
                "Next: move the shared code into a module and import it."
            )
        file = self.folder / item.path
        if not file.is_file():
            return f"The file of %run {item.path} does not exist. Next: correct the path."
        self.take([_Place(f"%run {item.path}", file)])
        return ""

    def take(self, places: Iterable[_Place]) -> None:
        for place in places:
            if place.file is None or (place.name, place.file) in self.found:
                continue
            module = self.read(place.name, place.file)
            if module is not None:
                self.found[place.name, place.file] = module
                self.waiting.append((place.name, place.file, bool(place.folders)))

    def follow(self) -> None:
        """Take what the modules taken so far import."""
        while self.waiting:
            name, file, is_package = self.waiting.pop()
            if file.suffix != ".py":
                continue
            shown = self.workspace.shown(file)
            text = self.text(file, shown)
            items = module_imports(text) if text is not None else ()
            if isinstance(items, SyntaxFault):
                message = f"The module is not Python: {items.message}. Next: correct it."
                self.problems.append(Problem(shown, items.line, message))
                continue
            package = name if is_package else name.rpartition(".")[0]
            for item in items:
                if isinstance(item, Import):
                    self.take(self.imported(*_absolute(item, package)))

    def imported(self, module: str, names: tuple[str, ...]) -> Iterator[_Place]:
        """The places of the module, of the packages it lies in, and of the sub-modules among `names`."""
        folders: tuple[Path, ...] = self.roots
        parts = module.split(".") if module else []
        for depth, part in enumerate(parts):
            place = self.place(".".join(parts[: depth + 1]), part, folders)
            if place is None or (not depth and _is_installed(part, place)):
                return
            yield place
            folders = place.folders
        if not parts:
            return
        for name in self.children(folders) if "*" in names else names:
            place = self.place(f"{module}.{name}", name, folders)
            if place is not None:
                yield place

    def place(self, name: str, part: str, folders: tuple[Path, ...]) -> _Place | None:
        portions = []
        for folder in folders:
            listing = self.listing(folder)
            inner = folder / part
            if part in listing:
                for suffix in _ORDER:
                    if f"__init__{suffix}" in self.listing(inner):
                        return _Place(name, inner / f"__init__{suffix}", (inner,))
            for suffix in _ORDER:
                if part + suffix in listing and (file := folder / (part + suffix)).is_file():
                    return _Place(name, file)
            if part in listing and inner.is_dir():
                portions.append(inner)
        return _Place(name, None, tuple(portions)) if portions else None

    def listing(self, folder: Path) -> frozenset[str]:
        if folder not in self.listings:
            try:
                self.listings[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names only: Path objects cost more
            except OSError:
                # Python's own finder passes over what is no folder or cannot be listed.
                self.listings[folder] = frozenset()
        return self.listings[folder]

    def children(self, folders: tuple[Path, ...]) -> list[str]:
        names = {name.partition(".")[0] for folder in folders for name in self.listing(folder)}
        return sorted(name for name in names if name.isidentifier() and name not in {"__init__", "__pycache__"})

    def read(self, name: str, file: Path) -> Module | None:
        shown = self.workspace.shown(file)
        if not self.is_inside(file):
            message = (
                f"The module {name} at {file} leads outside the workspace {self.root}. "
                "Next: move the module into the workspace, or install it as a package."
            )
            self.problems.append(Problem(shown, 0, message))
            return None
        if file.suffix != ".py":
            return Module(name, shown, digest_file(file))
        text = self.text(file, shown)
        return (
            None if text is None else Module(name, shown, digest_bytes(text.rstrip().encode("utf-8", "surrogatepass")))
        )

    def is_inside(self, file: Path) -> bool:
        try:
            return file.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False

    def text(self, file: Path, shown: str) -> str | None:
        try:
            return importlib.util.decode_source(file.read_bytes())
        except (OSError, SyntaxError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.problems.append(Problem(shown, 0, f"The module cannot be read: {reason}. Next: correct the file."))
            return None


def _absolute(item: Import, package: str) -> tuple[str, tuple[str, ...]]:
    """The import's module by its full name, seen from `package`; an empty name where it leads above the top."""
    if not item.level:
        return item.module, item.names
    parts = package.split(".") if package else []
    if item.level > len(parts):
        return "", ()
    base = parts[: len(parts) - (item.level - 1)]
    return ".".join([*base, item.module] if item.module else base), item.names


@lru_cache(maxsize=4096)
def _installed(name: str, folders: tuple[str, ...]) -> str:
    """What `name` is among the installed: ``package`` (or module), ``namespace``, or nothing."""
    if name in sys.stdlib_module_names:
        return "package"
    found = importlib.machinery.PathFinder.find_spec(name, list(folders))
    if found is None:
        return ""
    return "namespace" if found.origin is None else "package"


def _is_installed(top: str, place: _Place) -> bool:
    """Whether the name is never looked up in the workspace: built into Python, or Studio itself."""
    if top in sys.builtin_module_names:
        return True
    return any(folder.resolve() == _OWN_PACKAGE for folder in place.folders)
