"""All that can be found wrong with a notebook without running it, told at once; what is safe is mended on demand."""

from __future__ import annotations

from studio.notebooks.checks.checking import check_document, check_documents, check_notebook, check_notebooks
from studio.notebooks.checks.finding import Finding
from studio.notebooks.checks.fixing import Fixed, fix_notebooks
from studio.notebooks.checks.rules import RULES, Rule

__all__ = [
    "RULES",
    "Finding",
    "Fixed",
    "Rule",
    "check_document",
    "check_documents",
    "check_notebook",
    "check_notebooks",
    "fix_notebooks",
]
