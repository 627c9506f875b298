"""Indexes for the questions that are asked most: what happened to one subject, and events of one kind."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ledger_events_by_subject", "ledger_events", ["subject", "sequence"])
    op.create_index("ledger_events_by_kind", "ledger_events", ["kind", "sequence"])


def downgrade() -> None:
    """Refuse: a ledger is never taken back."""
    raise NotImplementedError("a ledger is never taken back to an earlier schema")
