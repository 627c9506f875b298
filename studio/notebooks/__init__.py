"""The notebook as software: document, typed parameters, datasets, modules, fingerprint, checks."""
