"""Stateless functions of tensors that Keras' `ops` does not offer."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.ops.adjacency import Adjacency
from camgr_tf.ops.host_seed_generator import HostSeedGenerator
from camgr_tf.ops.in_batch import in_batch_cross_entropy
from camgr_tf.ops.normalize import l2_normalize
from camgr_tf.ops.segment import segment_softmax
from camgr_tf.ops.segment import segment_sum
from camgr_tf.ops.similarity import mean_logsumexp
from camgr_tf.ops.similarity import nearest_rows
from camgr_tf.ops.sparse import edge_products
from camgr_tf.ops.sparse import layer_mean
from camgr_tf.ops.sparse import propagate
from camgr_tf.ops.sparse import sparse_matmul
from camgr_tf.ops.sparse import weighted_matmul
from camgr_tf.ops.step_loop import for_each_batch

__all__ = [
    "Adjacency",
    "HostSeedGenerator",
    "edge_products",
    "for_each_batch",
    "in_batch_cross_entropy",
    "l2_normalize",
    "layer_mean",
    "mean_logsumexp",
    "nearest_rows",
    "propagate",
    "segment_softmax",
    "segment_sum",
    "sparse_matmul",
    "weighted_matmul",
]
