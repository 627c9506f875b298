"""One file a noun: its models and its functions; a new file is found by itself."""
