"""The readings of eq. 18 and 21, `softmax(Q K^T / sqrt(d_k)) V`.

The paper keeps nodes in columns: `Q`, `K` and `V` have shape `(d, N)`, so `Q
K^T` is `(d, d)` and attention runs over channels. Other readings run over
nodes, over groups of channels within a node, or over a node's modalities.
Here nodes are rows. Eq. 18 and 21 print no `V`; eq. 22 subtracts the result
from `V`, which fixes its place and shape.
"""

import math

import tensorflow as tf
from keras import ops

from camgr_tf.ops.normalize import l2_normalize


def channel_attention(queries, keys, values, logit_scale, normalize=False):
    """Attention over channels: `CA_n = A v_n` with one `A` for all nodes.

    ```
    A = softmax( logit_scale Q^T K )           (d, d), rows sum to one
    ```

    Linear in the number of nodes.

    Args:
        queries: Float tensor of shape `(num_nodes, dim)`, all nodes.
        keys: Float tensor of shape `(num_nodes, dim)`, all nodes.
        values: Float tensor of shape `(num_rows, dim)`, any nodes.
        logit_scale: Scalar. `1 / sqrt(d_k)` in the paper.
        normalize: Boolean. Scales each channel of `queries` and `keys` to
            unit length over the nodes, as cross-covariance attention does:
            the logits are then cosines, whatever the number of nodes.
            Defaults to `False`.

    Returns:
        Tensor of shape `(num_rows, dim)`.

    Reference:
        Eq. 18; El-Nouby et al., "XCiT", NeurIPS 2021 for `normalize`.
    """
    queries, keys = ops.transpose(queries), ops.transpose(keys)  # (dim, N)
    if normalize:
        queries, keys = l2_normalize(queries), l2_normalize(keys)
    return _mix_channels(logit_scale * (queries @ ops.transpose(keys)), values)


def projected_channel_attention(
    queries, keys, query_layer, key_layer, values, logit_scale
):
    """`channel_attention` of projected nodes, without projecting them.

    ```
    (X W + 1 b^T)^T (Y U + 1 c^T)
        = W^T (X^T Y) U + (W^T X^T 1) c^T + b (1^T Y U + N c^T)
    ```

    One product over all nodes in place of three, and two in place of six in
    the backward.

    Args:
        queries: Float tensor `X` of shape `(num_nodes, input_dim)`.
        keys: Float tensor `Y` of shape `(num_nodes, input_dim)`.
        query_layer: `keras.layers.Dense` without activation, `W` and `b`.
        key_layer: `keras.layers.Dense` without activation, `U` and `c`.
        values: Float tensor of shape `(num_rows, dim)`, any nodes.
        logit_scale: Scalar. `1 / sqrt(d_k)` in the paper.

    Returns:
        Tensor of shape `(num_rows, dim)`.

    Reference:
        Eq. 15, 16 and 18.
    """
    num_nodes = ops.cast(ops.shape(keys)[0], keys.dtype)
    query_kernel = ops.transpose(query_layer.kernel)  # (dim, input_dim)
    key_kernel = ops.convert_to_tensor(key_layer.kernel)
    query_sums = query_kernel @ ops.sum(queries, axis=0)[:, None]  # (dim, 1)
    key_sums = ops.sum(keys, axis=0)[None] @ key_kernel  # (1, dim)
    products = (
        query_kernel @ (ops.transpose(queries) @ keys) @ key_kernel
        + query_sums * key_layer.bias
        + query_layer.bias[:, None] * (key_sums + num_nodes * key_layer.bias)
    )
    return _mix_channels(logit_scale * products, values)


def _mix_channels(logits, values):
    return values @ ops.transpose(ops.softmax(logits, axis=-1))


def node_attention(queries, keys, values, logit_scale, block_size=512):
    """Attention of nodes over nodes, exact, in blocks of queries.

    A block's weights, `(block_size, num_keys)`, are computed again in the
    backward pass, so that memory does not grow with the number of queries.

    Args:
        queries: Float tensor of shape `(num_rows, dim)`.
        keys: Float tensor of shape `(num_keys, dim)`.
        values: Float tensor of shape `(num_keys, dim)`.
        logit_scale: Scalar.
        block_size: Integer. Queries computed at one time. Defaults to `512`.

    Returns:
        Tensor of shape `(num_rows, dim)`.
    """

    scale = ops.convert_to_tensor(logit_scale, queries.dtype)

    @tf.recompute_grad
    def attend(block, keys, values, scale):
        weights = ops.softmax(scale * (block @ ops.transpose(keys)), axis=-1)
        return weights @ values

    num_rows, dim = ops.shape(queries)[0], queries.shape[1]
    padding = (-num_rows) % block_size
    padded = ops.pad(queries, [[0, padding], [0, 0]])
    results = tf.map_fn(
        lambda block: attend(block, keys, values, scale),
        ops.reshape(padded, (-1, block_size, dim)),
        parallel_iterations=1,
    )
    return ops.reshape(results, (-1, values.shape[1]))[:num_rows]


def head_attention(queries, keys, values, logit_scale, num_heads=8):
    """Attention within each node, over groups of its channels.

    A node's `dim` channels are cut into `num_heads` tokens, which attend to
    each other.

    Args:
        queries: Float tensor of shape `(num_rows, dim)`.
        keys: Float tensor of shape `(num_rows, dim)`.
        values: Float tensor of shape `(num_rows, dim)`.
        logit_scale: Scalar.
        num_heads: Integer. Number of tokens; divides `dim`. Defaults to `8`.

    Returns:
        Tensor of shape `(num_rows, dim)`.
    """
    dim = values.shape[-1]
    tokens = (-1, num_heads, dim // num_heads)
    queries = ops.reshape(queries, tokens)
    keys = ops.reshape(keys, tokens)
    logits = logit_scale * (queries @ ops.transpose(keys, (0, 2, 1)))
    weights = ops.softmax(logits, axis=-1)  # (num_rows, num_heads, num_heads)
    return ops.reshape(weights @ ops.reshape(values, tokens), (-1, dim))


def modality_attention(
    queries, keys, values, logit_scale, normalize=False, shares=None
):
    """Attention of each node over its modalities.

    ```
    CA_n = sum_m a_nm v_nm,  a_nm ~ shares_m exp( logit_scale q_n . k_nm )
    ```

    Args:
        queries: Float tensor of shape `(num_rows, dim)`.
        keys: Float tensor of shape `(num_rows, num_modalities, dim)`.
        values: Float tensor of shape `(num_rows, num_modalities, dim)`.
        logit_scale: Scalar.
        normalize: Boolean. Scales queries and keys to unit length, so that
            logits are cosines, however short the states of a node are.
            Defaults to `False`.
        shares: Float tensor of shape `(num_modalities,)`, positive: the
            weights of a node whose logits are equal. Defaults to `None`:
            equal.

    Returns:
        Tensor of shape `(num_rows, dim)`.
    """
    if normalize:
        queries, keys = l2_normalize(queries), l2_normalize(keys)
    logits = logit_scale * ops.sum(queries[:, None, :] * keys, axis=-1)
    if shares is not None:
        logits = logits + ops.log(shares)
    weights = ops.softmax(logits, axis=-1)  # (num_rows, num_modalities)
    return ops.sum(weights[:, :, None] * values, axis=1)


def paper_logit_scale(dim):
    """`1 / sqrt(d_k)` of eq. 18 and 21."""
    return 1.0 / math.sqrt(dim)
