import numpy as np
import scipy.sparse

from camgr_tf.graphs import interaction_matrix
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops.embedding_rows import dense_product
from camgr_tf.ops.embedding_rows import transposed

# Items whose similarities to all others exist at one time.
BLOCK_SIZE = 1024


class ItemKNN(Recommender):
    """Items that share many users with those that a user has.

    ```
    s_ij        = n_ij / (sqrt(n_i n_j) + shrinkage)
    score(u, i) = sum of s_ij over the j in N(u) that are among the
                  num_neighbors most similar to i
    ```

    `n_i` is the number of users of item `i` in training, `n_ij` of those who
    have both, `N(u)` the items of a user. With a shrinkage of 0 `s_ij` is the
    cosine of the items' columns; a larger one trusts similarities less that
    few users support. An item is no neighbor of itself, one without a common
    user neither, and of equal ones the smaller item id is.

    Nothing is trained and features are not read. The embeddings are sparse
    and as wide as there are items: a user's row of the training matrix, an
    item's row of similarities.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        num_neighbors: Integer. All, where there are fewer. Defaults to
            `100`.
        shrinkage: Float, `0` or more. Defaults to `100.0`.

    Raises:
        ValueError: If `num_neighbors` is below 1 or `shrinkage` below 0.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["itemknn"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # SciPy, shapes (7, 9) and (9, 9)
    scores = (users @ items.T).toarray()
    ```

    Reference:
        Sarwar et al., "Item-Based Collaborative Filtering Recommendation
        Algorithms", WWW 2001; shrinkage and its range as in Ferrari Dacrema
        et al., "Are We Really Making Much Progress?", RecSys 2019.
    """

    trains = False
    ids_alone = True
    # The best of the range on the validation rows of these data.
    presets = {
        "baby": {"num_neighbors": 10_000, "shrinkage": 300.0},
        "sports": {"num_neighbors": 1000, "shrinkage": 1000.0},
        "lfm2k": {"num_neighbors": 100, "shrinkage": 3.0},
    }
    # Published up to 1000 neighbors; Baby has its best with all items.
    search_space = {
        "num_neighbors": [5, 10, 20, 50, 100, 200, 500, 1000, 10_000],
        "shrinkage": [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0],
    }

    def __init__(self, dataset, *, num_neighbors=100, shrinkage=100.0):
        super().__init__(dataset, embedding_dim=dataset.interactions.num_items)
        self.num_neighbors = num_neighbors
        self.shrinkage = shrinkage
        self.interactions = interaction_matrix(dataset.interactions)
        self.similarities = self.item_similarities(dataset)

    def item_similarities(self, dataset):
        """SciPy CSR matrix whose row `i` has the neighbors of item `i`."""
        return co_occurrence_similarities(
            self.interactions, self.num_neighbors, self.shrinkage
        )

    def embed(self, training=False):
        return self.interactions, self.similarities

    def embed_users(self, baskets):
        return baskets.matrix(np.ones(len(baskets.items)))

    def call(self, user_ids, training=False):
        users, items = self.embed()
        return dense_product(users[np.asarray(user_ids)], transposed(items))


def co_occurrence_similarities(
    interactions, num_neighbors, shrinkage, block_size=BLOCK_SIZE
):
    """`s_ij` of each item's most similar items.

    Args:
        interactions: SciPy CSR matrix of shape `(num_users, num_items)`.
        num_neighbors: Integer.
        shrinkage: Float.
        block_size: Integer. Items at one time. Defaults to `1024`.

    Returns:
        SciPy CSR matrix of shape `(num_items, num_items)`; row `i` has the
        neighbors of item `i`.
    """
    users_of_items = interactions.T.tocsr()
    degrees = np.diff(users_of_items.indptr).astype("float64")
    blocks = []
    for start in range(0, len(degrees), block_size):
        common = users_of_items[start : start + block_size] @ interactions
        common = common.tocoo()
        rows, columns = common.row, common.col
        products = degrees[rows + start] * degrees[columns]
        values = common.data / (np.sqrt(products) + shrinkage)
        others = rows + start != columns
        blocks.append(
            largest_of_rows(
                rows[others],
                columns[others],
                # Equal fractions are equal in float32, however they round.
                values[others].astype("float32"),
                num_neighbors,
                common.shape,
            )
        )
    return scipy.sparse.vstack(blocks, format="csr")


def largest_of_rows(rows, columns, values, k, shape):
    """The largest `k` entries of each row, equal ones by smaller column.

    Args:
        rows: Integer array of shape `(num_entries,)`.
        columns: Integer array of that shape.
        values: Float array of that shape.
        k: Integer.
        shape: Tuple, the matrix's.

    Returns:
        SciPy CSR matrix.
    """
    order = np.lexsort((columns, -values, rows))
    counts = np.bincount(rows, minlength=shape[0])
    starts = np.cumsum(counts) - counts
    places = np.arange(len(order)) - np.repeat(starts, counts)
    kept = order[places < k]
    return scipy.sparse.csr_matrix(
        (values[kept], (rows[kept], columns[kept])), shape=shape
    )
