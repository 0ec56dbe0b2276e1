"""Measures of a ranking."""

from camgr_tf.metrics.beyond_accuracy import gini
from camgr_tf.metrics.beyond_accuracy import item_coverage
from camgr_tf.metrics.beyond_accuracy import mean_popularity
from camgr_tf.metrics.ranking import average_precision
from camgr_tf.metrics.ranking import ndcg
from camgr_tf.metrics.ranking import precision
from camgr_tf.metrics.ranking import recall

__all__ = [
    "average_precision",
    "gini",
    "item_coverage",
    "mean_popularity",
    "ndcg",
    "precision",
    "recall",
]
