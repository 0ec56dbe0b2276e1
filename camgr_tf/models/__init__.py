"""The model of the paper and the contract that all models share."""

from camgr_tf.models.camgr import CAmgr
from camgr_tf.models.recommender import Recommender

__all__ = ["CAmgr", "Recommender"]
