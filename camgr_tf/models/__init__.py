"""The model of the paper and the contract that all models share."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.models.camgr import CAmgr
from camgr_tf.models.camgr_attention import CAmgrAttention
from camgr_tf.models.camgr_paper import CAmgrPaper
from camgr_tf.models.recommender import Recommender

__all__ = ["CAmgr", "CAmgrAttention", "CAmgrPaper", "Recommender"]
