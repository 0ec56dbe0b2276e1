"""Other readings of the paper's equations than the default's.

A run of one: `model="camgr_tf.research.readings:SymmetricItemGraph"`.
"""
