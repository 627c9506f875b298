"""What alembic executes to migrate: on the connection, and in the transaction, that studio/ledger/schema.py opened."""

from __future__ import annotations

from alembic import context

from studio.ledger.schema import VERSION


def run() -> None:
    """Run the migrations that the database lacks."""
    # SQLite's DDL is transactional too, as long as the transaction was begun explicitly: half a schema never stays.
    context.configure(connection=context.config.attributes["connection"], version_table=VERSION, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


if __name__ != "studio.ledger.migrations.env":  # alembic gives the file a name of its own; an import does nothing
    run()
