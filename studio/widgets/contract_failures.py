"""Where data breaks its contract: the failure cases of a check, grouped by what was demanded, with their counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from studio.core.errors import BadInput
from studio.data.contracts import ContractBroken, FailureCase
from studio.data.overview import CheckResult
from studio.widgets.plain import Plain, Sentence, Table
from studio.widgets.texts import plural
from studio.widgets.widget import FACTS, Widget

_MOST_CASES = 200
_MOST_GROUPS = 500
_PLAIN_CASES = 10
Found = CheckResult | ContractBroken | Iterable[FailureCase | Mapping[str, Any]]


class ContractFailures(Widget, files="contract_failures"):
    """The failure cases of a dataset.

    Parameters
    ----------
    found : CheckResult, ContractBroken or iterable of failure cases
        What ``studio.data.overview.check_dataset`` gives, the error that a broken contract raises, or failure cases
        (or mappings with ``column``, ``check``, ``value`` and ``row``).
    subject : str
        What was checked, where `found` does not say it.

    Raises
    ------
    BadInput
        When `found` is something else.
    """

    _failures = traitlets.Dict().tag(**FACTS)

    def __init__(self, found: Found, *, subject: str = "") -> None:
        self._found = _facts(found, subject)
        super().__init__(_failures=self._found)

    def _plain(self) -> Plain:
        parts: list[Sentence | Table] = []
        for section in self._found["sections"]:
            groups = section["groups"]
            if section["subject"] and len(self._found["sections"]) > 1:
                parts.append(Sentence(f"{section['subject']}: {section['verdict']}"))
            if section["message"]:
                parts.append(Sentence(section["message"]))
            if groups:
                rows = [(group["column"], group["check"], f"{group['count']:,}", _examples(group)) for group in groups]
                parts.append(Table("", ("Column", "What was demanded", "Cases", "Found (data row)"), rows))
        return Plain(self._found["title"], parts)


def _facts(found: Found, subject: str) -> dict[str, Any]:
    sections = _sections(found, subject)
    count = sum(section["count"] for section in sections)
    unread = sum(bool(section["message"]) for section in sections)
    what = subject or (found.dataset if isinstance(found, CheckResult) else "")
    name = found.contract if isinstance(found, CheckResult | ContractBroken) else ""
    told = plural(count, "failure case") if count else ""
    problems = plural(unread, "problem") if unread else ""
    keeps = f"keeps the contract {name}" if name else "keeps its contract"
    verdict = ", ".join(part for part in (told, problems) if part) or (keeps if sections else "nothing to check")
    title = f"{what}: {verdict}" if what else verdict[0].upper() + verdict[1:]
    return {"title": title, "contract": name or "", "count": count, "ok": not count + unread, "sections": sections}


def _sections(found: Found, subject: str) -> list[dict[str, Any]]:
    if isinstance(found, CheckResult):
        return [
            _section(finding.subject, finding.rows, finding.cases, "" if finding.cases else finding.message)
            for finding in found.findings
        ]
    if isinstance(found, ContractBroken):
        return [_section(subject, None, [case.as_dict() for case in found.cases])]
    try:
        cases = [case.as_dict() if isinstance(case, FailureCase) else dict(case) for case in found]
        return [_section(subject, None, cases)]
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"Failure cases cannot be read from {type(found).__name__}. Next: pass what "
            "studio.data.overview.check_dataset gives, a ContractBroken, or failure cases."
        ) from error


def _section(subject: str, rows: int | None, cases: Iterable[Mapping[str, Any]], message: str = "") -> dict[str, Any]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for case in cases:
        groups.setdefault((str(case.get("column", "")), str(case.get("check", ""))), []).append(case)
    count = sum(map(len, groups.values()))
    biggest = sorted(groups.items(), key=lambda item: -len(item[1]))
    told = plural(count, "failure case") if count else ("cannot be checked" if message else "keeps its contract")
    return {
        "subject": subject,
        "rows": rows,
        "count": count,
        "message": message,
        "verdict": told + (f" in {plural(rows, 'row')}" if rows is not None else ""),
        "groups": [_group(column, check, found) for (column, check), found in biggest[:_MOST_GROUPS]],
        "groups_left_out": max(0, len(biggest) - _MOST_GROUPS),
    }


def _group(column: str, check: str, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shown = [{"value": str(case.get("value") or ""), "row": case.get("row")} for case in cases[:_MOST_CASES]]
    told = [case for case in shown if case["value"] or case["row"] is not None]
    left_out = len(cases) - len(shown)
    return {"column": column, "check": check, "count": len(cases), "cases": told, "left_out": left_out}


def _examples(group: Mapping[str, Any]) -> str:
    cases = group["cases"][:_PLAIN_CASES]
    texts = [f"{case['value']} ({case['row']})" if case["row"] is not None else case["value"] for case in cases]
    more = group["count"] - len(cases) if cases else 0
    return ", ".join(filter(None, texts)) + (f" and {more:,} more" if more > 0 else "")
