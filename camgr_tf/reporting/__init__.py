"""Figures and tables of data, runs and notebooks."""
