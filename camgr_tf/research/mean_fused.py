from camgr_tf.models import CAmgr
from camgr_tf.research import attentions


class MeanFused(CAmgr):
    """CAmgr with the plain mean of the modalities as its fusion (15-26).

    `MeanOfModalities` is the same with the loss as printed (29).

    Example:

    ```python
    from camgr_tf.research.mean_fused import MeanFused
    from camgr_tf.testing import tiny_dataset

    model = MeanFused(tiny_dataset(), num_neighbors=4, embedding_dim=8)
    users, items = model.embed()  # shapes (7, 8) and (9, 8)
    ```
    """

    def make_fusion(self):
        return attentions.MeanFusion(learned=False, name="modality_mean")
