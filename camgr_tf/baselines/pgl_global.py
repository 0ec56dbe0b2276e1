import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from camgr_tf.baselines.pgl import PGL
from camgr_tf.graphs import interaction_matrix
from camgr_tf.graphs import symmetric_normalize
from camgr_tf.ops import Adjacency

NUM_TRIPLETS = 32
# Of the triplets: the largest are kept, weighted by the smallest too.
KEPT_SHARE = 0.25
SMALLEST_ENTRY = 1e-3
BLOCK_ENTRIES = 16_000_000


class PGLGlobal(PGL):
    """PGL trained on the largest singular vectors of the user-item graph.

    ```
    R = D_u^-1/2 A D_i^-1/2 ~ sum over p = 1..32 of t_p a_p b_p^T
    M = sum over p = 1..8 of t_p t_{24+p} a_p b_p^T   without |entries| < .001
    A = [[0, M], [M^T, 0]]                            in training
    ```

    The authors' "global" mode; everything else is `PGL`'s. The graph is
    constant and not normalized, and has pairs that are no interactions. The
    released code takes 64 triplets of the square graph, which come in equal
    pairs of these 32; no matrix of users by items exists as a whole.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["pgl_global"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # shapes (7, 128) and (9, 128)
    ```

    Reference:
        Yu et al., "Mind Individual Information! Principal Graph Learning for
        Multimedia Recommendation", AAAI 2025, as released.
    """

    presets = {"baby": {"dropout": 0.2, "contrastive_weight": 0.05}}

    def build_training_graph(self, interactions):
        matrix = principal_matrix(
            symmetric_normalize(interaction_matrix(interactions))
        )
        self.principal_graph = Adjacency(
            scipy.sparse.block_array([[None, matrix], [matrix.T, None]])
        )

    def training_graph(self):
        return self.principal_graph

    def begin_epoch(self, epoch=0):
        """Does nothing: the graph is the same in all epochs."""


def principal_matrix(matrix, num_triplets=NUM_TRIPLETS):
    """`M`: the top quarter of the largest singular triplets.

    Args:
        matrix: SciPy sparse matrix of shape `(num_users, num_items)`.
        num_triplets: Integer. Where the matrix has fewer, all are taken.
            Defaults to `32`.

    Returns:
        SciPy CSR matrix of that shape.
    """
    left, values, right = _largest_triplets(matrix, num_triplets)
    kept = max(1, int(KEPT_SHARE * len(values)))
    scales = values[:kept] * values[len(values) - kept :]
    left, right = left[:, :kept] * scales, right[:kept]
    size = max(1, BLOCK_ENTRIES // matrix.shape[1])
    blocks = []
    for start in range(0, len(left), size):
        block = left[start : start + size] @ right
        block[np.abs(block) < SMALLEST_ENTRY] = 0.0
        blocks.append(scipy.sparse.csr_matrix(block))
    return scipy.sparse.vstack(blocks, format="csr")


def _largest_triplets(matrix, num_triplets):
    """Singular vectors and values, the largest first."""
    if min(matrix.shape) <= num_triplets:
        left, values, right = np.linalg.svd(
            matrix.toarray(), full_matrices=False
        )
        return left, values, right
    # A start of its own: the default is drawn from an unseeded generator.
    start = np.random.default_rng(0).normal(size=min(matrix.shape))
    left, values, right = scipy.sparse.linalg.svds(
        matrix, k=num_triplets, v0=start
    )
    order = np.argsort(-values)
    return left[:, order], values[order], right[order]
