"""The server of the apps: Voila's pages behind a gate, with a bounded number of kernels; a program of its own."""
