"""What tests, contract checks and gates found: cases, and the report made of them, as JSON and as JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from studio.core.files import canonical_json, digest_bytes

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from studio.core.settings import Rung

Status = Literal["passed", "failed", "error", "skipped"]
FORMAT = 1
_RUNGS = ("code", "data", "pipeline", "model")
# What XML 1.0 cannot hold, not even as a reference. Compiled (milliseconds) with the first report that is written.
_UNPRINTABLE = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


@dataclass(frozen=True)
class Case:
    """One test, contract check or gate, and what came of it.

    Attributes
    ----------
    rung : str
        The rung of the ladder: ``code``, ``data``, ``pipeline`` or ``model``.
    subject : str
        What was tested: a path in the workspace (notebook, contract or pipeline file).
    name : str
        The case inside its subject: ``test_totals[0-7]``, ``mutation: nulls in customer_id``.
    status : str
        ``passed``, ``failed`` (it does not hold), ``error`` (it could not be asked) or ``skipped``.
    seconds : float
        How long it took.
    message : str
        One paragraph: why it failed or was skipped, or what was found.
    detail : str
        The traceback with pytest's assertion detail, failure cases, …
    output : str
        What the test printed.
    cell, line : int or None
        Where it stands: the cell's number (from 1) and the line in the cell, or the line of the file.
    values : mapping
        Figures that belong to the case (``value``, ``threshold``, ``low``, ``high``), as JSON can hold them.
    """

    rung: Rung
    subject: str
    name: str
    status: Status
    seconds: float = 0.0
    message: str = ""
    detail: str = ""
    output: str = ""
    cell: int | None = None
    line: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it does no harm: passed or skipped."""
        return self.status in {"passed", "skipped"}

    @property
    def place(self) -> str:
        """``notebooks/a.ipynb: cell 3, line 2`` as far as known."""
        if self.cell is not None:
            return f"{self.subject}: cell {self.cell}" + (f", line {self.line}" if self.line else "")
        return f"{self.subject}:{self.line}" if self.line else self.subject

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for ``--json``."""
        return {**asdict(self), "values": dict(self.values)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Case:
        """The case that `as_dict` wrote."""
        return cls(**content)


@dataclass(frozen=True)
class Report:
    """All cases of one climb of the ladder."""

    cases: tuple[Case, ...]

    @classmethod
    def of(cls, cases: Iterable[Case]) -> Report:
        """The report of `cases`, in the order of the rungs; inside a rung as given."""
        return cls(tuple(sorted(cases, key=lambda case: _RUNGS.index(case.rung))))

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(case.ok for case in self.cases)

    def counts(self, rung: str | None = None) -> dict[str, int]:
        """How many cases (of `rung`) have each status; all four statuses are there."""
        found = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
        for case in self.cases:
            if rung is None or case.rung == rung:
                found[case.status] += 1
        return found

    def summary(self) -> str:
        """``3 passed, 2 errors``: how many cases ended how; "" where there are none."""
        counts = {status: number for status, number in self.counts().items() if number}
        return ", ".join(
            f"{number} {'errors' if status == 'error' and number > 1 else status}" for status, number in counts.items()
        )

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for ``--json`` and for the file that is kept."""
        return {
            "version": FORMAT,
            "ok": self.ok,
            "counts": self.counts(),
            "cases": [case.as_dict() for case in self.cases],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Report:
        """The report that `as_dict` wrote."""
        return cls(tuple(Case.from_dict(case) for case in content["cases"]))

    def digest(self) -> str:
        """SHA-256 of what was tested and what came of it; times and outputs left out."""
        facts = [[case.rung, case.subject, case.name, case.status] for case in self.cases]
        return digest_bytes(canonical_json(facts).encode())

    def to_junit(self) -> str:
        """The report as JUnit XML: one test suite a subject, one test case a case."""
        from xml.etree import ElementTree as ET

        root = ET.Element("testsuites", {"name": "studio", **_totals(self.cases)})
        subjects = dict.fromkeys((case.rung, case.subject) for case in self.cases)
        for rung, subject in subjects:
            own = [case for case in self.cases if (case.rung, case.subject) == (rung, subject)]
            suite = ET.SubElement(root, "testsuite", {"name": _clean(f"{rung}: {subject}"), **_totals(own)})
            for case in own:
                _append(suite, case)
        ET.indent(root)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _totals(cases: Iterable[Case]) -> dict[str, str]:
    report = Report(tuple(cases))
    counts = report.counts()
    return {
        "tests": str(len(report.cases)),
        "failures": str(counts["failed"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
        "time": f"{sum(case.seconds for case in report.cases):.3f}",
    }


def _append(suite: ET.Element, case: Case) -> None:
    from xml.etree import ElementTree as ET

    name = f"{case.name} (cell {case.cell})" if case.cell is not None else case.name
    classname = re.sub(r"\.(ipynb|py|md|yml)\Z", "", case.subject).replace("/", ".")
    attributes = {"classname": _clean(classname), "name": _clean(name), "time": f"{case.seconds:.3f}"}
    attributes["file"] = _clean(case.subject)
    if case.line is not None:
        attributes["line"] = str(case.line)
    element = ET.SubElement(suite, "testcase", attributes)
    facts = {**({"cell": case.cell} if case.cell is not None else {}), **case.values}
    if facts:
        properties = ET.SubElement(element, "properties")
        for key, value in facts.items():
            ET.SubElement(properties, "property", name=_clean(key), value=_clean(str(value)))
    kinds = {"failed": "failure", "error": "error", "skipped": "skipped"}
    if case.status in kinds:
        told = ET.SubElement(element, kinds[case.status], message=_clean(case.message))
        told.text = _clean("\n".join(part for part in (case.place, case.detail) if part))
    if case.output:
        ET.SubElement(element, "system-out").text = _clean(case.output)


def _clean(text: str) -> str:
    return re.sub(_UNPRINTABLE, "�", text)
