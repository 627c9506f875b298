"""The command line: one file a noun; each parses, calls one workflow and prints."""
