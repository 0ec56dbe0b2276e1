"""CAmgr's default with another fusion in place of eq. 15-26, one class each.

Each is the reading of the same name with the default's ranking and weights
of the loss: what a fusion is worth may depend on what is trained for. The
default's own is `readings.LearnedMean`'s, and `camgr_tf.models.CAmgrAttention`
has the paper's.
"""

from camgr_tf.models import CAmgr
from camgr_tf.research import readings


class DefaultLoss:
    """Stands before a reading and gives it the loss of `CAmgr`."""

    training_defaults = CAmgr.training_defaults
    ranking = CAmgr.ranking


class MeanOfModalities(DefaultLoss, readings.MeanOfModalities):
    """Eq. 15-26: the plain mean of the modalities."""


class TextQuery(DefaultLoss, readings.TextQuery):
    """Eq. 15-18: the text is the residual query; the others are the values."""


class ChannelAttention(DefaultLoss, readings.ChannelAttention):
    """Eq. 18: attention over channels, the paper's layout."""
