"""Git for notebooks: a repository set up for them, what its hooks ask, and large changes split into small commits."""
