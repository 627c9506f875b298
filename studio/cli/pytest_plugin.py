"""The pytest plugin: plain ``pytest`` in a workspace collects its notebooks too."""
