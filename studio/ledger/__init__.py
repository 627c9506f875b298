"""An append-only, hash-chained record of who did what, in SQLite or PostgreSQL."""
