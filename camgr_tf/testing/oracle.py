"""Dense NumPy forms that the tests of the baselines are checked against.

Written from the formulas in float64, with nothing of the package in them.
"""

import numpy as np
import tensorflow as tf


def bipartite(interactions):
    """The 0/1 training matrix and the graph of users and items, dense.

    Args:
        interactions: `camgr_tf.data.Interactions`.

    Returns:
        Tuple of `R`, `(num_users, num_items)`, and `A`, users first.
    """
    num_users, num_items = interactions.num_users, interactions.num_items
    matrix = np.zeros((num_users, num_items))
    for user, item in interactions.train:
        matrix[user, item] = 1.0
    graph = np.zeros((num_users + num_items,) * 2)
    graph[:num_users, num_users:] = matrix
    graph[num_users:, :num_users] = matrix.T
    return matrix, graph


def symmetric(graph):
    """`D^-1/2 A D^-1/2`, entry by entry; isolated nodes keep zeros."""
    degrees = graph.sum(axis=1)
    result = np.zeros_like(graph)
    for row, column in zip(*np.nonzero(graph)):
        result[row, column] = graph[row, column] / np.sqrt(
            degrees[row] * degrees[column]
        )
    return result


def lightgcn(graph, states, num_layers):
    """Mean of `states` and its `num_layers` products with `graph`."""
    layers = [states]
    for _ in range(num_layers):
        layers.append(graph @ layers[-1])
    return np.mean(layers, axis=0)


def similar_items(features, num_neighbors):
    """Top cosines of each row, self included, over roots of row sums."""
    features = np.asarray(features, "float64")
    cosines = unit_rows(features) @ unit_rows(features).T
    kept = np.zeros_like(cosines)
    for row, values in enumerate(cosines):
        for column in np.argsort(-values)[:num_neighbors]:
            kept[row, column] = max(values[column], 0.0)
    sums = kept.sum(axis=1)
    return kept / np.sqrt(np.outer(sums, sums))


def unit_rows(matrix):
    """Rows divided by their length."""
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return 1.0 / (1.0 + np.exp(-x))


def dense(layer):
    """A Keras `Dense` without its activation, as a NumPy function."""
    kernel, *bias = (np.asarray(w, "float64") for w in layer.get_weights())
    return lambda x: x @ kernel + (bias[0] if bias else 0.0)


def bpr(users, positive_items, negative_items):
    """`-mean log sigmoid(p - n)` of matching rows."""
    margins = np.sum(users * (positive_items - negative_items), axis=1)
    return -np.mean(np.log(sigmoid(margins)))


def frobenius(*matrices):
    """Sum of unsquared Frobenius norms over the rows of the last matrix."""
    norms = [np.sqrt(np.sum(matrix**2)) for matrix in matrices]
    return sum(norms) / len(matrices[-1])


def half(batch_size, *matrices):
    """Half the sum of squares over the configured batch size."""
    return sum(np.sum(m**2) for m in matrices) / (2 * batch_size)


def contrast(queries, keys, temperature):
    """Cross entropy of cosines, each query against all keys."""
    logits = unit_rows(queries) @ unit_rows(keys).T / temperature
    own = np.diag(logits)
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - own)


def blended(features, num_neighbors, first_weight):
    """Means over the most similar rows, self included, of all modalities."""
    weights = [1.0]
    if len(features) > 1:
        rest = (1.0 - first_weight) / (len(features) - 1)
        weights = [first_weight] + [rest] * (len(features) - 1)
    result = 0.0
    for weight, values in zip(weights, features.values()):
        rows = unit_rows(np.asarray(values, "float64"))
        for row, cosines in enumerate(rows @ rows.T):
            mean = np.zeros((len(rows), len(rows)))
            mean[row, np.argsort(-cosines)[:num_neighbors]] = 1 / num_neighbors
            result = result + weight * mean
    return result


def sampled(edge_sampling):
    """The graph of an `EdgeSampling`: its edges, weighted anew."""
    num_nodes = edge_sampling.num_nodes
    graph = np.zeros((num_nodes, num_nodes))
    for row, column in np.asarray(edge_sampling.indices):
        graph[row, column] = 1.0
    return symmetric(graph)


def read(variable):
    """The value of a weight, in float64."""
    return np.asarray(variable, "float64")


def affine(layer, read=read):
    """A Keras `Dense` without its activation, its weights as read."""
    bias = 0.0 if layer.bias is None else read(layer.bias)
    return lambda x: x @ read(layer.kernel) + bias


def assert_gradients(variables, loss, expected_loss, atol=1e-5):
    """Compares gradients with slopes of an oracle in float64.

    Args:
        variables: List of `keras.Variable`.
        loss: Function without arguments that returns a scalar tensor.
        expected_loss: Function from a function such as `read` to a float.
        atol: Float. Of a slope along a direction of length 1. Defaults to
            `1e-5`.
    """
    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [v.value for v in variables])
    rng = np.random.default_rng(0)
    for variable, gradient in zip(variables, gradients):
        direction = rng.normal(size=variable.shape)
        direction /= np.linalg.norm(direction)

        def moved(step, variable=variable, direction=direction):
            def read_moved(v):
                return read(v) + (step * direction if v is variable else 0.0)

            return expected_loss(read_moved)

        expected = (moved(1e-5) - moved(-1e-5)) / 2e-5
        found = np.sum(tf.convert_to_tensor(gradient).numpy() * direction)
        assert abs(found - expected) < atol, (variable.path, found, expected)
