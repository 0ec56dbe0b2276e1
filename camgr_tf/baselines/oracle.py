"""Dense NumPy forms that the tests of the baselines are checked against.

Written from the formulas in float64, with nothing of the package in them.
"""

import numpy as np


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
