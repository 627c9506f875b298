"""Kernels: how one is started with a clean configuration, watched, ended, and how nothing of it is left behind."""
