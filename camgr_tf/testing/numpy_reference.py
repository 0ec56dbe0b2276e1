"""The method's equations in NumPy, node by node: the oracle of the tests.

Written from the paper, with loops where the package has products, in float64
and apart from the package's code. Nodes are rows, users first. `weights` is
what `named_weights` returns.
"""

import math

import numpy as np


def named_weights(layer):
    """Weights by their path within the layer, such as `gate/kernel`.

    A layer's own weights keep its name before theirs.

    Args:
        layer: Built Keras layer.

    Returns:
        Dictionary from a string to a float64 array.
    """
    named = {}
    for weight in layer.weights:
        parts = weight.path.split("/")
        if "seed_generator" not in weight.path:
            name = "/".join(parts[1:] if len(parts) > 2 else parts)
            named[name] = np.float64(weight.numpy())
    return named


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return 1.0 / (1.0 + np.exp(-x))


def softmax(logits):
    """Softmax over the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def linear(weights, name, x):
    """`x W + b` with the weights `name/kernel` and `name/bias`."""
    return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def behavior(user_table, item_table, train, left_out=()):
    """Item embedding plus the mean embedding of the item's users (eq. 2-4).

    Args:
        user_table: Array of shape `(num_users, dim)`.
        item_table: Array of shape `(num_items, dim)`.
        train: Sequence of pairs `(user, item)`.
        left_out: Collection of pairs that are not averaged. Defaults to
            `()`.

    Returns:
        Array of shape `(num_items, dim)`.
    """
    result = item_table.astype("float64")
    for item in range(len(item_table)):
        buyers = [
            user
            for user, bought in train
            if bought == item and (user, item) not in left_out
        ]
        for user in buyers:
            result[item] += user_table[user] / len(buyers)
    return result


def purify(weights, features, behavior):
    """Eq. 1, 5 and 6."""
    aligned = linear(weights, "align", features.astype("float64"))
    return behavior * sigmoid(linear(weights, "gate", aligned))


def graph_attention(states, neighbors, kernel, attention, activation, slope):
    """Eq. 7 and 8 with `attention` of shape `(2 units,)`, target end first."""
    states = states.astype("float64") @ kernel
    result = np.zeros_like(states)
    for node, around in enumerate(neighbors):
        if not around:
            continue
        logits = np.array(
            [
                attention @ np.concatenate([states[node], states[other]])
                for other in around
            ]
        )
        alphas = softmax(np.where(logits > 0, logits, slope * logits))
        result[node] = sum(a * states[o] for a, o in zip(alphas, around))
    return activation(result)


def semantic_graph(features, num_neighbors):
    """Eq. 10-12, dense, rows normalized by their sums."""
    features = features.astype("float64")
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    similarities = unit @ unit.T
    graph = np.zeros_like(similarities)
    for item, row in enumerate(similarities):
        kept = np.argsort(-row, kind="stable")[:num_neighbors]
        graph[item, kept] = np.maximum(row[kept], 0.0)
    return graph / graph.sum(axis=1, keepdims=True)


def semantic_convolution(
    graph, states, num_users, train, left_out=(), aggregation="row"
):
    """Eq. 13 and 14, users first.

    Args:
        graph: Array of shape `(num_items, num_items)`.
        states: Array of shape `(num_items, dim)`.
        num_users: Integer.
        train: Sequence of pairs `(user, item)`.
        left_out: Collection of pairs that are not averaged. Defaults to
            `()`.
        aggregation: String. `"row"` divides by the number of items that are
            averaged (eq. 14), `"symmetric"` by the root of the number of all
            the user's items times the item's number of users. Defaults to
            `"row"`.

    Returns:
        Array of shape `(num_users + num_items, dim)`.
    """
    items = graph @ states
    users = np.zeros((num_users, states.shape[1]))
    for user in range(num_users):
        bought = [item for buyer, item in train if buyer == user]
        averaged = [item for item in bought if (user, item) not in left_out]
        for item in averaged:
            divisor = len(averaged)
            if aggregation == "symmetric":
                buyers = sum(other == item for _, other in train)
                divisor = np.sqrt(len(bought) * buyers)
            users[user] += items[item] / divisor
    return np.concatenate([users, items])


def cross_attention(
    attention,
    queries,
    keys,
    values,
    own,
    query_token,
    scale,
    num_heads,
    shares=None,
):
    """Eq. 18 in one reading, for the nodes `own`.

    Args:
        attention: String: `"channel"`, `"normalized"` (the same with
            cosines), `"nodes"`, `"batch"` (the nodes `own` alone),
            `"heads"`, `"modalities"`, `"preference"` (with the ID states in
            `queries`) or `"zero"`.
        queries: Array of shape `(num_nodes, dim)`.
        keys: List of arrays of shape `(num_nodes, dim)`.
        values: List of arrays of shape `(num_nodes, dim)`.
        own: Integer array. The nodes whose result is wanted.
        query_token: Tuple `(key, value)` of the querying modality.
        scale: Float, the learned factor on cosine logits, or `None` for
            plain products over the root of the width.
        num_heads: Integer.
        shares: Array of shape `(len(keys),)`. Multiplies what is normalized
            over modalities, of which `query_token` is then none. Defaults to
            `None`.

    Returns:
        Array of shape `(len(own), dim)`.
    """
    dim = queries.shape[1]
    root = math.sqrt(dim)
    if attention == "zero":
        return np.zeros((len(own), dim))
    if attention in ("channel", "normalized"):
        # The paper's layout: nodes in columns, (dim, num_nodes).
        q, k, v = queries.T, keys[0].T, values[0].T
        if attention == "normalized":
            q = q / np.linalg.norm(q, axis=1, keepdims=True)
            k = k / np.linalg.norm(k, axis=1, keepdims=True)
            logits = scale * (q @ k.T)
        else:
            logits = q @ k.T / root
        return (softmax(logits) @ v).T[own]
    result = np.zeros((len(own), dim))
    for place, node in enumerate(own):
        query = queries[node]
        if attention == "heads":
            width = dim // num_heads
            q = query.reshape(num_heads, width)
            k = keys[0][node].reshape(num_heads, width)
            v = values[0][node].reshape(num_heads, width)
            mixed = softmax(q @ k.T / math.sqrt(width)) @ v
            result[place] = mixed.ravel()
            continue
        if attention in ("modalities", "preference"):
            k = np.stack([key[node] for key in keys])
            v = np.stack([value[node] for value in values])
            if shares is None:
                k = np.concatenate([query_token[0][node][None], k])
                v = np.concatenate([query_token[1][node][None], v])
        else:
            among = own if attention == "batch" else np.arange(len(queries))
            k, v = keys[0][among], values[0][among]
        logits = k @ query / root
        if scale is not None:
            lengths = np.linalg.norm(k, axis=1) * np.linalg.norm(query)
            # Without a direction (a user all of whose items are left out),
            # nothing resembles anything.
            logits = scale * (k @ query) / np.maximum(lengths, 1e-12)
        chosen = np.exp(logits - logits.max())
        if shares is not None and attention in ("modalities", "preference"):
            chosen = shares * chosen
        result[place] = chosen / chosen.sum() @ v
    return result


def fuse(
    weights,
    query,
    keys,
    node_states,
    attention,
    shares=None,
    rows=None,
    num_heads=8,
    scale=None,
    dropped=None,
):
    """Common and distinct part of eq. 26, from eq. 15-26.

    Args:
        weights: Dictionary, of a fusion layer. A matrix that it has none of
            is the identity, and an MLP is left out.
        query: Array of shape `(num_nodes, dim)`.
        keys: List of arrays of shape `(num_nodes, dim)`.
        node_states: Array of shape `(num_nodes, dim)`.
        attention: String, as for `cross_attention`.
        shares: Array of shape `(len(keys),)`, of sum one. Defaults to
            `None`: equal.
        rows: Integer array, the nodes whose result is wanted. Defaults to
            `None`: all.
        num_heads: Integer. Defaults to `8`.
        scale: Float, the factor on cosine logits. Defaults to `None`: plain
            products over the root of the width.
        dropped: Function of a branch's name and an array that returns what
            dropout leaves of it. Defaults to `None`: all.

    Returns:
        Tuple of arrays of shape `(num_rows, dim)`.
    """
    own = np.arange(len(query)) if rows is None else np.asarray(rows)
    parts_of = np.full(len(keys), 1 / len(keys)) if shares is None else shares
    groups = [([key], [1.0], part) for key, part in zip(keys, parts_of)]
    if attention in ("modalities", "preference"):
        groups = [(keys, parts_of, 1.0)]
    parts = []
    for branch in ("common", "distinct"):
        q = _project(weights, branch, "query", query)
        branch_query = q
        if attention == "preference":
            branch_query = _project(weights, branch, "query", node_states)
        gate = sigmoid(linear(weights, f"{branch}_gate", node_states[own]))
        total = 0.0
        for group, within, part in groups:
            values = [_project(weights, branch, "value", key) for key in group]
            attended = cross_attention(
                attention,
                branch_query,
                [_project(weights, branch, "key", key) for key in group],
                values,
                own,
                (
                    _project(weights, branch, "key", query),
                    _project(weights, branch, "value", query),
                ),
                scale,
                num_heads,
                shares,
            )
            if branch == "distinct":
                value = sum(w * v for w, v in zip(within, values))
                attended = value[own] - attended
            if dropped is not None:
                attended = dropped(branch, attended)
            x = _project(weights, branch, "output", attended) + q[own]
            if f"{branch}_mlp/last/kernel" in weights:
                x = x + _mlp(weights, branch, x)
            total = total + part * x * gate
        parts.append(total / 2)
    return tuple(parts)


def info_nce(queries, keys, temperature, own=None, normalize=True):
    """Eq. 30 for cosine similarities or plain products, mean over the rows.

    `own` holds the row of each query's own key; by default the same row.
    """
    if normalize:
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
    weights = softmax(queries @ keys.T / temperature)
    rows = np.arange(len(queries))
    return -np.mean(np.log(weights[rows, rows if own is None else own]))


def _project(weights, branch, name, x):
    """`Linear` of eq. 15-22, the branch's own, the one, or the identity."""
    for found in (f"{branch}_{name}", name):
        if f"{found}/kernel" in weights:
            return linear(weights, found, x)
    return x


def _mlp(weights, branch, x):
    """`MLP(LN(x))` of eq. 20 and 23."""
    mlp = f"{branch}_mlp"
    mean = x.mean(axis=1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    x = (x - mean) / np.sqrt(variance + 1e-5)
    x = x * weights[f"{mlp}/norm/gamma"] + weights[f"{mlp}/norm/beta"]
    hidden = np.maximum(linear(weights, f"{mlp}/hidden", x), 0.0)
    return linear(weights, f"{mlp}/last", hidden)
