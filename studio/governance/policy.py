"""Which rule of studio.toml holds for which content, and which roles may do what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from studio.core.files import canonical_json, digest_bytes
from studio.core.settings import ENVIRONMENTS, ApprovalRule, Settings

DEFAULT_RULE = ApprovalRule()
SUBMITTERS = frozenset({"data scientist", "ML engineer", "operator", "owner"})
REVOKERS = frozenset({"operator", "owner"})
"""Roles that may always take an approval back, beside those that may give it: stopping harm needs no reviewer."""


@dataclass(frozen=True)
class Fitting:
    """The approval rule that holds for a subject.

    Attributes
    ----------
    rule : ApprovalRule
        The rule.
    name : str
        ``approval rule 2 (notebooks/churn/*)``, or ``the built-in approval rule`` where none of studio.toml fits.
    written : bool
        Whether studio.toml says it.
    names_roles : bool
        Whether studio.toml itself names the rule's roles.
    """

    rule: ApprovalRule
    name: str
    written: bool
    names_roles: bool


def rules_digest(settings: Settings) -> str:
    """One digest of all that decides who may do what: people, policy and environments, the built-in ones included.

    Events of the ledger hold it, so that one can tell for ever whether two of them happened under the same rules.
    """
    content = settings.model_dump(mode="json", include={"people", "policy"})
    environments = {**ENVIRONMENTS, **settings.environments}
    content["environments"] = {name: one.model_dump(mode="json") for name, one in environments.items()}
    return digest_bytes(canonical_json(content).encode())


def approval_rule(settings: Settings, subject: str) -> Fitting:
    """The first rule one of whose patterns fits `subject`; the built-in one where none does."""
    for number, rule in enumerate(settings.policy.approvals, 1):
        for pattern in rule.notebooks:
            if fits(pattern, subject):
                return Fitting(
                    rule,
                    f"approval rule {number} ({pattern})",
                    written=True,
                    names_roles="roles" in rule.model_fields_set,
                )
    return Fitting(DEFAULT_RULE, "the built-in approval rule", written=False, names_roles=False)


def fits(pattern: str, subject: str) -> bool:
    """Whether the path fits: ``**`` stands for any folders, ``*`` and ``?`` for characters inside one name.

    A pattern that ends in ``/`` stands for everything in that folder.

    >>> fits("notebooks/**", "notebooks/churn/train.ipynb"), fits("notebooks/*", "notebooks/churn/train.ipynb")
    (True, False)
    """
    return _expression(pattern).fullmatch(subject) is not None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)
