"""The ranking of an evaluation where the embeddings are, on a GPU."""

import numpy as np
import tensorflow as tf

from camgr_tf.ops.blocks import block_starts
from camgr_tf.ops.blocks import equal_block_size
from camgr_tf.ops.blocks import join_blocks

# Scores that exist at one time: 64 million are 256 MB.
SCORES_AT_A_TIME = 64_000_000


def lives_on_gpu(*values):
    """Whether all of some embeddings are tensors in the memory of a GPU.

    Args:
        *values: Tensors, variables, arrays or SciPy sparse matrices.

    Returns:
        Boolean.
    """
    return all("GPU" in (getattr(v, "device", None) or "") for v in values)


class DeviceRanking:
    """Scores, mask and best items of users, in blocks of one shape.

    One compiled loop over the blocks: nothing but the lists leaves the
    device. Of equal scores the smaller item comes first.

    Args:
        masked: `camgr_tf.data.user_items.UserItems`. Items that are in no
            list of their user.
        user_ids: int array of shape `(num_rows,)`, the users that are
            ranked.
        num_items: Integer.
        k: Integer. Places of a list, at most `num_items`.
        scores_at_a_time: Integer. Bounds the memory. Defaults to
            `64_000_000`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.data.user_items import UserItems
    from camgr_tf.training.device_ranking import DeviceRanking

    bought = UserItems(np.array([(0, 1), (1, 0)]), num_users=2, num_items=3)
    ranking = DeviceRanking(bought, np.array([0, 1]), num_items=3, k=2)
    scores = np.array([[1.0, 9.0, 2.0], [9.0, 5.0, 5.0]], "float32")
    lists = ranking(scores, np.eye(3, dtype="float32"))
    assert lists.tolist() == [[2, 0], [1, 2]]
    ```
    """

    def __init__(
        self,
        masked,
        user_ids,
        num_items,
        k,
        scores_at_a_time=SCORES_AT_A_TIME,
    ):
        self.k = k
        self.num_rows = len(user_ids)
        largest = max(1, scores_at_a_time // num_items)
        self.block_size = equal_block_size(self.num_rows, largest)
        starts = block_starts(self.num_rows, self.block_size)
        rows, items = masked.pairs(user_ids)
        ends = np.searchsorted(rows, starts + self.block_size)
        self._user_ids = tf.constant(user_ids, "int32")
        self._masked = tf.constant(np.stack([rows, items], 1), "int64")
        # Bounds of slices are read by the processor.
        with tf.device("CPU:0"):
            self._starts = tf.constant(starts, "int64")
            self._firsts = tf.constant(np.searchsorted(rows, starts), "int64")
            self._ends = tf.constant(ends, "int64")
        self._rank = tf.function(self._rank_blocks)

    def __call__(self, user_embeddings, item_embeddings):
        """The best items of each user.

        Args:
            user_embeddings: Float tensor of shape `(num_users, dim)`.
            item_embeddings: Float tensor of shape `(num_items, dim)`.

        Returns:
            int32 array of shape `(num_rows, k)`, best first; -1 fills the
            lists of users with fewer items that are not masked.
        """
        users, items = (
            tf.cast(tf.convert_to_tensor(v), "float32")
            for v in (user_embeddings, item_embeddings)
        )
        return self._rank(users, items).numpy()

    def _rank_blocks(self, users, items):
        users = tf.gather(users, self._user_ids)

        def add_block(block, blocks):
            with tf.device("CPU:0"):
                begin = tf.stack([self._starts[block], 0])
                first, end = self._firsts[block], self._ends[block]
            rows = tf.slice(users, begin, [self.block_size, -1])
            places = self._masked[first:end] - begin
            best = self._rank_block(rows, items, places)
            return block + 1, blocks.write(block, best)

        num_blocks = self._starts.shape[0]
        shape = (self.block_size, self.k)
        blocks = tf.TensorArray("int32", num_blocks, element_shape=shape)
        _, blocks = tf.while_loop(
            lambda block, _: block < num_blocks,
            add_block,
            (tf.constant(0), blocks),
            parallel_iterations=1,
        )
        return join_blocks(blocks.concat(), self.num_rows, self.block_size)

    def _rank_block(self, rows, items, places):
        """Lists of shape `(block_size, k)`; `places` are row and item."""
        scores = tf.matmul(rows, items, transpose_b=True)
        # A masked item stands below all others, also below an overflow.
        scores = tf.maximum(scores, scores.dtype.min)
        hidden = tf.fill(tf.shape(places)[:1], -np.float32(np.inf))
        scores = tf.tensor_scatter_nd_update(scores, places, hidden)
        values, best = tf.math.top_k(scores, self.k)
        return tf.where(tf.math.is_inf(values) & (values < 0), -1, best)
