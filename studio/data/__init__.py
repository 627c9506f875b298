"""Governed datasets: the catalog, their contracts, their snapshots, and the doorway of notebooks to them."""
