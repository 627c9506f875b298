"""Apps for people who read results: which there are, how they are served, and what the first one, scenarios, does."""
