"""Sampling, optimization, evaluation and runs."""

import camgr_tf.backend  # noqa: F401
