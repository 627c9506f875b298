"""Who changed a content since its last approval: those who may not approve it themselves.

Asked of git, generously: authors, committers and co-authors of every commit that touched the notebook or a module that
it imports, with the addresses as written and as .mailmap maps them, through renames and merges. What is not committed
is the actor's own change, and who submitted the content is an author whatever a rewritten history says.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.governance.people import Actor, current_actor
from studio.governance.worktree import NoAnswer, call

_CO_AUTHOR = re.compile(r"^co-authored-by:[^<\n]*<([^<>\n]+)>", re.IGNORECASE | re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FIELDS = "%H%x00%ae%x00%aE%x00%ce%x00%cE%x00%B"


class NoHistory(StudioError):
    """Git is there and does not say who changed what, so nobody can be told from an author."""

    def __init__(self, said: str) -> None:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        super().__init__(
            f"git does not say who changed the content: {lines[0].rstrip('.') if lines else 'it gave no reason'}. "
            "Next: correct that (git log has to work here), then repeat the command."
        )


@dataclass(frozen=True)
class Authors:
    """Those who changed a content.

    Attributes
    ----------
    addresses : frozenset of str
        Addresses in lower case; short names of people where only these are known.
    notes : tuple of str
        What could not be told, one sentence each.
    complete : bool
        Whether all of the history is known that counts; not so in a clone without its past.
    """

    addresses: frozenset[str]
    notes: tuple[str, ...] = ()
    complete: bool = True


def authors_since(
    workspace: Workspace,
    files: Iterable[str],
    commit: str | None,
    *,
    actor: Actor | None = None,
    submitters: Collection[str] = (),
) -> Authors:
    """Everybody who changed `files` since `commit`.

    Parameters
    ----------
    workspace : Workspace
        The workspace; it may lie anywhere in a repository, or in none.
    files : iterable of str
        Paths in the workspace: the notebook, and its modules that lie here.
    commit : str or None
        The commit of the last approval; without it, and where it is no longer part of the history, all of the
        files' history counts.
    actor : Actor, optional
        Who asks (default: the current actor): changes that are not committed count as theirs.
    submitters : collection of str
        Who submitted the content, by the ledger: short names or addresses.

    Raises
    ------
    NoHistory
        When git is there and fails.
    """
    names = {name.lower() for name in submitters if name}
    repository = _Repository.around(workspace.root)
    if repository is None:
        return Authors(frozenset(names), ("There is no git repository here, so only who submitted is known.",))
    paths = [repository.prefix + path for path in files]
    actor = actor or current_actor(workspace)
    own = {name.lower() for name in (actor.name, *actor.emails)}
    if not repository.has_commits():
        note = "Nothing is committed yet, so the change counts as that of who asks."
        return Authors(frozenset(names | own), (note,))
    notes: list[str] = []
    span = repository.span(commit or "", notes)
    for path in paths:
        names |= repository.authors(repository.earlier_names(path, span), span)
    if repository.uncommitted(paths):
        names |= own
        notes.append(f"Changes that are not committed count as {actor}'s.")
    known = frozenset(name for name in names if name)
    return Authors(known, tuple(notes), complete=not repository.is_shallow())


@dataclass(frozen=True)
class _Repository:
    """A repository, asked at its top so that all paths are counted from there."""

    top: Path
    prefix: str

    @classmethod
    def around(cls, root: Path) -> _Repository | None:
        """The repository that holds `root`; None where there is none, or no git."""
        try:
            done = _call(root, "rev-parse", "--show-toplevel", "--show-prefix")
        except FileNotFoundError:
            return None
        if done.returncode:
            if "not a git repository" in done.stderr:
                return None
            raise NoHistory(done.stderr)
        top, prefix = done.stdout.split("\n")[:2]
        return cls(Path(top), prefix)

    def ask(self, *words: str) -> str:
        done = _call(self.top, *words)
        if done.returncode:
            raise NoHistory(done.stderr)
        return done.stdout

    def has_commits(self) -> bool:
        return _call(self.top, "rev-parse", "--quiet", "--verify", "HEAD").returncode == 0

    def span(self, commit: str, notes: list[str]) -> str:
        """The commits to look at, as a revision range."""
        found = _COMMIT.fullmatch(commit) is not None and (
            _call(self.top, "merge-base", "--is-ancestor", commit, "HEAD").returncode == 0
        )
        if found:
            return f"{commit}..HEAD"
        if commit:
            notes.append(
                f"The commit {commit[:12]} of the last approval is not part of this history any more (a rebase, or a "
                "clone without its past), so everybody who ever changed the content counts as an author."
            )
        if self.is_shallow():
            notes.append(
                "This clone lacks the older commits, so authors from before are not known. Next: git fetch --unshallow"
            )
        return "HEAD"

    def is_shallow(self) -> bool:
        """Whether older commits are missing here."""
        return self.ask("rev-parse", "--is-shallow-repository").strip() == "true"

    def earlier_names(self, path: str, span: str) -> set[str]:
        """The path and all paths that it was renamed from, along every line of the history."""
        names, asked = {path}, set[str]()
        while True:
            words = ("log", "--full-history", "-m", "--diff-filter=A", "--no-renames", "--format=%H", span, "--")
            commits = {line for line in self.ask(*words, *sorted(names)).splitlines() if line} - asked
            if not commits:
                return names
            asked |= commits
            shown = self.ask(
                "show", "-m", "-M", "--diff-filter=R", "--name-status", "-z", "--format=", *sorted(commits)
            )
            words_of = [word for word in shown.split("\0") if word]
            for _, old, new in zip(words_of[::3], words_of[1::3], words_of[2::3], strict=False):
                if new in names:
                    names.add(old)

    def authors(self, names: Iterable[str], span: str) -> set[str]:
        """The addresses in the commits that changed one of `names`."""
        paths = sorted(names)
        shown = self.ask("log", "--full-history", "-z", f"--format={_FIELDS}", span, "--", *paths)
        words = shown.split("\0")
        idle = self.idle_merges(span, paths)
        found: set[str] = set()
        spoken: set[str] = set()
        for start in range(0, len(words) - 5, 6):
            if words[start].strip() in idle:
                continue
            found.update(words[start + 1 : start + 5])
            spoken.update(_CO_AUTHOR.findall(words[start + 5]))
        return {address.strip().lower() for address in found | spoken | self.mapped(spoken)}

    def idle_merges(self, span: str, paths: Collection[str]) -> set[str]:
        """The merges that took each of `paths` from one side as it was; the others made a text of their own."""
        merges = self.ask("rev-list", "--full-history", "--merges", span, "--", *paths).split()
        if not merges:
            return set()
        words = ("diff-tree", "--stdin", "-c", "-r", "--name-only", "--", *paths)
        done = _call(self.top, *words, given="".join(f"{merge}\n" for merge in merges))
        if done.returncode:
            raise NoHistory(done.stderr)
        # A merge is told by a line of its own, the files that differ from all of its sides by the lines after it.
        lines = done.stdout.splitlines()
        changing = {line for line, after in pairwise(lines) if line in merges and after not in merges}
        return set(merges) - changing

    def mapped(self, addresses: Collection[str]) -> set[str]:
        """The addresses as .mailmap maps them."""
        if not addresses:
            return set()
        listed = "".join(f"<{address}>\n" for address in sorted(addresses))
        done = _call(self.top, "check-mailmap", "--stdin", given=listed)
        if done.returncode:
            raise NoHistory(done.stderr)
        return set(re.findall(r"<([^<>\n]*)>$", done.stdout, re.MULTILINE))

    def uncommitted(self, paths: Collection[str]) -> bool:
        """Whether one of the files is not in the last commit as it lies here; one that git is told to skip is not."""
        tracked = {}
        for line in self.ask("ls-files", "-v", "-z", "--", *paths).split("\0"):
            mark, _, path = line.partition(" ")
            tracked[path] = mark
        if any(tracked.get(path) != "H" for path in paths):
            return True
        return bool(self.ask("diff", "--name-only", "--no-ext-diff", "-z", "HEAD", "--", *paths))


def _call(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return call(folder, *words, given=given)
    except NoAnswer as error:
        raise NoHistory(error.said) from error
