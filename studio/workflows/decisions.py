"""A decision of the policy turned into an error, where it is no."""

from __future__ import annotations

from studio.core.errors import Refused
from studio.governance.decide import Decision


class NotAllowed(Refused):
    """The policy does not let somebody do something; nothing has been changed."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        following = f" Next: {decision.next}" if decision.next else ""
        super().__init__(f"Refused by the policy ({decision.rule}): {decision.reason}{following}")


def require(decision: Decision) -> Decision:
    """The decision, when it allows; NotAllowed when it does not."""
    if not decision.allowed:
        raise NotAllowed(decision)
    return decision
