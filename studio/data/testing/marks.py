"""``studio.contract``: says in a notebook which contract a function's frame keeps, and which its result.

It marks and does nothing else, so that a function stays what it was: the data rung of ``studio test``
calls it with generated frames in a kernel of its own. Nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from studio.core.errors import BadInput
from studio.core.identifiers import is_name

Function = TypeVar("Function", bound=Callable[..., Any])
MARK = "__studio_contract__"


def contract(takes: str | None = None, gives: str | None = None) -> Callable[[Function], Function]:
    """Mark a function of one frame with the contract that the frame keeps, and the one that its result keeps.

    The function is returned unchanged. ``studio test`` calls it with frames that are generated from the
    contract `takes`, and fails when it raises or when its result breaks the contract `gives`.

    Parameters
    ----------
    takes : str
        The name of a contract in pipelines/contracts/.
    gives : str, optional
        The name of another; without it the function only must not raise.

    Raises
    ------
    BadInput
        When a name is no contract's name, or the mark stands on something else than a function.

    Examples
    --------
    >>> @contract(takes="telco_customers", gives="churn_prepared")
    ... def prepare(customers):
    ...     return customers
    >>> prepare.__studio_contract__
    {'takes': 'telco_customers', 'gives': 'churn_prepared'}
    """
    shown = '@studio.contract(takes="orders", gives="prepared_orders")'
    if callable(takes):
        raise BadInput(f"@studio.contract stands on a function without saying which frames it takes. Next: {shown}")
    for key, name in (("takes", takes), ("gives", gives)):
        if name is None and key == "gives":
            continue
        if not isinstance(name, str) or not is_name(name):
            told = "is missing" if name is None else f"is {name!r}, which is no name of a contract"
            raise BadInput(f"{key} of @studio.contract {told}. Next: write it like {shown}")

    def mark(function: Function) -> Function:
        if not callable(function) or isinstance(function, type):
            raise BadInput(
                f"@studio.contract stands on {function!r}, and only a function can be marked. Next: write it in the "
                "line above a def."
            )
        setattr(function, MARK, {"takes": takes, "gives": gives})
        return function

    return mark
