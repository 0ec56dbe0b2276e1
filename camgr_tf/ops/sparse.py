import tensorflow as tf

from camgr_tf.device import device_options
from camgr_tf.device import has_gpu
from camgr_tf.ops.blocks import block_starts
from camgr_tf.ops.blocks import equal_block_size
from camgr_tf.ops.blocks import join_blocks
from camgr_tf.ops.segment import segment_sum

# Edges whose two ends are gathered at one time: rows of 64 floats are 2 MB
# an end, which stay in the processor's cache until they are multiplied.
EDGES_AT_A_TIME = 8192


class DeferredProduct:
    """A graph that finds its products with states in a way of its own."""

    def product(self, states):
        """The product of the graph and states, as `sparse_matmul` gives it."""
        raise NotImplementedError


def sparse_matmul(adjacency, states):
    """Product of a constant sparse matrix and a dense matrix, `A X`.

    The backward is the product with the transpose, `A^T G`, which
    `Adjacency` keeps ready. Both directions run on TensorFlow's CSR kernels,
    four to five times as fast on a CPU as `tf.sparse.sparse_dense_matmul`.

    Args:
        adjacency: `Adjacency` of shape `(num_targets, num_sources)`, or a
            `DeferredProduct`.
        states: Float tensor of shape `(num_sources, dim)`.

    Returns:
        Tensor of shape `(num_targets, dim)`.
    """
    if isinstance(adjacency, DeferredProduct):
        return adjacency.product(states)

    @tf.custom_gradient
    def product(x):
        def backward(upstream):
            return _csr_matmul(
                adjacency.transposed, adjacency.transposed.values, upstream
            )

        return _csr_matmul(adjacency.tensor, adjacency.tensor.values, x), (
            backward
        )

    states = tf.convert_to_tensor(states)
    dtype = states.dtype
    result = product(tf.cast(states, "float32"))
    return tf.cast(result, dtype)


def weighted_matmul(adjacency, edge_weights, states):
    """Product of a sparse matrix with trainable values and a dense matrix.

    ```
    result_t = sum_{e = (t, s)} w_e x_s
    ```

    with gradients for `edge_weights` and `states`.

    Args:
        adjacency: `Adjacency`. Gives the places; its values are not used.
        edge_weights: Float tensor of shape `(num_edges,)` in the order of
            `adjacency.targets` and `adjacency.sources`.
        states: Float tensor of shape `(num_sources, dim)`.

    Returns:
        Tensor of shape `(num_targets, dim)`. A target without edges gets
        zeros.
    """

    @tf.custom_gradient
    def product(weights, x):
        def backward(upstream):
            transposed_weights = tf.gather(weights, adjacency.permutation)
            weights_gradient = _edge_products(adjacency, upstream, x)
            states_gradient = _csr_matmul(
                adjacency.transposed, transposed_weights, upstream
            )
            return weights_gradient, states_gradient

        return _csr_matmul(adjacency.tensor, weights, x), backward

    return product(
        tf.convert_to_tensor(edge_weights), tf.convert_to_tensor(states)
    )


def edge_products(adjacency, target_states, source_states):
    """Product of the two ends of each edge, `x_t . y_s`.

    The counterpart of `weighted_matmul`. Its backward is two sparse products,
    several times as fast on a CPU as the row-wise sums that gathers bring.

    Args:
        adjacency: `Adjacency`. Gives the places; its values are not used.
        target_states: Float tensor of shape `(num_targets, dim)`.
        source_states: Float tensor of shape `(num_sources, dim)`.

    Returns:
        Tensor of shape `(num_edges,)` in the order of `adjacency.targets`
        and `adjacency.sources`.
    """

    @tf.custom_gradient
    def product(x, y):
        def backward(upstream):
            transposed_upstream = tf.gather(upstream, adjacency.permutation)
            return (
                _csr_matmul(adjacency.tensor, upstream, y),
                _csr_matmul(adjacency.transposed, transposed_upstream, x),
            )

        return _edge_products(adjacency, x, y), backward

    return product(
        tf.convert_to_tensor(target_states),
        tf.convert_to_tensor(source_states),
    )


