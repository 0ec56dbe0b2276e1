"""Sweeps of training runs that are described by data files."""
