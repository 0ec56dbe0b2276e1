"""Subgraphs around some nodes: what a step of sampled training reads.

Nothing here imports TensorFlow: a worker that draws is small.
"""
