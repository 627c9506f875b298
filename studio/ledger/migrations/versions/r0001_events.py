"""The table of events, and triggers that let it grow at its end and change in no other way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE = (
    """CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger_events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an event is never changed'); END""",
    """CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger_events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an event is never removed'); END""",
    # Also what keeps INSERT OR REPLACE from replacing: that fires no trigger of DELETE.
    """CREATE TRIGGER ledger_follows BEFORE INSERT ON ledger_events
    WHEN NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM ledger_events)
      OR NEW.previous IS NOT COALESCE((SELECT hash FROM ledger_events ORDER BY sequence DESC LIMIT 1),
                                      '0000000000000000000000000000000000000000000000000000000000000000')
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an event follows the last one'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only: an event is never changed or removed'; END $$""",
    """CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
    # The table is named by where it is, not by the search path of whoever inserts.
    """CREATE FUNCTION ledger_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        last_sequence bigint := 0;
        last_hash text := repeat('0', 64);
        found record;
    BEGIN
        FOR found IN EXECUTE format('SELECT sequence, hash FROM %I.%I ORDER BY sequence DESC LIMIT 1',
                                    TG_TABLE_SCHEMA, TG_TABLE_NAME) LOOP
            last_sequence := found.sequence;
            last_hash := found.hash;
        END LOOP;
        IF NEW.sequence <> last_sequence + 1 OR NEW.previous <> last_hash THEN
            RAISE EXCEPTION 'the ledger is append-only: an event follows the last one';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER ledger_follows BEFORE INSERT ON ledger_events
    FOR EACH ROW EXECUTE FUNCTION ledger_follow()""",
)


def upgrade() -> None:
    """Make the table and its triggers."""
    texts = ("id", "time", "kind", "actor", "subject", "environment", "details", "previous", "hash")
    op.create_table(
        "ledger_events",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(sa.text(statement.replace(":=", r"\:=")))


def downgrade() -> None:
    """Refuse: a ledger is never taken back."""
    raise NotImplementedError("a ledger is never taken back to an earlier schema")
