"""The ledger for people: what it says, whether it is whole, a copy of it, and its tables."""
