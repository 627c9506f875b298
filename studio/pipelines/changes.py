"""Why a step runs or is reused: what differs from the last time it completed, in words for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from studio.pipelines.run_record import StepRecord

Kind = Literal["code", "parameter", "data", "environment", "forced", "first", "outputs missing"]
_LEADS: dict[str, str] = {
    "code": "code changed: ",
    "parameter": "parameter ",
    "data": "data changed: ",
    "environment": "environment changed: ",
}
_SHOWN_VALUE = 40
_SHOWN_DIGEST = 8
_SHOWN_DETAILS = 2
_SHOWN_PARTS = 3


@dataclass(frozen=True)
class Change:
    """One difference: of which kind, and what exactly."""

    kind: Kind
    detail: str


@dataclass(frozen=True)
class Verdict:
    """Whether a step is reused, and why or why not.

    Attributes
    ----------
    reuse : bool
        Whether the earlier results stand.
    reason : str
        One line for people.
    changes : tuple of Change
        Everything that keeps it from being reused; empty when it is.
    record : StepRecord or None
        The completed step that is reused or was compared with.
    undecided : bool
        Whether it depends on what other steps will save.
    """

    reuse: bool
    reason: str
    changes: tuple[Change, ...] = ()
    record: StepRecord | None = None
    undecided: bool = False

    @property
    def word(self) -> str:
        """``reuse``, ``run``, or ``undecided`` when it is not known yet."""
        return "reuse" if self.reuse else ("undecided" if self.undecided else "run")

    def forced(self) -> Verdict:
        """The verdict when the step is to run whatever was found."""
        change = Change("forced", "asked for with --force or --from")
        if not self.reuse:
            return replace(self, undecided=False, changes=(*self.changes, change))
        return Verdict(False, "asked for, though nothing changed", (change,), self.record)

    def as_dict(self) -> dict[str, Any]:
        """The verdict with stable keys, for records and ``--json``."""
        return {
            "reuse": self.reuse,
            "undecided": self.undecided,
            "reason": self.reason,
            "changes": [asdict(change) for change in self.changes],
        }


def summary(changes: Sequence[Change]) -> str:
    """All changes in one line, by kind: ``code changed: cell 3; parameter count 5 → 7``."""
    words = []
    for kind in dict.fromkeys(change.kind for change in changes):
        details = [change.detail for change in changes if change.kind == kind]
        words.append(_LEADS.get(kind, "") + _some(details, _SHOWN_DETAILS))
    return "; ".join(words)


def parameter_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """What differs between two sets of values in JSON form; a secret shows as the name of its variable."""
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield Change("parameter", f"{name} is new, {_value(new[name])}")
        elif name not in new:
            yield Change("parameter", f"{name} is gone, it was {_value(old[name])}")
        elif _exact(old[name]) != _exact(new[name]):
            yield Change("parameter", f"{name} {_value(old[name])} → {_value(new[name])}")


def file_changes(old: Mapping[str, str], new: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[Change]:
    """Files that Path parameters name and whose content changed though the value did not."""
    for name, digest in new.items():
        if name in old and old[name] != digest:
            yield Change("data", f"the content of {name}, {_value(values.get(name))}, {_arrow(old[name], digest)}")


def environment_changes(old: str | None, new: str | None) -> list[Change]:
    """What differs between two environment locks (one ``name==version`` a line); one sentence where one is lost."""
    if old is None or new is None:
        return [Change("environment", "the installed packages")]
    before, after = _versions(old), _versions(new)
    found = []
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            found.append(_version_change(name, before.get(name), after.get(name)))
    return [Change("environment", detail) for detail in found]


def input_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], writers: Mapping[tuple[str, str], str]
) -> Iterator[Change]:
    """What differs in the datasets that both loaded; `writers` says who saved (dataset, part)."""
    for name in new:
        if name not in old or old[name] == new[name]:
            continue
        if "source" in new[name] and "source" in old[name]:
            arrow = _arrow(old[name]["source"], new[name]["source"])
            yield Change("data", f"{name} {arrow}, its file or how it is read changed")
        elif "parts" in new[name] and "parts" in old[name]:
            parts = list(_part_changes(name, old[name]["parts"], new[name]["parts"], writers))
            yield Change("data", f"{name} {_some(parts, _SHOWN_PARTS)}")
        else:
            yield Change("data", f"{name} comes from elsewhere")


def _part_changes(
    name: str, old: Mapping[str, str], new: Mapping[str, str], writers: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    for part in dict.fromkeys((*new, *old)):
        shown = f"[{part}] " if part else ""
        if part not in new:
            yield f"{shown}is gone"
        elif part not in old:
            yield f"{shown}is new"
        elif old[part] != new[part]:
            writer = writers.get((name, part))
            yield f"{shown}{_arrow(old[part], new[part])}" + (f", saved by {writer}" if writer else "")


def _version_change(name: str, before: str | None, after: str | None) -> str:
    if before is None:
        return f"{name} {after} is new"
    return f"{name} {before} is gone" if after is None else f"{name} {before} → {after}"


def _versions(lock: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lock.splitlines():
        name, _, version = line.partition("==")
        # A package found twice has both versions, so that the loss of either is a change.
        found[name] = f"{found[name]}, {version}" if name in found else version
    return found


def _value(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"secret"}:
        return f"the secret {value['secret']}"
    text = _exact(value)
    return text if len(text) <= _SHOWN_VALUE else text[: _SHOWN_VALUE - 1] + "…"


def _exact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _arrow(old: str, new: str) -> str:
    return f"{old[:_SHOWN_DIGEST]} → {new[:_SHOWN_DIGEST]}"


def _some(details: Iterable[str], shown: int) -> str:
    listed = list(details)
    more = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" and {more} more" if more > 0 else "")
