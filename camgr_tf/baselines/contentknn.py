import numpy as np
import scipy.sparse

from camgr_tf.baselines.itemknn import ItemKNN
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs.semantic import cached_neighbors
from camgr_tf.ranking.neighbors import nearest_among
from camgr_tf.ranking.neighbors import row_norms


class ContentKNN(ItemKNN):
    """Items whose features resemble those that a user has.

    ```
    s_ij        = max(0, mean over modalities of cos(F_i, F_j))
    score(u, i) = sum of s_ij over the j in N(u) that are among the
                  num_neighbors most similar to i
    ```

    `ItemKNN` with similarities of content in place of common users: it can
    rank items that nobody has yet, and knows nothing of who likes what. A
    modality in which an item has zeros is left out of its mean.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality.
        num_neighbors: Integer. All, where there are fewer. Defaults to
            `100`.

    Raises:
        ValueError: If the data set has no modality, or `num_neighbors` is
            below 1.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["contentknn"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # SciPy, shapes (7, 9) and (9, 9)
    ```

    Reference:
        Lops et al., "Content-based Recommender Systems: State of the Art and
        Trends", 2011; as `ItemKNN-CBF` in Ferrari Dacrema et al., "Are We
        Really Making Much Progress?", RecSys 2019.
    """

    presets = {
        "baby": {"num_neighbors": 20},
        "lfm2k": {"num_neighbors": 20},
    }
    search_space = {"num_neighbors": [5, 10, 20, 50, 100, 200, 500, 1000]}

    def __init__(self, dataset, *, num_neighbors=100):
        if not dataset.features:
            raise ValueError(
                "ContentKNN needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        super().__init__(dataset, num_neighbors=num_neighbors)

    def item_similarities(self, dataset):
        return self._matrix(
            *cached_neighbors(
                _joined_units(dataset.features),
                min(self.num_neighbors, self.num_items - 1),
                include_self=False,
                cache_dir=cache_folder(),
            )
        )

    def embed_items(self, features, neighbors):
        known = _joined_units(neighbors.features)
        k = min(self.num_neighbors, self.num_items)
        return self._matrix(
            *nearest_among(_joined_units(features), known, k)
        ).toarray()

    def _matrix(self, neighbors, cosines):
        rows, k = neighbors.shape
        matrix = scipy.sparse.csr_matrix(
            (
                np.maximum(cosines, 0.0).ravel(),
                neighbors.ravel(),
                np.arange(rows + 1) * k,
            ),
            shape=(rows, self.num_items),
        )
        matrix.eliminate_zeros()
        matrix.sort_indices()
        return matrix


def _joined_units(features):
    # The cosine of unit rows side by side is the mean of their cosines.
    units = [f / row_norms(f)[:, None] for f in features.values()]
    return np.concatenate(units, axis=1).astype("float32")
