"""The table of all rules: the names that people write into studio.toml and comments, which never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.core.errors import Problem, Problems
from studio.core.identifiers import suggest
from studio.core.workspace import FILE, Workspace


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name : str
        Its name.
    summary : str
        What it finds, in one sentence.
    fixable : bool
        Whether ``studio check --fix`` mends what it finds, at least where that is safe.
    silenceable : bool
        Whether it may be silenced. What a run refuses anyway cannot be.
    by_ruff : bool
        Whether ruff looks for it.
    """

    name: str
    summary: str
    fixable: bool = False
    silenceable: bool = True
    by_ruff: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The rule with stable keys, for ``--json``."""
        return {
            "name": self.name,
            "summary": self.summary,
            "fixable": self.fixable,
            "silenceable": self.silenceable,
        }


_TABLE = (
    Rule("unreadable-notebook", "The file is no notebook that can be read safely.", silenceable=False),
    Rule("not-python", "A cell of a Python notebook is not Python.", silenceable=False),
    Rule("invalid-parameters", "The parameters cell cannot be read.", silenceable=False),
    Rule("unreadable-dataset", "A studio.load or studio.save does not name its dataset in place.", silenceable=False),
    Rule("unsound-module", "A module of the workspace cannot be part of a fingerprint.", silenceable=False),
    Rule("declaration", "A pipeline, the catalog or a contract is not sound.", silenceable=False),
    Rule("unknown-dataset", "A dataset is not in the catalog."),
    Rule("unknown-tag", "A tag looks like one of Studio's and is none."),
    Rule("module-path", "The module path is changed, which hides modules from the fingerprint."),
    Rule("undocumented-parameter", "A parameter has no help."),
    Rule("missing-parameters", "A notebook of a pipeline, or one that uses datasets, has no parameters cell."),
    Rule("missing-cell-id", "A cell has no id, or none that is its own.", fixable=True),
    Rule("execution-order", "Cells were executed in another order than they stand in.", fixable=True),
    Rule("stale-execution", "Outputs do not belong to an execution from top to bottom.", fixable=True),
    Rule("hidden-state", "A name is used that nothing above defines, and that exists only by chance."),
    Rule("undefined-name", "A name is used that nothing defines.", by_ruff=True),
    Rule("unused-import", "An import is never used.", fixable=True, by_ruff=True),
    Rule("probable-mistake", "Code that cannot mean what it says, such as a wrong format string.", by_ruff=True),
    Rule("absolute-path", "A path is written that exists on one machine only."),
    Rule("exposed-secret", "A password, token or key stands in a cell, a text or an output."),
    Rule("unseeded-random", "Random numbers are drawn without a seed."),
    Rule("large-output", "A cell's stored output is larger than checks.output_limit."),
    Rule("no-explanation", "A notebook has code and no word of explanation."),
    Rule("invalid-silencing", "A silencing names no rule, an unknown one, or gives no reason.", silenceable=False),
    Rule("unused-silencing", "A silencing silences nothing.", silenceable=False),
    Rule("incomplete-check", "Some rules could not be checked.", silenceable=False),
)
RULES = {rule.name: rule for rule in _TABLE}
SILENCEABLE = tuple(rule.name for rule in _TABLE if rule.silenceable)


def ignored_rules(workspace: Workspace) -> frozenset[str]:
    """The rules that ``checks.ignore`` in studio.toml takes out.

    Raises
    ------
    Problems
        When a name there is no rule, or is a rule that cannot be silenced.
    """
    problems = []
    for index, name in enumerate(workspace.settings.checks.ignore):
        if name not in RULES:
            message = f"There is no rule {name!r}. {suggest(name, SILENCEABLE)}"
        elif not RULES[name].silenceable:
            message = f"The rule {name!r} cannot be ignored. Next: take it out."
        else:
            continue
        problems.append(Problem(FILE, 0, message, f"checks.ignore.{index}"))
    if problems:
        raise Problems(problems)
    return frozenset(workspace.settings.checks.ignore)
