"""What notebooks and apps show: traits in, callbacks out."""
