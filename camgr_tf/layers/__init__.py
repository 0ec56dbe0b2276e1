"""Keras layers, one for each part of the method."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.layers.cross_attention_fusion import CrossAttentionFusion
from camgr_tf.layers.graph_attention import GraphAttention
from camgr_tf.layers.mean_fusion import MeanFusion
from camgr_tf.layers.preference_fusion import PreferenceFusion
from camgr_tf.layers.purification import ModalityPurification
from camgr_tf.layers.residual_mlp import ResidualMLP
from camgr_tf.layers.semantic_convolution import SemanticConvolution
from camgr_tf.layers.semantic_convolution import split_modalities

__all__ = [
    "MeanFusion",
    "PreferenceFusion",
    "ResidualMLP",
    "CrossAttentionFusion",
    "GraphAttention",
    "ModalityPurification",
    "SemanticConvolution",
    "split_modalities",
]
