"""The data rung: do contracts hold what is there, do they notice what is broken, do functions keep them?

Nothing heavy is imported here, because a notebook that only marks a function passes by.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.core.report import Case
    from studio.core.workspace import Workspace


# A rung of the product, and no test of pytest's.
def test_contracts(
    workspace: Workspace,
    names: Collection[str] | None = None,  # noqa: PT028
    *,
    datasets: Collection[str] | None = None,  # noqa: PT028
) -> list[Case]:
    """The cases of the data rung; see `studio.data.testing.rung.contract_cases`."""
    from studio.data.testing.rung import contract_cases

    return contract_cases(workspace, names, datasets=datasets)
