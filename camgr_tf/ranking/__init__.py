"""The best items of users and the nearest rows of tables, in NumPy.

No module here loads TensorFlow: a worker that only ranks starts in a second
and holds little beside its block.
"""