def propagate(adjacency, states, num_layers, rows=None):
    """Mean of a state and its repeated neighborhood averages (LightGCN).

    ```
    (X + A X + ... + A^L X) / (L + 1)
    ```

    Args:
        adjacency: `Adjacency` of shape `(num_nodes, num_nodes)`.
        states: Float tensor of shape `(num_nodes, dim)`.
        num_layers: Integer. The `L` of the formula; `0` returns `states`.
        rows: int32 tensor of shape `(num_rows,)`, the nodes whose mean is
            wanted. Defaults to `None`: all.

    Returns:
        Tensor of shape `(num_nodes, dim)`, or `(num_rows, dim)`.

    Reference:
        He et al., "LightGCN", SIGIR 2020; layer mean as in eq. 9 of CAmgr.
    """
    layers = [tf.convert_to_tensor(states)]
    for _ in range(num_layers):
        layers.append(sparse_matmul(adjacency, layers[-1]))
    return layer_mean(layers, rows)


def layer_mean(layers, rows=None):
    """Mean over the layers of a graph, of all nodes or of some.

    Args:
        layers: List of float tensors of shape `(num_nodes, dim)`.
        rows: int32 tensor of shape `(num_rows,)`, the nodes whose mean is
            wanted. Defaults to `None`: all.

    Returns:
        Tensor of shape `(num_nodes, dim)`, or `(num_rows, dim)`.

    Reference:
        Eq. 9.
    """
    total = tf.add_n(layers)
    # Divided last: a batch has a quarter of the nodes, forth and back.
    if rows is not None:
        total = tf.gather(total, rows)
    return total / len(layers)


def _csr_matmul(sparse, values, dense):
    if has_gpu() and device_options()["deterministic"]:
        result = _summed_matmul(sparse, values, dense)
    else:
        # The conversion costs about a tenth of the product; grappler shares
        # it between equal calls of one graph. A CSR matrix kept from outside
        # the graph is refused: a captured variant carries no shape.
        matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
            indices=sparse.indices,
            values=values,
            dense_shape=sparse.dense_shape,
        )
        result = tf.raw_ops.SparseMatrixMatMul(a=matrix, b=dense)
    result.set_shape([sparse.shape[0], dense.shape[1]])
    return result


def _summed_matmul(sparse, values, dense):
    # Where TensorFlow is deterministic, this sum has one order. cuSPARSE's
    # product, which TensorFlow neither replaces nor warns of, has none: rows
    # of many edges are divided among threads. It takes `(num_edges, dim)`.
    targets, sources = tf.unstack(sparse.indices, axis=1)
    messages = values[:, None] * tf.gather(dense, sources)
    return segment_sum(messages, targets, sparse.dense_shape[0])


def _edge_products(adjacency, x, y):
    def products(targets, sources):
        return tf.reduce_sum(tf.gather(x, targets) * tf.gather(y, sources), 1)

    num_edges = adjacency.num_edges
    if num_edges <= EDGES_AT_A_TIME:
        return products(adjacency.targets, adjacency.sources)
    size = equal_block_size(num_edges, EDGES_AT_A_TIME)
    starts = tf.constant(block_starts(num_edges, size))

    def add_block(block, blocks):
        start = starts[block]
        targets = tf.slice(adjacency.targets, [start], [size])
        sources = tf.slice(adjacency.sources, [start], [size])
        return block + 1, blocks.write(block, products(targets, sources))

    num_blocks = starts.shape[0]
    _, blocks = tf.while_loop(
        lambda block, _: block < num_blocks,
        add_block,
        (tf.constant(0), tf.TensorArray(x.dtype, size=num_blocks)),
        parallel_iterations=1,
    )
    return join_blocks(blocks.concat(), num_edges, size)
