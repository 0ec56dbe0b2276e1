"""Sampling, optimization, evaluation and runs."""
