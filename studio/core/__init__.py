"""What every room may lean on: settings, errors, identifiers, clock, files. Imports nothing of ours."""
