"""Losses as functions of tensors."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.losses.bpr import bpr
from camgr_tf.losses.info_nce import info_nce
from camgr_tf.losses.norms import frobenius
from camgr_tf.losses.norms import half_squared
from camgr_tf.losses.norms import squared
from camgr_tf.losses.own_pair_contrast import own_pair_contrast
from camgr_tf.losses.sampled_softmax import sampled_softmax

__all__ = [
    "bpr",
    "frobenius",
    "half_squared",
    "info_nce",
    "own_pair_contrast",
    "sampled_softmax",
    "squared",
]
