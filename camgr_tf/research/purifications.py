"""CAmgr's default with another purification in place of eq. 1-6."""

from camgr_tf.models import CAmgr
from camgr_tf.research import readings


class WithoutPurification(CAmgr):
    """Eq. 5, 6: no gate, the aligned features alone ("w/o IUD").

    Example:

    >>> from camgr_tf.testing import tiny_dataset
    >>> model = WithoutPurification(tiny_dataset(), num_neighbors=4)
    >>> [layer.gated for layer in model.purifiers.values()]
    [False, False]
    """

    training_defaults = CAmgr.training_defaults
    make_purifier = readings.WithoutPurification.make_purifier
