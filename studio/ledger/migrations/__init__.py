"""The schema of the ledger, one file a change; alembic runs what a database lacks."""
